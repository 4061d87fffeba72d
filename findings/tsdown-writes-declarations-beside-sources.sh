#!/usr/bin/env bash
# tsdown 0.23.4 with typescript 7.0.2, Node 24, 2026-11-28.
# With `dts: true`, a build writes a .d.ts file beside a source file outside of the package, if a test that the
# tsconfig.json includes imports it. The entry imports neither of them, and the file is not cleaned up.
# Expected: a build writes into its output folder only.
# Output seen:
#   after the build: package/dist/index.d.mts package/dist/index.mjs tools/helper.d.ts tools/helper.ts
# A tsconfig that includes the sources alone (`tsconfig: 'tsconfig.build.json'`) avoids it.
# Exits 0 while this is so, 1 when it has changed. Needs npm and Node 22 or newer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p package/src package/test tools
cat >package/package.json <<'JSON'
{ "name": "a-package", "version": "1.0.0", "type": "module" }
JSON
cat >package/tsconfig.json <<'JSON'
{
  "compilerOptions": {
    "module": "nodenext", "target": "es2022", "strict": true,
    "allowImportingTsExtensions": true, "rewriteRelativeImportExtensions": true, "isolatedDeclarations": false
  },
  "include": ["src", "test"]
}
JSON
echo "export const answer = (n: number) => n + 1" >package/src/index.ts
echo "export const help = (n: number) => ({ n })" >tools/helper.ts
echo "import { help } from '../../tools/helper.ts'; console.log(help(1))" >package/test/some.test.ts
cat >package/tsdown.config.ts <<'TS'
import { defineConfig } from 'tsdown'
export default defineConfig({ entry: 'src/index.ts', dts: true })
TS
cd package
npm install --silent --no-audit --no-fund tsdown@0.23.4 typescript@7.0.2 @types/node@24 >/dev/null
npx tsdown --logLevel error >/dev/null
cd ..
files=$(find package/dist tools -type f | sort | tr '\n' ' ')
echo "after the build: $files"
[[ $files == *tools/helper.d.ts* ]]
