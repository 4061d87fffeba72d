import { expect, test } from 'vitest'
import { failure, start } from '../../../test/harness.ts'

test('a session is started, filled, read in the order it was filled, and ended', async () => {
  await using t = await start()
  const agent = await t.key({ notes: 'read_write' })
  const session = await agent.startSession('notes', { metadata: { task: 'HNSW' } })
  expect(session).toMatchObject({
    agent_id: 'notes',
    ended_at: null,
    summary: null,
    metadata: { task: 'HNSW' },
    memory_count: 0,
  })
  expect(session.id).toMatch(/^ses_[0-9a-f]{30}$/)
  for (const content of ['First.', 'Second.']) await agent.storeMemory('notes', { content, sessionId: session.id })
  await agent.storeMemories('notes', [
    { content: 'Third.', sessionId: session.id },
    { content: 'Fourth.', sessionId: session.id },
  ])
  await agent.storeMemory('notes', { content: 'Beside it.' })
  const memories = await agent.sessionMemories(session.id, { limit: 3 })
  expect([memories.total, ...memories.map(({ content }) => content)]).toEqual([4, 'First.', 'Second.', 'Third.'])
  expect((await agent.sessionMemories(session.id, { offset: 3 })).map(({ content }) => content)).toEqual(['Fourth.'])
  const ended = await agent.endSession(session.id, { summary: 'HNSW answers in 5 ms.' })
  expect(ended).toMatchObject({ id: session.id, summary: 'HNSW answers in 5 ms.', memory_count: 4 })
  expect(ended.ended_at).toBeGreaterThanOrEqual(session.started_at)
  expect(await agent.getSession(session.id)).toEqual(ended)
})

test('a session ends once: another end keeps the time, and the summary unless there is a new one', async () => {
  await using t = await start()
  const { id } = await t.admin.startSession('notes')
  await t.admin.endSession(id, { summary: 'First.' })
  await t.owner((sql) => sql`alter table sessions disable trigger sessions_before_update`)
  await t.owner((sql) => sql`update sessions set ended_at = to_timestamp(1767225600)`)
  await t.owner((sql) => sql`alter table sessions enable trigger sessions_before_update`)
  expect(await t.admin.endSession(id)).toMatchObject({ ended_at: 1_767_225_600, summary: 'First.' })
  expect(await t.admin.endSession(id, { summary: 'Second.' })).toMatchObject({
    ended_at: 1_767_225_600,
    summary: 'Second.',
  })
})

test('sessions are listed newest first, of one namespace or of all, and without those that have ended', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write', b: 'read_write' })
  for (const [namespace, id] of [
    ['a', 'one'],
    ['b', 'two'],
    ['a', 'three'],
  ] as const)
    await agent.startSession(namespace, { id })
  await agent.endSession('one')
  const ids = async (options: Parameters<typeof agent.listSessions>[0]) => {
    const page = await agent.listSessions(options)
    return [page.total, ...page.map(({ id }) => id)]
  }
  expect(await ids({})).toEqual([3, 'three', 'two', 'one'])
  expect(await ids({ namespace: 'a' })).toEqual([2, 'three', 'one'])
  expect(await ids({ activeOnly: true })).toEqual([2, 'three', 'two'])
  expect(await ids({ limit: 1, offset: 1 })).toEqual([3, 'two'])
  expect(await ids({ offset: 9_007_199_254_740_991 })).toEqual([3])
  const walked: string[] = []
  for await (const { id } of agent.listSessions({ limit: 1 })) walked.push(id)
  expect(walked).toEqual(['three', 'two', 'one'])
})

test('only live memories count, and a session may be named that was never started', async () => {
  await using t = await start()
  await t.admin.startSession('notes', { id: 'monday' })
  await t.admin.storeMemory('notes', { content: 'Lasting.', sessionId: 'monday' })
  const { id } = await t.admin.storeMemory('notes', { content: 'Forgotten.', sessionId: 'monday' })
  await t.admin.storeMemory('notes', { content: 'Brief.', sessionId: 'monday', ttlSeconds: 3600 })
  await t.admin.storeMemory('elsewhere', { content: 'Of another namespace.', sessionId: 'monday' })
  await t.admin.storeMemory('notes', { content: 'Never started.', sessionId: 'tuesday' })
  expect((await t.admin.getSession('monday')).memory_count).toBe(3)
  await t.admin.forget('notes', id)
  await t.owner(
    (sql) => sql`update memories set expires_at = clock_timestamp() + interval '5 ms' where expires_at is not null`,
  )
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect((await t.admin.getSession('monday')).memory_count).toBe(1)
  expect((await t.admin.sessionMemories('monday')).map(({ content }) => content)).toEqual(['Lasting.'])
  expect((await failure(t.admin.getSession('tuesday'))).code).toBe('NOT_FOUND')
  // It can be started later, and then has what named it.
  expect((await t.admin.startSession('notes', { id: 'tuesday' })).memory_count).toBe(1)
})

test('a chosen id is taken once per namespace; a by-id call then needs the namespace', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write', b: 'read' })
  await agent.startSession('a', { id: 'monday' })
  expect((await failure(agent.startSession('a', { id: 'monday' }))).code).toBe('CONFLICT')
  await t.admin.startSession('b', { id: 'monday' })
  for (const attempt of [
    () => agent.getSession('monday'),
    () => agent.endSession('monday'),
    () => Promise.resolve(agent.sessionMemories('monday')),
  ])
    expect((await failure(attempt())).code).toBe('CONFLICT')
  expect((await agent.getSession('monday', { namespace: 'b' })).agent_id).toBe('b')
  expect((await agent.endSession('monday', {}, { namespace: 'a' })).agent_id).toBe('a')
})

test('an append-only key starts a session, fills it, and learns nothing of it', async () => {
  await using t = await start()
  const publisher = await t.key({ inbox: 'write' })
  const session = await publisher.startSession('inbox')
  await publisher.storeMemory('inbox', { content: 'Published.', sessionId: session.id })
  const codes = await Promise.all(
    [
      publisher.startSession('inbox', { id: 'chosen' }),
      publisher.startSession('inbox', { id: session.id }),
      publisher.getSession(session.id),
      publisher.endSession(session.id),
      Promise.resolve(publisher.listSessions({ namespace: 'inbox' })),
    ].map(async (attempt) => (await failure(attempt)).code),
  )
  expect(codes).toEqual(['INSUFFICIENT_SCOPE', 'INSUFFICIENT_SCOPE', 'NOT_FOUND', 'NOT_FOUND', 'INSUFFICIENT_SCOPE'])
  expect(await publisher.listSessions()).toHaveLength(0)
  expect((await t.admin.getSession(session.id)).memory_count).toBe(1)
})

test('a start that is refused creates no namespace; one that is allowed does', async () => {
  await using t = await start()
  const publisher = await t.key({ fresh: 'write' })
  expect((await failure(publisher.startSession('fresh', { id: 'chosen' }))).code).toBe('INSUFFICIENT_SCOPE')
  expect(await t.admin.listNamespaces()).toHaveLength(0)
  await publisher.startSession('fresh')
  expect((await t.admin.listNamespaces()).map(({ name }) => name)).toEqual(['fresh'])
})

test("another agent's session answers like an id that never was", async () => {
  await using t = await start()
  const { id } = await t.admin.startSession('private')
  const stranger = await t.key({ own: 'read_write' })
  for (const attempt of [
    (session: string) => stranger.getSession(session),
    (session: string) => stranger.endSession(session, { summary: 'Mine.' }),
    (session: string) => Promise.resolve(stranger.sessionMemories(session)),
  ]) {
    const [hidden, absent] = [await failure(attempt(id)), await failure(attempt('ses_never'))]
    expect([hidden.status, hidden.code, hidden.body.error]).toEqual([404, 'NOT_FOUND', absent.body.error])
  }
  expect(await t.admin.getSession(id)).toMatchObject({ ended_at: null, summary: null })
  // Its id is free in the stranger's own namespace.
  expect((await stranger.startSession('own', { id })).agent_id).toBe('own')
})

test('a repeated start with its idempotency key starts once, and sessions go with their namespace', async () => {
  await using t = await start()
  const first = await t.admin.startSession('notes', {}, { idempotencyKey: 'once' })
  expect(await t.admin.startSession('notes', {}, { idempotencyKey: 'once' })).toEqual(first)
  expect((await t.admin.listSessions()).total).toBe(1)
  await t.admin.deleteNamespace('notes')
  expect((await failure(t.admin.getSession(first.id))).code).toBe('NOT_FOUND')
  expect(await t.owner((sql) => sql`select from sessions`)).toHaveLength(0)
})
