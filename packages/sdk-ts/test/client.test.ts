import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { afterEach, expect, expectTypeOf, test } from 'vitest'
import { FlatNames } from '../src/flat.ts'
import * as sdk from '../src/index.ts'
import { DakeraClient, type FoundMemory, type Memory, type NewMemory, type Session } from '../src/index.ts'
import { MOMENTS } from '../src/rules.ts'
import { hideSecrets } from '../src/secrets.ts'
import { type Reply, serve } from './conformance.mjs'

const memory = (id: string) => ({
  id,
  content: `Content of ${id}`,
  importance: 0.85,
  tags: ['finding'],
  metadata: {},
  memory_type: 'semantic',
  created_at: 1767225600,
})
const ok = (body: unknown): Reply => ({ status: 200, headers: { 'content-type': 'application/json' }, body })
const found = ok({
  memories: [
    { memory: memory('a'), score: 0.9, text_score: 0.5 },
    { memory: memory('b'), score: 0.1 },
  ],
  total_found: 2,
  query_time_ms: 3,
})
const stored = ok({ memory: memory('a'), embedding_time_ms: 1 })

const { schemas } = JSON.parse(readFileSync(new URL('../../protocol/openapi.json', import.meta.url), 'utf8')).components

let server: Awaited<ReturnType<typeof serve>>
async function start(...replies: Reply[]) {
  server = await serve(replies)
  return new DakeraClient({ baseUrl: server.url, apiKey: 'dk-researcher-key' })
}
afterEach(() => server?.close())

test('what the package exports is this and nothing else', () => {
  expect(Object.keys(sdk).sort()).toEqual([
    'ApiError',
    'AuthenticationError',
    'AuthorizationError',
    'ConflictError',
    'ConnectionError',
    'DakeraClient',
    'DakeraError',
    'NotFoundError',
    'RateLimitError',
    'ResponseError',
    'ServerError',
    'TimeoutError',
    'UsageError',
    'ValidationError',
  ])
})

test('recall gives a real array of flat memories that names itself and the total', async () => {
  const findings = await (await start(found)).recall('team-shared', 'HNSW', { top_k: 6 })
  expect(Array.isArray(findings)).toBe(true)
  expect(findings.length).toBe(2)
  expect(findings[0]).toEqual({ ...memory('a'), score: 0.9, textScore: 0.5 })
  expect(findings.memories).toBe(findings)
  expect(findings.totalFound).toBe(2)
  expect(findings.map(({ id }) => id)).toEqual(['a', 'b'])
  expect(JSON.parse(JSON.stringify(findings))).toHaveLength(2)
  expectTypeOf(findings[0]).toEqualTypeOf<FoundMemory | undefined>()
})

test('a stored memory has its fields at top level and under memory', async () => {
  const one = await (await start(stored)).storeMemory('team-shared', { content: 'x' })
  expect([one.id, one.memory.id, one.embedding_time_ms]).toEqual(['a', 'a', 1])
})

test('options are taken in camelCase and snake_case; of both the camelCase one counts', async () => {
  const client = await start(stored, found, stored)
  await client.storeMemory('n', {
    content: 'x',
    memoryType: 'semantic',
    session_id: 's',
    ttlSeconds: 5,
    metadata: { topK: 1, a_b: { cD: 2 } },
  })
  await client.recall('n', 'q', { topK: 1, min_importance: 0.5, filter: { paperId: 'p' } })
  await client.storeMemory('n', {
    content: 'x',
    memoryType: 'semantic',
    memory_type: 'working',
    sessionId: undefined,
    session_id: 's',
  })
  expect(server.seen.map(({ body }) => body)).toEqual([
    {
      agent_id: 'n',
      content: 'x',
      memory_type: 'semantic',
      session_id: 's',
      ttl_seconds: 5,
      metadata: { topK: 1, a_b: { cD: 2 } },
    },
    { agent_id: 'n', query: 'q', top_k: 1, min_importance: 0.5, filter: { paperId: 'p' } },
    { agent_id: 'n', content: 'x', memory_type: 'semantic', session_id: 's' },
  ])
})

test('a new secret is in the reply and in nothing that is printed', async () => {
  const key = 'dk-a-new-secret'
  const client = await start(ok({ key_id: 'k', key }), ok({ key_id: 'k', key }), ok({ key_id: 'k', key, new_key: key }))
  const created = await client.createKey({ name: 'writer' })
  const narrow = await client.createNamespaceKey('n', { name: 'writer' })
  const rotated = await client.rotateKey('k')
  expect([created.key, narrow.key, rotated.key, rotated.new_key]).toEqual([key, key, key, key])
  for (const reply of [created, narrow, rotated]) {
    // As console.log shows it, as console.dir does, and within something else.
    const shown = [
      inspect(reply),
      inspect(reply, { customInspect: false, showHidden: true }),
      inspect({ made: [reply] }, { depth: 9 }),
      `${reply}`,
    ]
    expect(shown.join()).not.toContain(key)
    expect(JSON.parse(JSON.stringify(reply)).key).toBe(key) // that is how one saves it
    expect({ ...reply }.key).toBe(key)
  }
})

test('every secret of a reply in the contract is one that is not printed', () => {
  const replies = Object.entries<{ properties?: Record<string, { format?: string }> }>(schemas).filter(
    ([name]) => !name.endsWith('Request'),
  )
  const secrets = new Set(
    replies.flatMap(([, { properties = {} }]) =>
      Object.keys(properties).filter((name) => properties[name]?.format === 'password'),
    ),
  )
  expect(secrets.size).toBeGreaterThan(0)
  for (const name of secrets)
    expect(inspect(hideSecrets({ [name]: 'dk-a-new-secret' }))).not.toContain('dk-a-new-secret')
})

test('a moment may be a Date', async () => {
  const client = await start(stored, ok({ deleted_count: 1, status: 'ok' }))
  await client.storeMemory('n', { content: 'x', expiresAt: new Date(Date.UTC(2027, 0, 1)) })
  await client.forget('n', { before: new Date(Date.UTC(2026, 0, 1)), tags: ['t'] })
  expect(server.seen[0]?.body).toMatchObject({ expires_at: '2027-01-01T00:00:00.000Z' })
  expect(server.seen[1]?.body).toEqual({ agent_id: 'n', before_timestamp: '2026-01-01T00:00:00.000Z', tags: ['t'] })
})

test('a moment with a fraction of a second is sent as such, and what is no moment stays', async () => {
  const client = await start(stored, found, ok({ memories: [], total: 0, filtered: 0 }))
  await client.storeMemory('n', {
    content: 'x',
    expiresAt: 1767225600.5,
    valid_from: 1767225600,
    metadata: { since: 1.5 },
  })
  await client.recall('n', 'q', { since: 1767225600.25, filter: { until: 1.5 } })
  await client.listMemories('n', { filter: { createdBefore: 1767225600.5 } })
  expect(server.seen[0]?.body).toMatchObject({
    expires_at: '2026-01-01T00:00:00.500Z',
    valid_from: 1767225600,
    metadata: { since: 1.5 },
  })
  expect(server.seen[1]?.body).toMatchObject({ since: '2026-01-01T00:00:00.250Z', filter: { until: 1.5 } })
  expect(server.seen[2]?.body).toMatchObject({ filter: { created_before: '2026-01-01T00:00:00.500Z' } })
})

test('every moment of a request in the contract is known', () => {
  type Schema = { format?: string; anyOf?: Schema[]; properties?: Record<string, Schema> }
  const isMoment = ({ format, anyOf = [] }: Schema): boolean => format === 'date' || anyOf.some(isMoment)
  const names = Object.entries<Schema>(schemas)
    .filter(([name]) => /(Request|NewMemory|MemoryFilter)$/.test(name))
    .flatMap(([, { properties = {} }]) => Object.keys(properties).filter((field) => isMoment(properties[field] ?? {})))
  expect(new Set(names)).toEqual(MOMENTS)
})

test('every flat name says what it does and shows how', () => {
  const text = readFileSync(new URL('../src/flat.ts', import.meta.url), 'utf8')
  const flat = Object.getOwnPropertyNames(FlatNames.prototype).filter((name) => name !== 'constructor')
  expect(flat.length).toBeGreaterThan(30)
  const entries = text.split('  /**\n')
  for (const name of flat) {
    const entry = entries.find((it) => it.includes(`\n  ${name}(`)) ?? ''
    expect(entry.replaceAll(/\n {3}\* /g, ' ')).toMatch(/^ {3}\* [A-Z].{15,} The same as `/)
    expect(entry).toContain(`* @example\n   * await client.${name}(`)
  }
})

test('the memory type completes its four words and takes any other', () => {
  expectTypeOf<'procedural'>().toExtend<NonNullable<NewMemory['memoryType']>>()
  const own: NewMemory = { content: 'x', memoryType: 'hunch' }
  expect(own.memoryType).toBe('hunch')
})

test('the namespace is the argument, whatever the fields say', async () => {
  const client = await start(stored, found)
  await client.storeMemory('mine', { content: 'x', agent_id: 'theirs' } as never)
  await client.recall('mine', 'q', { agentId: 'theirs', query: 'other' } as never)
  expect(server.seen.map(({ body }) => body)).toEqual([
    { content: 'x', agent_id: 'mine' },
    { query: 'q', agent_id: 'mine' },
  ])
})

test('a list is asked for once it is awaited or iterated, and its first page once only', async () => {
  const client = await start(
    ok({ memories: [memory('a')], total: 2, filtered: 2, next_cursor: 'c' }),
    ok({ memories: [memory('b')], total: 2, filtered: 2 }),
  )
  const list = client.listMemories('n', { limit: 1 })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(server.seen).toHaveLength(0)
  const page = await list
  expectTypeOf(page[0]).toEqualTypeOf<Memory | undefined>()
  expect([page.length, page.total, page.filtered, page.nextCursor]).toEqual([1, 2, 2, 'c'])
  const ids: string[] = []
  for await (const { id } of list) ids.push(id)
  expect(ids).toEqual(['a', 'b'])
  expect(server.seen.map(({ body }) => (body as { cursor?: string }).cursor)).toEqual([undefined, 'c'])
})

test('a list by offset goes on behind what was read, and can be iterated again', async () => {
  const [one, two, three] = ['a', 'b', 'c'].map((id) => ({
    id,
    agent_id: 'n',
    started_at: 1,
    ended_at: null,
    summary: null,
    metadata: {},
    memory_count: 0,
  }))
  const client = await start(
    ok({ sessions: [one, two], total: 4 }),
    ok({ sessions: [three], total: 4 }),
    ok({ sessions: [three], total: 4 }),
    ok([memory('a')]),
    ok([memory('b')]),
    ok([]),
  )
  const list = client.listSessions({ limit: 2, offset: 1 })
  expectTypeOf((await list)[0]).toEqualTypeOf<Session | undefined>()
  expect((await list).total).toBe(4)
  const walk = async (items: AsyncIterable<{ id: string }>) => {
    const ids: string[] = []
    for await (const { id } of items) ids.push(id)
    return ids
  }
  expect(await walk(list)).toEqual(['a', 'b', 'c'])
  expect(await walk(list)).toEqual(['a', 'b', 'c'])
  expect(await walk(client.agentMemories('n', { limit: 1 }))).toEqual(['a', 'b'])
  expect(server.seen.map(({ query }) => query['offset'])).toEqual(['1', '3', '3', undefined, '1', '2'])
})

test('a list that fails rejects, by await and by iteration', async () => {
  const client = await start(
    ...Array<Reply>(2).fill({
      status: 403,
      body: { error: 'No.', code: 'NAMESPACE_ACCESS_DENIED', status: 403, request_id: 'r' },
    }),
  )
  await expect(client.listMemories('n')).rejects.toThrow(sdk.AuthorizationError)
  await expect(
    (async () => {
      for await (const _ of client.listMemories('n')) expect.fail()
    })(),
  ).rejects.toThrow(sdk.AuthorizationError)
})

test('forget without a condition leaves the refusal to the server', async () => {
  const client = await start(
    ...Array<Reply>(2).fill({
      status: 400,
      body: { error: 'Say which.', code: 'INVALID_REQUEST', status: 400, request_id: 'r' },
    }),
  )
  await expect(client.forget('n', [])).rejects.toThrow(sdk.ValidationError)
  await expect(client.forget('n', undefined as never)).rejects.toThrow(sdk.ValidationError)
  expect(server.seen.map(({ body }) => body)).toEqual([{ memory_ids: [], agent_id: 'n' }, { agent_id: 'n' }])
})

test('errors form the tree that is drawn, and name themselves', () => {
  const { DakeraError, ApiError, ConnectionError, TimeoutError, ResponseError, UsageError } = sdk
  for (const one of [
    sdk.ValidationError,
    sdk.AuthenticationError,
    sdk.AuthorizationError,
    sdk.NotFoundError,
    sdk.ConflictError,
    sdk.RateLimitError,
    sdk.ServerError,
  ]) {
    expect(one.prototype).toBeInstanceOf(ApiError)
    expect(new one({ operation: 'memories.get', status: 400, body: undefined }).name).toBe(one.name)
  }
  for (const one of [ApiError, ConnectionError, TimeoutError, ResponseError, UsageError])
    expect(Object.getPrototypeOf(one)).toBe(DakeraError)
})
