import { expect, test } from 'vitest'
import { ADMIN_KEY, failure, start } from '../../../test/harness.ts'

test('a namespace is created, found, listed and deleted', async () => {
  await using t = await start()
  const created = await t.admin.createNamespace('team-shared', {
    description: 'Verified findings',
    metadata: { team: 'a' },
  })
  expect(created).toMatchObject({
    namespace: 'team-shared',
    dimension: 256,
    distance: 'cosine',
    memory_count: 0,
    description: 'Verified findings',
    metadata: { team: 'a' },
    created: true,
  })
  await t.admin.storeMemory('team-shared', { content: 'The budget is 40k.' })
  expect(await t.admin.getNamespace('team-shared')).toMatchObject({ memory_count: 1, vector_count: 1 })
  expect(
    (await t.admin.listNamespaces()).map(({ name, memory_count, access }) => [name, memory_count, access]),
  ).toEqual([['team-shared', 1, 'read_write']])
  expect(await t.admin.deleteNamespace('team-shared')).toEqual({
    namespace: 'team-shared',
    deleted: true,
    vectors_deleted: 1,
  })
  expect(await t.admin.listNamespaces()).toHaveLength(0)
  expect((await failure(t.admin.getNamespace('team-shared'))).code).toBe('NAMESPACE_NOT_FOUND')
  expect((await failure(t.admin.deleteNamespace('team-shared'))).code).toBe('NAMESPACE_NOT_FOUND')
})

test('creating one that exists is harmless, unless the body disagrees', async () => {
  await using t = await start()
  const put = async (name: string, body: object) => {
    const response = await t.fetch('/v1/namespaces', {
      method: 'POST',
      key: ADMIN_KEY,
      body: JSON.stringify({ name, ...body }),
    })
    return [response.status, ((await response.json()) as { code?: string }).code]
  }
  expect(await put('a', { dimension: 1024, metadata: { x: 1, y: 2 } })).toEqual([201, undefined])
  expect(await put('a', {})).toEqual([200, undefined])
  expect(await put('a', { metadata: { y: 2, x: 1 }, dimension: 1024 })).toEqual([200, undefined])
  expect(await put('a', { dimension: 3 })).toEqual([409, 'CONFLICT'])
  expect(await put('_dakera_agent_a', {})).toEqual([200, undefined])
})

test('an upsert makes or changes one, and an empty body is enough', async () => {
  await using t = await start()
  const response = await t.fetch('/v1/namespaces/agent', { method: 'PUT', key: ADMIN_KEY })
  expect(await response.json()).toMatchObject({ namespace: 'agent', created: true })
  expect(await t.admin.upsertNamespace('agent', { description: 'mine' })).toMatchObject({
    description: 'mine',
    created: false,
  })
  expect(await t.admin.upsertNamespace('agent', {})).toMatchObject({ description: 'mine' })
  expect(await t.admin.upsertNamespace('agent', { dimension: 8 })).toMatchObject({ dimension: 8 })
  await t.admin.storeMemory('agent', { content: 'x' })
  expect((await failure(t.admin.upsertNamespace('agent', { dimension: 9 }))).code).toBe('CONFLICT')
})

test('replies name the namespace as clients in the field read it: never both ways in a single one', async () => {
  await using t = await start()
  const one = await t.admin.createNamespace('a')
  expect(Object.keys(one)).not.toContain('name')
  expect(Object.keys(one)).not.toContain('dimensions')
  const list = (await (await t.fetch('/v1/namespaces', { key: ADMIN_KEY })).json()) as {
    namespaces: unknown
    items: unknown[]
  }
  expect(list.namespaces).toEqual(['a'])
  expect(list.items).toHaveLength(1)
})

test('a write creates the namespace a grant names; a read creates nothing', async () => {
  await using t = await start()
  const agent = await t.key({ fresh: 'read_write' })
  expect(await agent.recall('fresh', 'anything')).toHaveLength(0)
  expect(await t.admin.recall('absent', 'anything')).toHaveLength(0)
  expect(await t.admin.listNamespaces()).toHaveLength(0)
  expect((await failure(agent.getNamespace('fresh'))).code).toBe('NAMESPACE_NOT_FOUND')
  await agent.storeMemory('fresh', { content: 'first' })
  expect((await agent.listNamespaces()).map(({ name }) => name)).toEqual(['fresh'])
})

test("the grants on a namespace die with it, so a new one of that name is nobody else's", async () => {
  await using t = await start()
  const agent = await t.key({ mine: 'read_write' })
  await agent.storeMemory('mine', { content: 'old' })
  await t.admin.deleteNamespace('mine')
  expect((await failure(agent.recall('mine', 'old'))).code).toBe('NAMESPACE_ACCESS_DENIED')
  await t.admin.storeMemory('mine', { content: 'new' })
  expect((await failure(agent.recall('mine', 'new'))).code).toBe('NAMESPACE_ACCESS_DENIED')
  expect(await t.admin.recall('mine', 'old')).not.toContainEqual(expect.objectContaining({ content: 'old' }))
})

test('namespaces are listed by name, page by page', async () => {
  await using t = await start()
  for (const name of ['c', 'a', 'e', 'b', 'd']) await t.admin.createNamespace(name)
  const first = (await (await t.fetch('/v1/namespaces?limit=2', { key: ADMIN_KEY })).json()) as {
    namespaces: string[]
    next_cursor: string
  }
  expect(first.namespaces).toEqual(['a', 'b'])
  const second = (await (
    await t.fetch(`/v1/namespaces?limit=9&cursor=${first.next_cursor}`, { key: ADMIN_KEY })
  ).json()) as { namespaces: string[] }
  expect(second).toMatchObject({ namespaces: ['c', 'd', 'e'] })
  expect(second).not.toHaveProperty('next_cursor')
})
