import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Endpoint } from '../packages/protocol/src/index.ts'
import { findGaps } from './contract-coverage.ts'

/** Creates a repository with this one's contract cases and TypeScript client, and the files of a test. */
function repository(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'dakera-coverage-'))
  for (const folder of ['packages/protocol/conformance', 'packages/sdk-ts/src'])
    cpSync(join(import.meta.dirname, '..', folder), join(root, folder), { recursive: true })
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(root, file, '..'), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}
const whoami = { id: 'keys.whoami', errors: ['INVALID_API_KEY'] } as unknown as Endpoint

test('this contract lacks nothing in the TypeScript client and the cases', () => {
  using r = repository({})
  expect(findGaps(r.root)).toEqual([])
})

test('an endpoint nobody has a method or a case for is named with all it lacks', () => {
  using r = repository({})
  expect(findGaps(r.root, [{ id: 'dreams.share', errors: ['NOT_FOUND'] } as unknown as Endpoint])).toEqual([
    'packages/sdk-ts has no method for dreams.share',
    'packages/protocol/conformance has no case in which dreams.share succeeds',
    'packages/protocol/conformance has no case in which dreams.share answers NOT_FOUND',
  ])
})

test('a language counts as soon as its folder is there', () => {
  const gap = ['packages/sdk-go has no method for keys.whoami']
  using empty = repository({ 'packages/sdk-go/go.mod': 'module dakera' })
  expect(findGaps(empty.root, [whoami])).toEqual(gap)
  using mentioned = repository({ 'packages/sdk-go/keys.go': '// like keys.whoami, but another: "keys.whoamiToo"' })
  expect(findGaps(mentioned.root, [whoami])).toEqual(gap)
  using called = repository({ 'packages/sdk-go/keys.go': 'call(ctx, "keys.whoami")' })
  expect(findGaps(called.root, [whoami])).toEqual([])
})

test("a page of docs/sdks has a row for every call, by the operation's id", () => {
  using without = repository({
    'docs/sdks/go.md': '`keys.whoami` says who the key is.\n\n| `keys.get` | `keys.whoami` |',
  })
  expect(findGaps(without.root, [whoami])).toEqual(['docs/sdks/go.md has no row for keys.whoami'])
  using complete = repository({ 'docs/sdks/go.md': '| Call | Method |\n|---|---|\n| `keys.whoami` | `Whoami` |\n' })
  expect(findGaps(complete.root, [whoami])).toEqual([])
})
