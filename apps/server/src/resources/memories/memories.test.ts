import { expect, test } from 'vitest'
import { failure, start } from '../../../test/harness.ts'
import { hashSecret } from '../../principal.ts'

test('a stored memory is read back as it was stored', async () => {
  await using t = await start()
  const researcher = await t.key({ researcher: 'read_write' }, 'researcher')
  const { memory } = await researcher.storeMemory('researcher', {
    content: 'Ada prefers tea. 茶 🍵',
    tags: ['note', 'a,b'],
    metadata: { source: 'talk', nested: { deep: [1, null, true] } },
    importance: 0.3,
    memoryType: 'semantic',
    sessionId: 's-1',
    validFrom: '2026-01-02T03:04:05Z',
    expiresAt: '2100-01-01',
  })
  expect(await researcher.getMemory(memory.id)).toMatchObject(memory)
  expect(memory).toMatchObject({
    importance: 0.3,
    memory_type: 'semantic',
    session_id: 's-1',
    author: 'researcher',
    version: 1,
    expires_at: 4102444800,
    valid_from: 1767323045,
  })
  expect(memory.created_at).toBeGreaterThan(Date.now() / 1000 - 60)
})

test('a batch is stored in order, all or none', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const { stored, stored_count } = await agent.storeMemories(
    'a',
    ['one', 'two', 'three'].map((content) => ({ content })),
  )
  expect([stored_count, ...stored.map(({ content }) => content)]).toEqual([3, 'one', 'two', 'three'])
  await agent.storeMemory('a', { content: 'taken', id: 'mine' })
  const refused = await failure(agent.storeMemories('a', [{ content: 'new' }, { content: 'again', id: 'mine' }]))
  expect(refused.code).toBe('CONFLICT')
  expect((await agent.listMemories('a')).total).toBe(4)
})

test('a memory is changed, counted as a version, and found by its new words', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const { id } = await agent.storeMemory('a', { content: 'The launch is on Monday.', tags: ['plan'] })
  const changed = await agent.updateMemory(id, { content: 'The launch is on Thursday.', metadata: { moved: true } })
  expect(changed).toMatchObject({
    content: 'The launch is on Thursday.',
    metadata: { moved: true },
    tags: ['plan'],
    version: 2,
    memory: { id },
  })
  expect(await agent.recall('a', 'Monday', { routing: 'bm25' })).toHaveLength(0)
  expect(await agent.recall('a', 'Thursday', { routing: 'bm25' })).toHaveLength(1)
  expect((await agent.recall('a', 'which weekday is Thursday', { routing: 'vector' }))[0]?.id).toBe(id)
})

test('an update with a version others have passed by is refused and says which it is now', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const { id, version } = await agent.storeMemory('a', { content: 'x' })
  const results = await Promise.allSettled(
    [1, 2, 3, 4].map((n) => agent.updateMemory(id, { tags: [`writer-${n}`] }, { ifVersion: version })),
  )
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const stale = await failure(agent.updateMemory(id, { importance: 1 }, { ifVersion: 1 }))
  expect([stale.status, stale.message]).toEqual([409, expect.stringContaining('version 2')])
  expect((await agent.updateMemory(id, {}, { ifVersion: 2 })).version).toBe(2)
})

test('importance is set for one or many, all or none', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const ids = (await agent.storeMemories('a', [{ content: 'one' }, { content: 'two' }])).stored.map(({ id }) => id)
  expect(await agent.setImportance('a', ids, 0.9)).toMatchObject({ status: 'ok', importance: 0.9, updated_count: 2 })
  expect((await failure(agent.setImportance('a', [...ids, 'mem_never'], 0.1))).code).toBe('NOT_FOUND')
  expect((await agent.listMemories('a')).map(({ importance }) => importance)).toEqual([0.9, 0.9])
})

test('memories are forgotten by id, tags, session and age; nothing is forgotten by an empty wish', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const { id } = await agent.storeMemory('a', { content: 'by id' })
  await agent.storeMemories('a', [
    { content: 'both', tags: ['x', 'y'] },
    { content: 'one', tags: ['x'] },
    { content: 'session', sessionId: 's' },
  ])
  expect(await agent.forget('a', id)).toEqual({ deleted_count: 1, status: 'ok' })
  expect((await agent.forget('a', { tags: ['x', 'y'] })).deleted_count).toBe(1)
  expect((await agent.forget('a', { sessionId: 's', tags: ['x'] })).deleted_count).toBe(0)
  expect((await agent.forget('a', { sessionId: 's', tags: [] })).deleted_count).toBe(1)
  expect((await agent.forget('a', { before: '2001-01-01' })).deleted_count).toBe(0)
  expect((await failure(agent.forget('a', { tags: [] }))).code).toBe('INVALID_REQUEST')
  expect((await agent.listMemories('a')).map(({ content }) => content)).toEqual(['one'])
  expect(await agent.recall('a', 'session')).not.toContainEqual(expect.objectContaining({ content: 'session' }))
})

test('a batch forget counts first when asked, in either spelling, and needs a condition', async () => {
  await using t = await start()
  const secret = await t.secret({ a: 'read_write' })
  const agent = t.client(secret)
  await agent.storeMemories(
    'a',
    [0.1, 0.2, 0.8].map((importance) => ({
      content: `worth ${importance}`,
      importance,
      metadata: { kind: importance < 0.5 ? 'scratch' : 'result' },
    })),
  )
  const call = async (method: string, body: object) =>
    (await (
      await t.fetch('/v1/memories/forget/batch', {
        method,
        key: secret,
        body: JSON.stringify({ agent_id: 'a', ...body }),
      })
    ).json()) as Record<string, unknown>
  expect(await call('DELETE', { filters: { max_importance: 0.5, dry_run: true } })).toEqual({
    deleted_count: 2,
    dry_run: true,
  })
  expect(await call('POST', { filter: { metadata: { kind: 'scratch' } }, dry_run: true })).toEqual({
    deleted_count: 2,
    dry_run: true,
  })
  for (const body of [
    {},
    { filter: {} },
    { filter: { tags: [] } },
    { filter: { metadata: {} } },
    { filters: { dry_run: false } },
  ])
    expect(await call('DELETE', body)).toMatchObject({ status: 400 })
  expect((await agent.listMemories('a')).total).toBe(3)
  expect(await agent.batchForget('a', { maxImportance: 0.5 })).toEqual({ deleted_count: 2, dry_run: false })
  expect((await agent.listMemories('a')).map(({ content }) => content)).toEqual(['worth 0.8'])
})

test('a list goes through all memories once, newest first, while others store', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemories(
    'a',
    Array.from({ length: 25 }, (_, i) => ({ content: `note ${i}`, tags: [i % 2 ? 'odd' : 'even'] })),
  )
  const seen: string[] = []
  for await (const { content } of agent.listMemories('a', { limit: 10 })) {
    if (seen.length === 5) await agent.storeMemory('a', { content: 'a late one' })
    seen.push(content)
  }
  expect(new Set(seen).size).toBe(25)
  const odd = await agent.listMemories('a', { filter: { tags: ['odd'] }, limit: 5 })
  expect([odd.length, odd.total, odd.filtered]).toEqual([5, 26, 12])
})

test('an expired memory is invisible everywhere in the same instant, and its id is free again', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const { id } = await agent.storeMemory('a', { content: 'ephemeral heron', id: 'short', ttlSeconds: 1, tags: ['x'] })
  await agent.storeMemory('a', { content: 'lasting heron' })
  expect(await agent.recall('a', 'heron')).toHaveLength(2)
  await new Promise((resolve) => setTimeout(resolve, 1100))
  for (const routing of ['bm25', 'vector', 'hybrid'] as const)
    expect((await agent.recall('a', 'ephemeral heron', { routing })).map(({ content }) => content)).toEqual([
      'lasting heron',
    ])
  expect(await agent.searchMemories('a', 'ephemeral', { mode: 'exact' })).toHaveLength(0)
  expect((await agent.listMemories('a')).total).toBe(1)
  expect((await agent.getNamespace('a')).memory_count).toBe(1)
  const attempts = [
    () => agent.getMemory(id),
    () => agent.updateMemory(id, { importance: 1 }),
    () => agent.setImportance('a', id, 1),
  ]
  for (const attempt of attempts) expect((await failure(attempt())).code).toBe('NOT_FOUND')
  expect((await agent.forget('a', id)).deleted_count).toBe(0)
  expect((await agent.batchForget('a', { tags: ['x'] }, { dryRun: true })).deleted_count).toBe(0)
  expect((await agent.storeMemory('a', { content: 'the id again', id: 'short' })).version).toBe(1)
})

test('an expiry can be moved and taken back, but not set into the past', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const { id } = await agent.storeMemory('a', { content: 'x', ttlSeconds: 3600 })
  expect((await agent.updateMemory(id, { expiresAt: '2100-01-01' })).expires_at).toBe(4102444800)
  expect((await agent.updateMemory(id, { expiresAt: null })).expires_at).toBeNull()
  for (const attempt of [
    () => agent.updateMemory(id, { expiresAt: '2001-01-01' }),
    () => agent.storeMemory('a', { content: 'x', expiresAt: 5 }),
  ]) {
    expect((await failure(attempt())).code).toBe('INVALID_REQUEST')
  }
})

test('an id of a foreign namespace is free, and hidden', async () => {
  await using t = await start()
  const [one, two, both] = [
    await t.key({ one: 'read_write' }),
    await t.key({ two: 'read_write' }),
    await t.key({ one: 'read_write', two: 'read_write' }),
  ]
  await one.storeMemory('one', { content: 'of one', id: 'same' })
  await two.storeMemory('two', { content: 'of two', id: 'same' })
  expect((await two.getMemory('same')).content).toBe('of two')
  expect((await failure(both.updateMemory('same', { importance: 1 }))).code).toBe('CONFLICT')
  expect((await both.updateMemory('same', { importance: 1 }, { namespace: 'one' })).content).toBe('of one')
})

test("another agent's memory answers like an id that never was", async () => {
  await using t = await start()
  const researcher = await t.key({ researcher: 'read_write' })
  const writer = await t.key({ writer: 'read_write' })
  const { memory } = await researcher.storeMemory('researcher', { content: 'private' })
  const hidden = await failure(writer.getMemory(memory.id))
  const absent = await failure(writer.getMemory('mem_never'))
  expect([hidden.status, hidden.code, hidden.body.error]).toEqual([404, 'NOT_FOUND', absent.body.error])
})

test('what was given out is counted, for those who may read it', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const { id } = await agent.storeMemory('a', { content: 'counted heron' })
  await agent.storeMemory('a', { content: 'unrelated budget' })
  await agent.recall('a', 'heron', { routing: 'bm25' })
  await agent.getMemory(id)
  await t.accesses.flush()
  const [found] = await agent.recall('a', 'heron', { routing: 'bm25' })
  expect(found).toMatchObject({ id, access_count: 2, version: 1 })
  expect(found?.last_accessed_at).toBeGreaterThan(Date.now() / 1000 - 60)
  expect((await agent.listMemories('a')).map(({ access_count }) => access_count)).toEqual([0, 2])
  await agent.forget('a', id)
  await t.accesses.flush()
  expect(await t.owner((sql) => sql`select from memory_accesses`)).toHaveLength(0)
})

test('who is given very many keeps nobody else from being counted', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const { id } = await agent.storeMemory('a', { content: 'counted heron' })
  t.accesses.record(
    hashSecret(await t.secret({ b: 'read' })),
    'b',
    Array.from({ length: 20_000 }, (_, i) => `m${i}`),
  )
  await agent.getMemory(id)
  await t.accesses.flush()
  expect(await agent.getMemory(id)).toMatchObject({ access_count: 1 })
})
