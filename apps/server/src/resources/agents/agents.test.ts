import { expect, test } from 'vitest'
import { failure, start } from '../../../test/harness.ts'

test('agents are the namespaces a key may read, with what is in them', async () => {
  await using t = await start()
  await t.admin.storeMemories('ada', [{ content: 'One.' }, { content: 'Two.' }])
  const { id } = await t.admin.startSession('ada')
  await t.admin.startSession('ada')
  await t.admin.endSession(id)
  await t.admin.storeMemory('eve', { content: 'Private.' })
  await t.admin.createNamespace('empty')
  const ada = { agent_id: 'ada', memory_count: 2, session_count: 2, active_sessions: 1 }
  const empty = { agent_id: 'empty', memory_count: 0, session_count: 0, active_sessions: 0 }
  expect(await (await t.key({ ada: 'read', empty: 'read', eve: 'write' })).listAgents()).toEqual([ada, empty])
  expect((await t.admin.listAgents()).map(({ agent_id }) => agent_id)).toEqual(['ada', 'empty', 'eve'])
  expect(await (await t.key({ later: 'read' })).listAgents()).toEqual([])
})

test('stats count live memories by type, and tell their age and mean importance', async () => {
  await using t = await start()
  const agent = await t.key({ ada: 'read_write' })
  await agent.storeMemories('ada', [
    { content: 'One.', memoryType: 'semantic', importance: 0.8 },
    { content: 'Two.', importance: 0.1 },
    { content: 'Three.', memoryType: '__proto__', importance: 0.3 },
    { content: 'Brief.', ttlSeconds: 3600, importance: 1 },
  ])
  await agent.startSession('ada')
  await t.owner(
    (sql) => sql`update memories set expires_at = clock_timestamp() + interval '5 ms' where expires_at is not null`,
  )
  await new Promise((resolve) => setTimeout(resolve, 50))
  const stats = await agent.agentStats('ada')
  expect(stats).toMatchObject({ agent_id: 'ada', total_memories: 3, total_sessions: 1, active_sessions: 1 })
  expect(Object.entries(stats.memories_by_type).sort()).toEqual([
    ['__proto__', 1],
    ['episodic', 1],
    ['semantic', 1],
  ])
  expect(stats.avg_importance).toBeCloseTo(0.4, 10)
  expect(stats.oldest_memory_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  expect(Date.now() - Date.parse(stats.newest_memory_at as string)).toBeLessThan(60_000)
})

test('a namespace that is allowed and not there yet has empty stats and no memories', async () => {
  await using t = await start()
  const agent = await t.key({ later: 'read' })
  expect(await agent.agentStats('later')).toEqual({
    agent_id: 'later',
    total_memories: 0,
    memories_by_type: {},
    total_sessions: 0,
    active_sessions: 0,
    avg_importance: 0,
    oldest_memory_at: null,
    newest_memory_at: null,
  })
  expect(await agent.agentMemories('later')).toEqual([])
  expect(await t.admin.listNamespaces()).toHaveLength(0)
})

test('the memories of an agent are listed newest first, of one type, part by part', async () => {
  await using t = await start()
  for (const [content, memoryType] of [
    ['One.', 'semantic'],
    ['Two.', 'episodic'],
    ['Three.', 'semantic'],
  ] as const)
    await t.admin.storeMemory('ada', { content, memoryType })
  const contents = async (options: object) =>
    (await t.admin.agentMemories('ada', options)).map(({ content }) => content)
  expect(await contents({})).toEqual(['Three.', 'Two.', 'One.'])
  expect(await contents({ memoryType: 'semantic' })).toEqual(['Three.', 'One.'])
  expect(await contents({ limit: 1, offset: 1 })).toEqual(['Two.'])
  const walked: string[] = []
  for await (const { content } of t.admin.agentMemories('ada', { limit: 2 })) walked.push(content)
  expect(walked).toEqual(['Three.', 'Two.', 'One.'])
})

test('a name that no namespace can have is refused, and a foreign one looks like one that is not there', async () => {
  await using t = await start()
  await t.admin.storeMemory('private', { content: 'x' })
  const stranger = await t.key({ own: 'read_write' })
  expect((await failure(stranger.agentStats('system_x'))).code).toBe('INVALID_REQUEST')
  for (const call of [
    (name: string) => stranger.agentStats(name),
    (name: string) => Promise.resolve(stranger.agentMemories(name)),
  ]) {
    const [hidden, absent] = [await failure(call('private')), await failure(call('nowhere'))]
    expect([hidden.status, hidden.code, hidden.body.error]).toEqual([
      403,
      'NAMESPACE_ACCESS_DENIED',
      absent.body.error.replace('nowhere', 'private'),
    ])
  }
})
