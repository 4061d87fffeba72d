import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freshPlace, launch } from './child-server.ts'
import { ADMIN_KEY, failure, onOneEngine } from './harness.ts'
import { freePort } from './private-cluster.ts'

test('the log has every request with its id, and never a secret, a query or what a memory says', async () => {
  await using place = await freshPlace()
  await using server = launch({ ...place.settings, DAKERA_LOG_LEVEL: 'trace' })
  const admin = await server.client()
  const { key } = await admin.createKey({ name: 'agent', grants: { a: 'read_write' }, secret: 'dk-whispered-secret' })
  const agent = await server.client(key)
  await agent.storeMemory('a', {
    content: 'whispered content',
    id: 'one',
    metadata: { note: 'whispered metadata' },
    tags: ['whispered-tag'],
  })
  // Postgres repeats the row in its error
  await failure(agent.storeMemory('a', { content: 'whispered again', id: 'one' }))
  await failure(agent.storeMemory('a', { content: 'whispered\u0000' }))
  await agent.recall('a', 'whispered query')
  await failure((await server.client('dk-whispered-unknown')).recall('a', 'whispered stranger'))
  const url = await server.ready
  const headers = { authorization: `Bearer ${key}`, 'x-request-id': 'req-of-mine' }
  await fetch(`${url}/v1/memory/recall?agent_id=a&query=whispered+string&api_key=dk-whispered-third`, { headers })
  await fetch(`${url}/v1/memory/store`, {
    method: 'POST',
    headers,
    body: '{"agent_id": "a", "content": "whispered brok',
  })
  const { stdout, stderr } = await server.stop()

  expect(stderr).toContain('"request_id":"req-of-mine"')
  expect(stderr.split('\n').filter((line) => line.includes('/v1/memory/store'))).toHaveLength(4)
  for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg')
  for (const secret of ['whispered', ADMIN_KEY]) expect(stdout + stderr).not.toContain(secret)
})

test(
  'a line says who asked: the id of the key, the namespace, the address and the client; probes of health ' +
    'stand at debug',
  async () => {
    await using place = await freshPlace()
    await using server = launch({ ...place.settings, DAKERA_LOG_LEVEL: 'info', DAKERA_TRUST_PROXY: '1' })
    const admin = await server.client()
    const { key, key_id } = await admin.createKey({ name: 'agent', grants: { a: 'read_write' } })
    const url = await server.ready
    const call = (path: string, headers: Record<string, string>) =>
      fetch(url + path, { headers: { 'user-agent': `probe ${'x'.repeat(300)}`, ...headers } })
    await call('/v1/memory/recall?agent_id=a&query=x', {
      authorization: `Bearer ${key}`,
      'x-request-id': 'one',
      'x-forwarded-for': '192.0.2.1, 198.51.100.7',
    })
    await call('/v1/memory/recall?agent_id=b&query=x', { authorization: `Bearer ${key}`, 'x-request-id': 'two' })
    await call('/v1/auth/whoami', { authorization: 'Bearer dk-nobody-knows-this', 'x-request-id': 'three' })
    await call('/health/ready', { 'x-request-id': 'four' })
    const { stderr } = await server.stop()
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const line = (id: string) => lines.find(({ request_id }) => request_id === id)
    expect(line('one')).toMatchObject({
      key_id,
      namespace: 'a',
      client: '198.51.100.7',
      status: 200,
      user_agent: `probe ${'x'.repeat(194)}`,
    })
    expect(line('two')).toMatchObject({ key_id, namespace: 'b', client: '127.0.0.1', status: 403 })
    expect(line('three')).toMatchObject({ client: '127.0.0.1', status: 401 })
    expect(line('three')).not.toHaveProperty('key_id')
    expect(line('four')).toBeUndefined()
    expect(stderr).not.toContain(key)
  },
)

onOneEngine(
  'a log that nobody reads does not stop the server, and says afterwards how many lines are missing',
  async () => {
    await using place = await freshPlace()
    await using server = launch({ ...place.settings, DAKERA_LOG_LEVEL: 'info' })
    const url = await server.ready
    server.pauseLog()
    const headers = { 'user-agent': 'x'.repeat(200) }
    for (let i = 0; i < 50; i++)
      await Promise.all(Array.from({ length: 100 }, () => fetch(`${url}/v1/nothing`, { headers })))
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
    server.resumeLog()
    await expect
      .poll(() => fetch(`${url}/v1/nothing`).then(() => /"dropped":\d+/.test(server.said.stderr)), { timeout: 10_000 })
      .toBe(true)
    expect((await server.stop()).code).toBe(0)
  },
)

onOneEngine('a log that nobody reads does not keep a server from stopping', async () => {
  await using place = await freshPlace()
  await using server = launch({ ...place.settings, DAKERA_LOG_LEVEL: 'info' })
  const url = await server.ready
  server.pauseLog()
  for (let i = 0; i < 10; i++)
    await Promise.all(
      Array.from({ length: 100 }, () => fetch(`${url}/v1/nothing`, { headers: { 'user-agent': 'x'.repeat(200) } })),
    )
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0) // 1 where it had to be cut
})

onOneEngine('a server goes on when the reader of its log ends', async () => {
  await using place = await freshPlace()
  await using server = launch({ ...place.settings, DAKERA_LOG_LEVEL: 'info' })
  const url = await server.ready
  server.stopReading('stderr')
  for (let i = 0; i < 10; i++) expect((await fetch(`${url}/v1/nothing`)).status).toBe(404)
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
})

onOneEngine('a server starts when the reader of its greeting has ended', async () => {
  await using place = await freshPlace()
  const port = String(await freePort())
  await using server = launch({ ...place.settings, DAKERA_PORT: port })
  server.stopReading('stdout')
  const health = () =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      ({ status }) => status,
      () => 0,
    )
  await expect.poll(health).toBe(200)
  await sleep(500)
  expect(await health()).toBe(200)
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
})
