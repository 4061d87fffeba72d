#!/bin/bash
# Unpacks PostgreSQL and pgvector from Debian's or Ubuntu's packages into a private folder, with their own
# loader and libraries. Needs no root, installs nothing system-wide, and can be run many times.
# usage: private.sh PREFIX        prints the folder that contains initdb and postgres
set -euo pipefail

prefix=$1
newest_bin() { find "$1/root/usr/lib/postgresql" -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1; }

if [ -f "$prefix/ready" ]; then newest_bin "$prefix"; exit 0; fi
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
  echo 'this is not Debian or Ubuntu: there is no apt-get' >&2
  exit 1
}

# Built beside its final place and renamed at the end, so that a second run at the same time cannot see half a folder.
mkdir -p "$(dirname "$prefix")"
work=$(mktemp -d "$prefix.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
apt=$work/apt
mkdir -p "$apt"/{parts,sources,lists/partial,cache/archives/partial} "$work"/{debs,root}

# The system's own settings (proxies, credentials) stay, but not its hooks: they clean the system's cache.
for file in /etc/apt/apt.conf.d/*; do
  if [ -f "$file" ] && ! grep -q 'Post-Invoke\|Pre-Install-Pkgs' "$file"; then cp "$file" "$apt/parts/"; fi
done

# Debian 12 has no PostgreSQL 17, so Debian always takes the packages of Debian 13; Ubuntu takes its own.
. /etc/os-release
if [ "${ID:-}" = debian ]; then
  uri=$( (cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null || true) |
    grep -hE '^(URIs:|deb )' | grep -oE '[a-z+]+://[^ ]+' | grep -v security | sed -n 1p)
  cat >"$apt/sources/trixie.sources" <<SOURCES
Types: deb
URIs: $uri
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
else
  cp /etc/apt/sources.list.d/* "$apt/sources/" 2>/dev/null || true
  if [ -f /etc/apt/sources.list ]; then cp /etc/apt/sources.list "$apt/sources/system.list"; fi
fi

{
  echo "Dir::Etc::main \"/dev/null\"; Dir::Etc::parts \"$apt/parts\";"
  echo "Dir::Etc::sourcelist \"/dev/null\"; Dir::Etc::sourceparts \"$apt/sources\";"
  echo "Dir::Etc::preferencesparts \"/dev/null\";"
  echo "Dir::State \"$apt\"; Dir::State::lists \"$apt/lists\"; Dir::State::status \"/dev/null\";"
  echo "Dir::Cache \"$apt/cache\"; Dir::Cache::archives \"$apt/cache/archives\"; Acquire::Languages \"none\";"
  # Root would hand the download to the user _apt, who cannot write into this folder.
  if [ "$(id -u)" = 0 ]; then echo 'APT::Sandbox::User "root";'; fi
} >"$apt/apt.conf"
export APT_CONFIG=$apt/apt.conf

apt-get update -qq >&2
for major in 18 17 16; do
  if [ -n "$(apt-cache show -q "postgresql-$major-pgvector" 2>/dev/null)" ]; then break; fi
done
# Everything the server links against; not the packages that only matter when it is installed as a service.
packages=$(apt-cache depends --recurse --no-recommends --no-suggests \
  --no-conflicts --no-breaks --no-replaces --no-enhances \
  "postgresql-$major" "postgresql-$major-pgvector" "postgresql-client-$major" tzdata | grep -E '^[a-z0-9]' | sort -u |
  grep -vE '^(lib)?perl|^(libllvm|libz3|procps|libproc|sysvinit|lsb-|libncurses)|^postgresql-(common|client-common)' |
  grep -vE -e '-dev$|^(adduser|debconf|dpkg|ssl-cert|ucf|openssl|locales|logrotate|cdebconf|coreutils|passwd|tar)' |
  grep -vE '^(init-system-helpers|sensible-utils|netbase|base-files|debianutils|libjson-perl)' |
  grep -vE '^(bash|dash|sed|login|util-linux|mount|shadow)')
(cd "$work/debs" && apt-get download -qq $packages >&2)
for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/root"; done

# Each program is started with the loader of its own release, so the system's libc does not matter.
loader=$(cd "$work/root" && find . -name 'ld-linux*.so.*' -type f | sed -n 1p)
libraries=$(cd "$work/root" && find . -name 'libc.so.6' -o -name 'libpq.so.5' | xargs -n 1 dirname | sort -u)
bin=$(newest_bin "$work")
mkdir "$bin/.elf"
for file in "$bin"/*; do
  if [ -f "$file" ] && [ "$(head -c 4 "$file" | tail -c 3)" = ELF ]; then
    name=${file##*/}
    mv "$file" "$bin/.elf/$name"
    cat >"$file" <<LAUNCH
#!/bin/sh
here=\$(dirname "\$(readlink -f "\$0")")
root=\$(readlink -f "\$here/../../../../..")
exec "\$root/$loader" --library-path "$(printf '$root/%s:' $libraries)" --argv0 "\$here/$name" "\$here/.elf/$name" "\$@"
LAUNCH
    chmod 755 "$file"
  fi
done
rm -f "$work/root/usr/lib/postgresql/$major/lib/llvmjit.so" # LLVM is not unpacked
rm -rf "$apt" "$work/debs" "$work"/root/usr/share/{doc,man,locale,lintian}
touch "$work/ready"
mv -T "$work" "$prefix" 2>/dev/null || [ -f "$prefix/ready" ]
newest_bin "$prefix"
