// npm run example <name>: runs a TypeScript example on a machine that has only Node 20.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root, runWithToolchain } from './toolchain.mjs'

const programOf = (name) => `examples/${name}/main.ts`
const names = readdirSync(join(root, 'examples')).filter((name) => existsSync(join(root, programOf(name))))

const [name, ...args] = process.argv.slice(2)
if (names.includes(name)) await runWithToolchain([programOf(name), ...args])
else {
  process.stderr.write(`Usage: npm run example <name> -- [options]

  ${names.join('\n  ')}

They need a server: npm start -- --demo. Examples in other languages: the README of each in examples/.
`)
  process.exitCode = 2
}
