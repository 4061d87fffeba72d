// Writes all files that are generated from the contract: `node packages/codegen/src/main.ts [language…] [--check]`.
// With `--check` nothing is written, and the exit code says whether something would change.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Files, ROOT } from './files.ts'
import { go } from './go/main.ts'
import { python } from './python/main.ts'
import { rust } from './rust/main.ts'
import { ts } from './ts/main.ts'

const printers: Record<string, () => Files> = { ts, python, rust, go }

const isCheck = process.argv.includes('--check')
const asked = process.argv.slice(2).filter((argument) => argument in printers)

for (const [language, print] of Object.entries(printers)) {
  if (asked.length > 0 && !asked.includes(language)) continue
  for (const [path, text] of Object.entries(print())) {
    const file = join(ROOT, path)
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue // another process may be reading it
    if (isCheck) {
      console.error(`${path} is out of date. Run pnpm generate.`)
      process.exitCode = 1
      continue
    }
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}
