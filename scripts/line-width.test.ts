import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { COLUMNS, findWideLines } from './line-width.ts'
import { run } from './packing.ts'

const root = mkdtempSync(join(tmpdir(), 'dakera-width-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const WIDE = `${'x'.repeat(COLUMNS)}x`
const sentence = `${'word '.repeat(24)}end.`
const migrations = 'apps/server/src/db/migrations'

const files: [file: string, text: string, found: string[]][] = [
  ['a.ts', `${'x'.repeat(COLUMNS)}\n// ${WIDE}`, ['a.ts:2: 124']],
  ['b.sql', WIDE, ['b.sql:1: 121']],
  ['c.py', WIDE, ['c.py:1: 121']],
  ['d.go', WIDE, ['d.go:1: 121']],
  ['e.rs', WIDE, ['e.rs:1: 121']],
  ['f.sh', WIDE, ['f.sh:1: 121']],
  ['g.mjs', WIDE, ['g.mjs:1: 121']],
  ['h.md', sentence, ['h.md:1: 124']],
  ['letters-outside-of-latin.ts', 'ß🙂'.repeat(60), []],
  ['data.json', WIDE, []],
  ['table.md', `| ${sentence} |`, []],
  ['code.md', `\`\`\`sh\n${WIDE}\n\`\`\`\n${sentence}`, ['code.md:4: 124']],
  ['link.md', `See [the page](https://example.org/${WIDE}) and <https://example.org/${WIDE}>.`, []],
  ['long-sentence-with-link.md', `${sentence} [page](a.md)`, ['long-sentence-with-link.md:1: 137']],
  [`${migrations}/0001_landed.sql`, WIDE, []],
  [`${migrations}/0002_new.sql`, WIDE, [`${migrations}/0002_new.sql:1: 121`]],
  [`${migrations}/landed.sha256`, 'abc  0001_landed.sql\n', []],
]

test('lines are counted in letters, and wider ones found in every language, but for what cannot be broken', () => {
  for (const [file, text] of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  run(root, 'git', ['init', '--quiet'])
  expect(findWideLines(root).sort()).toEqual(files.flatMap(([, , found]) => found).sort())
})
