import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ADDRESSES,
  FOREIGN,
  FOREIGN_ID,
  FOREIGN_SESSION,
  MARKER,
  MINE,
  SHARED,
  SHARED_ID,
  SHARED_SESSION,
  type Shot,
  shotAt,
  type Who,
} from './fuzz-input.ts'
import { ADMIN_KEY, start, type TestServer } from './harness.ts'
import { flawsOf, send } from './http-call.ts'

// FUZZ_SEED repeats a run; FUZZ_RUNS makes it longer. The seed is in the name of the suite, and so in every failure.
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_122)
const numRuns = Number(process.env['FUZZ_RUNS'] ?? Math.ceil(600 / ADDRESSES.length))

let t: TestServer
let keys: Record<Who, string | undefined>
beforeAll(async () => {
  t = await start()
  const secret = {
    content: `${MARKER} the secret tides plan`,
    tags: [MARKER, 'a'],
    metadata: { source: MARKER, n: 1, a: { b: MARKER } },
  }
  await t.admin.storeMemory(FOREIGN, { ...secret, id: FOREIGN_ID, sessionId: MARKER } as never)
  await t.admin.storeMemories(
    FOREIGN,
    Array.from({ length: 5 }, () => secret),
  )
  await t.admin.storeMemory(SHARED, {
    content: 'Shared notes about tides.',
    tags: ['shared'],
    metadata: { source: 'tides' },
    id: SHARED_ID,
  } as never)
  await t.admin.startSession(FOREIGN, { id: FOREIGN_SESSION, metadata: { task: MARKER } })
  await t.admin.startSession(SHARED, { id: SHARED_SESSION, metadata: { task: 'tides' } })
  keys = {
    admin: ADMIN_KEY,
    agent: await t.secret({ [MINE]: 'read_write', [SHARED]: 'read_write' }, 'fuzz-agent'),
    reader: await t.secret({ [SHARED]: 'read' }, 'fuzz-reader'),
    nobody: undefined,
  }
})
afterAll(() => t?.[Symbol.asyncDispose]())

/**
 * Leaves out requests of an admin that would break the test: forgetting the secret, or deleting a namespace with the
 * grants of the other keys.
 */
const spares = ({ address: { endpoint, method }, path, body = '', who }: Shot) =>
  who !== 'admin' ||
  method === 'GET' ||
  (endpoint.id === 'namespaces.delete'
    ? ![FOREIGN, MINE, SHARED].some((name) => path.includes(name))
    : ![FOREIGN, FOREIGN_ID].some((name) => (path + body).includes(name)))

const seen = { 2: 0, 4: 0 } as Record<number, number>

describe(`seed ${seed}, ${numRuns} requests to each of ${ADDRESSES.length} addresses`, () => {
  test.each(ADDRESSES)('$method $path', async (address) => {
    await fc.assert(
      fc.asyncProperty(shotAt(address).filter(spares), async ({ path, body, who, headers }) => {
        const answer = await send(t.url, path, {
          method: address.method,
          key: keys[who],
          headers,
          ...(body !== undefined && { body }),
        })
        const kind = Math.floor(answer.status / 100)
        seen[kind] = (seen[kind] ?? 0) + 1
        expect(answer.status, answer.text).toBeLessThan(500)
        if (answer.status >= 400) expect(flawsOf(answer)).toEqual([])
        else {
          expect([200, 201, 204]).toContain(answer.status)
          expect(address.endpoint.response.safeParse(answer.json).error?.message).toBeUndefined()
          if (address.endpoint.access !== 'public') expect(who).not.toBe('nobody')
          if (address.endpoint.access === 'admin') expect(who).toBe('admin')
        }
        if (who !== 'admin') expect(answer.text).not.toContain(MARKER)
      }),
      { seed, numRuns, endOnFailure: true },
    )
  })

  test('the requests were neither all refused nor all taken, and the secret still stands', async () => {
    expect(seen[2]).toBeGreaterThan(numRuns * 5)
    expect(seen[4]).toBeGreaterThan(numRuns * 5)
    expect((await t.admin.getMemory(FOREIGN_ID, { namespace: FOREIGN })).content).toContain(MARKER)
  })
})
