import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { findContractWithoutChangeset } from './contract-changeset.ts'
import { run } from './packing.ts'

const folder = mkdtempSync(join(tmpdir(), 'dakera-changeset-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let root: string
beforeEach(() => {
  root = mkdtempSync(join(folder, 'main-'))
  write('.changeset/config.json', '{}')
  write('packages/protocol/published-openapi.json', '{}')
  write('packages/protocol/openapi.json', '{}')
  git('init', '--quiet', '--initial-branch', 'main')
  commit()
})

function write(file: string, text: string, at = root) {
  mkdirSync(join(at, file, '..'), { recursive: true })
  writeFileSync(join(at, file), text)
}
const changeset = (id: string, at = root, name = '@dakera-ai/server') =>
  write(`.changeset/${id}.md`, `---\n"${name}": minor\n---\n\nA new field.\n`, at)
const git = (...args: string[]) => run(root, 'git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args])
const commit = () => {
  git('add', '--all')
  git('commit', '--quiet', '--message', 'x')
}
const clone = () => {
  const copy = mkdtempSync(join(folder, 'clone-'))
  git('clone', '--quiet', root, copy)
  return copy
}

test('a contract as it was released needs no changeset', async () => {
  expect(await findContractWithoutChangeset(root)).toBeUndefined()
})

test('a contract that differs from the release needs one that names the server, in a clone of main too', async () => {
  write('packages/protocol/openapi.json', '{"changed": true}')
  changeset('of-a-client', root, '@dakera-ai/dakera')
  commit()
  for (const at of [root, clone()])
    expect(await findContractWithoutChangeset(at)).toContain('differs from the last release')
  changeset('of-the-server')
  commit()
  for (const at of [root, clone()]) expect(await findContractWithoutChangeset(at)).toBeUndefined()
})

test('a branch that changes the contract needs a changeset of its own', async () => {
  changeset('of-another-branch')
  commit()
  const branch = clone()
  write('packages/protocol/openapi.json', '{"changed": true}', branch)
  expect(await findContractWithoutChangeset(branch)).toContain('differs from origin/main')
  changeset('own', branch)
  expect(await findContractWithoutChangeset(branch)).toBeUndefined()
})
