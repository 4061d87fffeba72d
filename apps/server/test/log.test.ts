import { expect, test } from 'vitest'
import { freshPlace, launch } from './child-server.ts'
import { ADMIN_KEY, failure } from './harness.ts'

test('the log has every request with its id, and never a secret, a query or what a memory says', async () => {
  await using place = await freshPlace()
  await using server = launch({ ...place.settings, DAKERA_LOG_LEVEL: 'trace' })
  const admin = await server.client()
  const { key } = await admin.createKey({ name: 'agent', grants: { a: 'read_write' }, secret: 'dk-whispered-secret' })
  const agent = await server.client(key)
  await agent.storeMemory('a', { content: 'whispered content', id: 'one', metadata: { note: 'whispered metadata' }, tags: ['whispered-tag'] })
  await failure(agent.storeMemory('a', { content: 'whispered again', id: 'one' })) // Postgres repeats the row in its error
  await failure(agent.storeMemory('a', { content: 'whispered\u0000' }))
  await agent.recall('a', 'whispered query')
  await failure((await server.client('dk-whispered-unknown')).recall('a', 'whispered stranger'))
  const url = await server.ready
  const headers = { authorization: `Bearer ${key}`, 'x-request-id': 'req-of-mine' }
  await fetch(`${url}/v1/memory/recall?agent_id=a&query=whispered+string&api_key=dk-whispered-third`, { headers })
  await fetch(`${url}/v1/memory/store`, { method: 'POST', headers, body: '{"agent_id": "a", "content": "whispered brok' })
  const { stdout, stderr } = await server.stop()

  expect(stderr).toContain('"request_id":"req-of-mine"')
  expect(stderr.split('\n').filter((line) => line.includes('/v1/memory/store'))).toHaveLength(4)
  for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg')
  for (const secret of ['whispered', ADMIN_KEY]) expect(stdout + stderr).not.toContain(secret)
})
