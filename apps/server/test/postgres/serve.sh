#!/bin/bash
# Runs a throw-away Postgres for as long as stdin stays open, so it ends with the process that holds the
# other end of the pipe, however that process ends. Prints one line, "ready", once it takes connections.
# usage: serve.sh BIN_FOLDER PORT [SETTING=VALUE...]
set -euo pipefail
trap '' INT HUP TERM # a Ctrl-C reaches the whole group; the pipe alone decides

bin=$1
port=$2
shift 2
# Postgres refuses to run as root, and the user that runs it instead may not be able to enter root's TMPDIR.
temporary=${TMPDIR:-/tmp}
if [ "$(id -u)" = 0 ]; then temporary=/tmp; fi
folder=$(mktemp -d "$temporary/dakera-postgres.XXXXXX")
as=()
if [ "$(id -u)" = 0 ]; then
  chown nobody "$folder"
  as=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups --inh-caps=-all env HOME="$folder")
fi
cd "$folder"

finish() {
  if [ -n "${server:-}" ] && kill -QUIT "$server" 2>/dev/null; then wait "$server" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap finish EXIT

"${as[@]}" "$bin/initdb" -D "$folder/data" -U postgres --auth=trust -E UTF8 --locale=C.UTF-8 --no-sync \
  >"$folder/initdb.log" 2>&1 ||
  { cat "$folder/initdb.log" >&2; exit 1; }
cat >>"$folder/data/postgresql.conf" <<CONF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
jit = off
CONF
if [ $# -gt 0 ]; then printf '%s\n' "$@" >>"$folder/data/postgresql.conf"; fi
"${as[@]}" "$bin/postgres" -D "$folder/data" </dev/null >"$folder/log" 2>&1 &
server=$!

for _ in $(seq 300); do
  if ! kill -0 "$server" 2>/dev/null; then cat "$folder/log" >&2; exit 1; fi
  if "${as[@]}" "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then
    echo ready
    # Reading ends when the other side closes the pipe or dies.
    cat >/dev/null
    exit 0
  fi
  sleep 0.1
done
cat "$folder/log" >&2
exit 1
