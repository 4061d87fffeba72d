import { expect, test } from 'vitest'
import { failure, start } from '../../../test/harness.ts'
import { expectError, send } from '../../../test/http-call.ts'
import { UsageCounter } from '../../db/counters/usage.ts'
import { hashSecret } from '../../principal.ts'

test('usage counts what was asked with a key, refused requests included', async () => {
  await using t = await start()
  const { key, key_id } = await t.admin.createKey({ name: 'agent', grants: { inbox: 'write', notes: 'read_write' } })
  expect(await t.admin.keyUsage(key_id)).toEqual({
    key_id,
    total_requests: 0,
    successful_requests: 0,
    failed_requests: 0,
    rate_limited_requests: 0,
    bytes_transferred: 0,
    avg_latency_ms: 0,
    last_used: null,
    by_endpoint: [],
    by_namespace: [],
  })
  const agent = t.client(key)
  await agent.storeMemory('notes', { content: 'One.' })
  await agent.storeMemory('notes', { content: 'Two.' })
  await agent.recall('notes', 'one')
  await failure(agent.recall('inbox', 'one')) // append-only
  await failure(agent.recall('foreign', 'one'))
  await failure(agent.storeMemory('notes', { content: '' }))
  await agent.whoami()
  const usage = await t.admin.keyUsage(key_id)
  expect(usage).toMatchObject({
    key_id,
    total_requests: 7,
    successful_requests: 4,
    failed_requests: 3,
    rate_limited_requests: 0,
    by_endpoint: [
      { endpoint: 'memories.recall', requests: 3 },
      { endpoint: 'memories.store', requests: 3 },
      { endpoint: 'keys.whoami', requests: 1 },
    ],
    by_namespace: [{ namespace: 'notes', requests: 3 }],
  })
  expect(usage.avg_latency_ms).toBeGreaterThan(0)
  expect(Date.now() / 1000 - (usage.last_used as number)).toBeLessThan(60)
})

test('bytes are those of the request and of a successful reply', async () => {
  await using t = await start()
  const { key, key_id } = await t.admin.createKey({ name: 'agent', grants: { notes: 'read_write' } })
  const stored = await send(t.url, '/v1/memory/store', {
    method: 'POST',
    key,
    body: { agent_id: 'notes', content: 'Größe: 5 µs' },
  })
  const sent = Buffer.byteLength(JSON.stringify({ agent_id: 'notes', content: 'Größe: 5 µs' }))
  expect((await t.admin.keyUsage(key_id)).bytes_transferred).toBe(sent + Buffer.byteLength(stored.text))
})

test('the namespace of a call is the one it named, wherever it stands', async () => {
  await using t = await start()
  for (const name of ['a', 'b']) await t.admin.createNamespace(name)
  const { key, key_id } = await t.admin.createKey({ name: 'agent', grants: { a: 'read_write', b: 'read_write' } })
  const agent = t.client(key)
  await agent.getNamespace('a') // in the path
  await agent.agentStats('a')
  await agent.listSessions({ namespace: 'a' }) // in the query
  await agent.listMemories('a') // in the body
  await agent.recall(['a'], 'x')
  await send(t.url, '/v1/memory/recall?agent_id=_dakera_agent_a&query=x', { key })
  await agent.recall(['a', 'b'], 'x') // two are none
  await failure(agent.getNamespace('system_x'))
  const { total_requests, by_namespace } = await t.admin.keyUsage(key_id)
  expect([total_requests, by_namespace]).toEqual([8, [{ namespace: 'a', requests: 6 }]])
})

test('all secrets of a key count together, also one that a rotation has just ended', async () => {
  await using t = await start()
  const { key, key_id } = await t.admin.createKey({ name: 'agent', grants: { a: 'read' } })
  await t.client(key).whoami()
  const { key: second } = await t.admin.rotateKey(key_id)
  await t.client(second).whoami()
  await failure(t.client(key).whoami()) // by now a secret that nobody issued
  await t.owner((sql) => sql`update keys set expires_at = now() where id = ${key_id}`)
  expect((await failure(t.client(second).whoami())).code).toBe('API_KEY_EXPIRED')
  expect(await t.admin.keyUsage(key_id)).toMatchObject({ total_requests: 3, failed_requests: 1 })
})

test('a secret that nobody issued, and a request without one, are counted nowhere', async () => {
  await using t = await start()
  await failure(t.client('dk-nobody-knows-this').whoami())
  await send(t.url, '/v1/memory/store', { method: 'POST', key: 'dk-nobody-knows-this', body: '{"broken' })
  await send(t.url, '/v1/auth/whoami')
  await t.usage.flush()
  expect(await t.owner((sql) => sql`select from key_usage`)).toHaveLength(0)
})

test('whoever is no admin has no counts written by asking for what an admin may', async () => {
  await using t = await start()
  const { key, key_id } = await t.admin.createKey({ name: 'agent', grants: { a: 'read_write' } })
  await t.client(key).whoami()
  for (const path of [`/v1/keys/${key_id}/usage`, `/v1/namespaces/a/keys/${key_id}/usage`])
    expectError(await send(t.url, path, { key }), 'INSUFFICIENT_SCOPE')
  expectError(await send(t.url, `/v1/keys/${key_id}/rotate`, { method: 'POST', key }), 'INSUFFICIENT_SCOPE')
  expect(await t.owner((sql) => sql`select from key_usage`)).toHaveLength(0)
})

test('names that a key makes up do not fill the table', async () => {
  await using t = await start()
  const { key, key_id } = await t.admin.createKey({ name: 'agent', grants: { a: 'read_write' } })
  for (let i = 0; i < 20; i++) await failure(t.client(key).recall(`made-up-${i}`, 'x'))
  await t.usage.flush()
  expect(
    await t.owner((sql) => sql`select namespace, requests::int from key_usage where key_id = ${key_id}`),
  ).toMatchObject([{ namespace: '', requests: 20 }])
})

test('the job of a running server writes the counts, several servers add up, and they go with the key', async () => {
  await using t = await start({ jobs: true })
  const { key, key_id } = await t.admin.createKey({ name: 'agent', grants: { a: 'read' } })
  const count = async () =>
    (
      await t.owner((sql) => sql<{ requests: number }[]>`select requests::int from key_usage where key_id = ${key_id}`)
    )[0]?.requests
  await t.client(key).whoami()
  await expect.poll(count, { interval: 100 }).toBe(1)
  const another = new UsageCounter(t.database)
  another.record({ keyHash: hashSecret(key), endpoint: 'keys.whoami', namespace: '', status: 429, bytes: 1, ms: 1 })
  await another.flush()
  expect(await t.admin.keyUsage(key_id)).toMatchObject({
    total_requests: 2,
    failed_requests: 1,
    rate_limited_requests: 1,
  })
  await t.admin.deleteKey(key_id)
  expect(await count()).toBeUndefined()
  expect((await failure(t.admin.keyUsage(key_id))).code).toBe('NOT_FOUND')
})
