import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { docsUrl, ERRORS, type ErrorCode, endpoints } from '../src/index.ts'

const folder = join(import.meta.dirname, '../../../docs/errors')
const codes = Object.keys(ERRORS) as ErrorCode[]

test('docs/errors has one page per code of the table, and no other', () => {
  expect(readdirSync(folder).sort()).toEqual(codes.map((code) => `${code}.md`).sort())
})

test.each(codes)('the page of %s tells its code, status, title and whether to try again', (code) => {
  const page = readFileSync(join(folder, `${code}.md`), 'utf8')
  const { status, retry, title } = ERRORS[code]
  expect(page.startsWith(`# ${code}\n`)).toBe(true)
  expect(page).toContain(`**${status}**`)
  expect(page.replaceAll('\n> ', ' ')).toContain(title)
  expect(page).toContain(retry ? '**Try again: yes' : '**Try again: no')
  expect(page).toContain(docsUrl(code))
})

test('every code is declared by an endpoint, or is one that any request can meet', () => {
  const declared = new Set<string>(
    Object.values(endpoints).flatMap((group) => Object.values(group).flatMap(({ errors }) => [...errors])),
  )
  const anywhere = ['INTERNAL_ERROR', 'SERVICE_UNAVAILABLE', 'METHOD_NOT_ALLOWED', 'RATE_LIMITED']
  expect(codes.filter((code) => !declared.has(code) && !anywhere.includes(code))).toEqual([])
})
