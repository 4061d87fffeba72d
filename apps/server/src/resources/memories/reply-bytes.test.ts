import { METADATA_BYTES, REPLY_BYTES } from '@dakera-ai/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { start, type TestServer } from '../../../test/harness.ts'
import { expectError, send } from '../../../test/http-call.ts'

type Json = Record<string, unknown>
type Reply = { memories: Json[]; next_cursor?: string; total: number }

/** Longer than may be stored now, as an older server took it. */
const OLD_BYTES = 200_000
const COUNT = 60

let t: TestServer
let key: string
beforeAll(async () => {
  t = await start()
  key = await t.secret({ big: 'read_write', large: 'read_write', small: 'read_write' })
  const agent = t.client(key)
  await agent.storeMemories(
    'large',
    Array.from({ length: COUNT }, (_, i) => ({ content: `Tide table ${i}.` })),
  )
  await agent.storeMemories(
    'big',
    Array.from({ length: COUNT }, (_, i) => ({ content: `Tide note ${i}.`, sessionId: 'long', id: `m${i}` })),
  )
  for (let i = 0; i < COUNT; i++) await agent.startSession('big', { id: `s${i}` })
  await agent.startSession('big', { id: 'long' })
  await agent.storeMemories(
    'small',
    Array.from({ length: COUNT }, (_, i) => ({ content: `Noise ${i}.` })),
  )
  const old = { old: 'x'.repeat(OLD_BYTES) }
  await t.owner(async (sql) => {
    await sql`update memories set metadata = ${JSON.stringify(old)}::text::jsonb where content like 'Tide%'`
    await sql`update memories set content = content || repeat(chr(1), 50000) where content like 'Noise%'`
    await sql`update sessions set metadata = ${JSON.stringify(old)}::text::jsonb`
  })
}, 60_000)
afterAll(() => t?.[Symbol.asyncDispose]())

const ask = async (path: string, body?: Json) => {
  const { status, json, text } = await send(t.url, path, { method: body ? 'POST' : 'GET', key, ...(body && { body }) })
  expect(status, text.slice(0, 300)).toBe(200)
  expect(text.length).toBeLessThan(REPLY_BYTES * 1.1)
  return json as never
}
/** What fits, and nearly nothing less. */
const FITS = Math.floor(REPLY_BYTES / OLD_BYTES)

test('a list ends early and its cursor goes on until all was seen once', async () => {
  const seen: unknown[] = []
  let cursor: string | undefined
  do {
    const page: Reply = await ask('/v1/memories/recall/batch', {
      agent_id: 'big',
      limit: 1000,
      ...(cursor && { cursor }),
    })
    expect(page.total).toBe(COUNT)
    seen.push(...page.memories.map(({ id }) => id))
    cursor = page.next_cursor
    if (cursor) expect(page.memories.length).toBeGreaterThanOrEqual(FITS - 1)
  } while (cursor)
  expect([new Set(seen).size, seen.length]).toEqual([COUNT, COUNT])
})

test('pages by offset end early, and go on behind what came', async () => {
  const read = async (path: string, of: (reply: never) => Json[]) => {
    const seen: unknown[] = []
    for (let page = [{}] as Json[]; page.length > 0; ) {
      page = of(await ask(`${path}limit=1000&offset=${seen.length}`))
      seen.push(...page.map(({ id }) => id))
    }
    return new Set(seen).size
  }
  expect(await read('/v1/agents/big/memories?', (reply) => reply)).toBe(COUNT)
  expect(await read('/v1/sessions/long/memories?agent_id=big&', (reply: Reply) => reply.memories)).toBe(COUNT)
  expect(await read('/v1/sessions?agent_id=big&', (reply: { sessions: Json[] }) => reply.sessions)).toBe(COUNT + 1)
})

test('recall and search give the best that fit', async () => {
  for (const path of ['/v1/memory/recall', '/v1/memory/search']) {
    const found: Reply = await ask(path, { agent_id: 'big', query: 'tide note', top_k: 100 })
    expect(found.memories.length).toBeGreaterThanOrEqual(FITS - 1)
    for (const mmr of [undefined, 0.3]) {
      const several: Reply = await ask(path, { namespaces: ['big', 'large'], query: 'tide note', top_k: 100, mmr })
      expect(several.memories.length).toBeGreaterThanOrEqual(FITS - 1)
    }
  }
})

test('a letter counts as many bytes as it has in JSON', async () => {
  const fits = Math.floor(REPLY_BYTES / 300_000)
  const listed: Reply = await ask('/v1/memories/recall/batch', { agent_id: 'small', limit: 1000 })
  expect([listed.memories.length, listed.next_cursor]).toEqual([fits, expect.any(String)])
  const found: Reply = await ask('/v1/memory/recall', { agent_id: 'small', query: 'noise', top_k: 100 })
  expect(found.memories).toHaveLength(fits)
})

test('one that is longer than a reply comes alone', async () => {
  await t.owner(
    (sql) =>
      sql`update memories set metadata = ${JSON.stringify({ old: 'x'.repeat(REPLY_BYTES) })}::text::jsonb
        where id = 'm9'`,
  )
  const { json } = await send(t.url, '/v1/memories/recall/batch', {
    method: 'POST',
    key,
    body: { agent_id: 'big', limit: 5 },
  })
  expect(json).toMatchObject({ memories: [{ id: 'm9' }], next_cursor: expect.any(String) })
})

test('what is stored and longer than is allowed now stays readable, and its other fields can be changed', async () => {
  const { status, json } = await send(t.url, '/v1/memory/update/m0?agent_id=big', {
    method: 'PUT',
    key,
    body: { importance: 0.9 },
  })
  expect([status, ((json as Json)['metadata'] as { old: string }).old.length]).toEqual([200, OLD_BYTES])
})

test('a cursor names the namespace, not its number, and an older one is refused', async () => {
  const { next_cursor }: Reply = await ask('/v1/memories/recall/batch', { agent_id: 'big', limit: 2 })
  const position = JSON.parse(Buffer.from(next_cursor as string, 'base64url').toString()) as Json
  expect(position).toEqual({ in: 'big', time: expect.any(String), id: expect.any(String) })
  const use = (cursor: Json, agent_id: string) =>
    send(t.url, '/v1/memories/recall/batch', {
      method: 'POST',
      key,
      body: { agent_id, cursor: Buffer.from(JSON.stringify(cursor)).toString('base64url') },
    })
  expectError(
    await use({ namespace: '1', time: position['time'], id: 'm1' }, 'big'),
    'INVALID_REQUEST',
    /Start again without one/,
  )
  await t.client(key).storeMemory('small', { content: 'x' })
  expectError(await use(position, 'small'), 'INVALID_REQUEST', /another namespace/)
})

test.each<[string, Json, string, RegExp]>([
  ['bytes', { a: 'é'.repeat(METADATA_BYTES / 2) }, 'metadata', /65536 bytes/],
  ['depth', { a: JSON.parse(`${'['.repeat(64)}${']'.repeat(64)}`) }, 'metadata', /64 levels/],
  ['an array', { a: { b: Array(1001).fill(0) } }, 'metadata.a.b', /1000 elements/],
  ['fields', Object.fromEntries(Array.from({ length: 4001 }, (_, i) => [`f${i}`, 0])), 'metadata', /4000 fields/],
])(
  'metadata beyond its bound is 400 with place and bound, wherever it is sent: %s',
  async (_, metadata, place, bound) => {
    const admin = 'dk-admin-key'
    const calls: [string, string, Json, string][] = [
      ['POST', '/v1/memory/store', { agent_id: 'small', content: 'x', metadata }, 'metadata'],
      [
        'POST',
        '/v1/memories/store/batch',
        { agent_id: 'small', memories: [{ content: 'x', metadata }] },
        'memories.0.metadata',
      ],
      ['PUT', '/v1/memory/update/m1?agent_id=big', { metadata }, 'metadata'],
      ['POST', '/v1/sessions/start', { agent_id: 'small', metadata }, 'metadata'],
      ['POST', '/v1/namespaces', { name: 'small', metadata }, 'metadata'],
      ['PUT', '/v1/namespaces/small', { policy: metadata }, 'policy'],
    ]
    for (const [method, path, body, at] of calls) {
      const answer = await send(t.url, path, { method, key: path.startsWith('/v1/namespaces') ? admin : key, body })
      expectError(answer, 'INVALID_REQUEST', bound)
      expect((answer.json as { issues: { path: string }[] }).issues[0]?.path).toContain(place.replace('metadata', at))
    }
  },
)
