import { type Endpoint, endpoints } from '@dakera-ai/protocol'
import { describe, expect, test } from 'vitest'
import * as sdk from '../src/index.ts'
import { calls, cases, play } from './conformance.mjs'

const files = [...new Set(cases.map(({ file }) => file))]
describe.each(files)('%s', (file) => {
  test.for(cases.filter((one) => one.file === file).map((one) => [one.name, one] as const))('%s', ([, one]) =>
    play(one, sdk),
  )
})

const declared = Object.values(endpoints)
  .flatMap((group): Endpoint[] => Object.values(group))
  .filter(({ twinOf }) => !twinOf)

test('every declared operation has a method and a case that succeeds', () => {
  const ids = declared.map(({ id }) => id).sort()
  expect(Object.keys(calls).sort()).toEqual(ids)
  expect(
    [...new Set(cases.filter(({ result }) => result !== undefined).map(({ operation }) => operation))].sort(),
  ).toEqual(ids)
})

test('every declared error of every operation has a case', () => {
  const named = new Set(
    cases.map(({ operation, error }) => `${operation} ${(error as { code?: string } | undefined)?.code}`),
  )
  expect(
    declared.flatMap(({ id, errors }) => errors.map((code) => `${id} ${code}`)).filter((one) => !named.has(one)),
  ).toEqual([])
})

test('what the cases send and reply is what the contract says', () => {
  const byId = new Map(declared.map((operation) => [operation.id as string, operation]))
  for (const { name, file, operation, requests, replies, result } of cases as Array<
    (typeof cases)[number] & { requests: Array<{ body?: unknown }>; replies: Array<{ status: number; body?: unknown }> }
  >) {
    if (file === 'requests.json' || file === 'errors.json' || result === undefined) continue
    const { body, response } = byId.get(operation) as Endpoint
    for (const sent of requests)
      if (sent.body !== undefined) expect(body?.safeParse(sent.body).error, name).toBeUndefined()
    for (const reply of replies) expect(response.safeParse(reply.body).error, name).toBeUndefined()
  }
})
