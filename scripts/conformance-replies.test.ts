import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { findWrongReplies } from './conformance-replies.ts'

const cases = join(dirname(import.meta.dirname), 'packages/protocol/conformance')
const folder = mkdtempSync(join(tmpdir(), 'dakera-replies-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Returns the problems in the cases of sessions after one text was replaced everywhere in them. */
function after(text: string, replacement: string): string[] {
  const sessions = readFileSync(join(cases, 'sessions.json'), 'utf8')
  expect(sessions).toContain(text)
  writeFileSync(join(folder, 'sessions.json'), sessions.replaceAll(text, replacement))
  return findWrongReplies(folder)
}

test('the replies of the conformance cases match the contract', () => {
  expect(findWrongReplies(cases)).toEqual([])
})

test('a reply without a required field is found, with its case', () => {
  expect(after('"ended_at": null', '"endet_at": null').join('\n')).toContain(
    'sessions.json: start gives the session itself: reply 1, session.ended_at: Invalid input: expected number',
  )
})

test('a field of another type is found', () => {
  expect(after('"started_at": 1767225600', '"started_at": "monday"').join('\n')).toContain('session.started_at')
})

test('a case of an operation that does not exist is found', () => {
  expect(after('"sessions.start"', '"sessions.begin"')).toContain(
    'sessions.json: start gives the session itself: the contract has no operation sessions.begin',
  )
})
