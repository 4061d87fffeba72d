import { describe, expect, test } from 'vitest'
import { chooseEmbedder } from '../src/embedding/choose.ts'
import { answerVectors, sendJson, startOpenAiServer } from '../src/embedding/openai-server.fixture.ts'
import { failure, start } from './harness.ts'
import { expectError, send } from './http-call.ts'

const remote = (baseUrl: string, timeoutMs = 500) =>
  chooseEmbedder({ provider: 'openai', apiKey: 'sk-test', baseUrl, model: 'small-model', dimension: 64, timeoutMs })

test('with a remote embedder a memory is stored and recalled in its dimension', async () => {
  await using provider = await startOpenAiServer((call, response) => answerVectors(call, response, 64))
  await using t = await start({ embedder: await remote(provider.url) })
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { content: 'The heron nests in spring.' })
  expect((await agent.recall('a', 'The heron nests in spring.', { routing: 'vector' }))[0]?.vectorScore).toBeCloseTo(
    1,
    2,
  )
  expect(provider.calls.flatMap(({ input }) => input)).toContain('The heron nests in spring.')
})

test('a provider that fails gives 503 with Retry-After, stores nothing, and recall by words goes on', async () => {
  await using provider = await startOpenAiServer((call, response) => answerVectors(call, response, 64))
  await using t = await start({ embedder: await remote(provider.url) })
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { content: 'stored before' })
  provider.behaviour.answer = (_call, response) => sendJson(response, 500, { error: { message: 'sk-test is the key' } })
  const refused = await failure(agent.storeMemory('a', { content: 'never stored' }))
  expect([refused.status, refused.code]).toEqual([503, 'SERVICE_UNAVAILABLE'])
  expect(refused.message).not.toContain('sk-test')
  expect(refused).toMatchObject({ retryAfter: expect.any(Number) })
  expect((await agent.listMemories('a')).total).toBe(1)
  expect((await agent.recall('a', 'stored', { routing: 'bm25' })).map(({ content }) => content)).toEqual([
    'stored before',
  ])
})

test('who may not use the namespace costs the provider nothing', async () => {
  await using provider = await startOpenAiServer((call, response) => answerVectors(call, response, 64))
  await using t = await start({ embedder: await remote(provider.url) })
  const reader = await t.key({ a: 'read' })
  const before = provider.calls.length
  expect((await failure(reader.storeMemory('a', { content: 'x' }))).code).toBe('INSUFFICIENT_SCOPE')
  expect((await failure(reader.recall('b', 'x'))).code).toBe('NAMESPACE_ACCESS_DENIED')
  expect((await failure(t.client('dk-unknown').recall('a', 'x'))).code).toBe('INVALID_API_KEY')
  expect(provider.calls.length).toBe(before)
})

test('a database made with one model refuses another', async () => {
  await using provider = await startOpenAiServer((call, response) => answerVectors(call, response, 64))
  await using t = await start()
  const { ensureEmbeddingSpace } = await import('../src/db/bootstrap.ts')
  const embedder = await remote(provider.url)
  await expect(t.owner((sql) => ensureEmbeddingSpace(sql, embedder))).rejects.toThrow(
    /static-minilm-256-v1.*DAKERA_EMBEDDING_MODEL/,
  )
})

test('how long embedding took tells nobody what another key has said or asked', async () => {
  await using provider = await startOpenAiServer(
    (call, response) => void setTimeout(() => answerVectors(call, response, 64), 120),
  )
  await using t = await start({ embedder: await remote(provider.url) })
  const [bank, spy] = [await t.key({ bank: 'read_write' }), await t.secret({ spy: 'write' })]
  await bank.storeMemory('bank', { content: 'The client will default on 14 March.' })
  await bank.recall('bank', 'who defaults in March')
  const msOf = async (content: string) => {
    const { json } = await send(t.url, '/v1/memory/store', {
      method: 'POST',
      key: spy,
      body: { agent_id: 'spy', content },
    })
    return (json as { embedding_time_ms: number }).embedding_time_ms
  }
  for (const guess of [
    'The client will default on 13 March.',
    'The client will default on 14 March.',
    'who defaults in March',
  ])
    expect(await msOf(guess)).toBeGreaterThan(100)
  // Nor is it shared while it is under way for the other key.
  const under = bank.storeMemory('bank', { content: 'said just now' })
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(await msOf('said just now')).toBeGreaterThan(100)
  await under
  const calls = provider.calls.length
  await msOf('said just now')
  expect(provider.calls.length, "one's own are known").toBe(calls)
})

describe('a text that the provider alone cannot take', () => {
  const stage = async () => {
    const provider = await startOpenAiServer((call, response) =>
      call.input.some((text) => text.startsWith('bad'))
        ? sendJson(response, 500, { error: { message: 'NaN' } })
        : answerVectors(call, response, 64),
    )
    return { provider, t: await start({ embedder: await remote(provider.url, 10_000) }) }
  }

  test('is 400 with its place, and nothing of its call is stored', async () => {
    const { provider, t } = await stage()
    const key = await t.secret({ a: 'read_write' })
    const ask = (path: string, body: object, method = 'POST') => send(t.url, path, { method, key, body })
    expectError(
      await ask('/v1/memory/store', { agent_id: 'a', content: 'bad' }),
      'INVALID_REQUEST',
      /^content: .*rejects this text/,
    )
    const batch = await ask('/v1/memories/store/batch', {
      agent_id: 'a',
      memories: [{ content: 'good' }, { content: 'bad one' }, { content: 'bad two' }],
    })
    expectError(batch, 'INVALID_REQUEST', /^memories\.1\.content: .*\(and 1 more\)/)
    expect((batch.json as { issues: { path: string }[] }).issues.map(({ path }) => path)).toEqual([
      'memories.1.content',
      'memories.2.content',
    ])
    expectError(await ask('/v1/memory/recall', { agent_id: 'a', query: 'bad question' }), 'INVALID_REQUEST', /^query: /)
    expect((await ask('/v1/memory/store', { agent_id: 'a', id: 'doc', content: 'good' })).status).toBe(200)
    expectError(await ask('/v1/memory/update/doc', { content: 'bad again' }, 'PUT'), 'INVALID_REQUEST', /^content: /)
    expect((await t.client(key).listMemories('a')).total).toBe(1)
    await t[Symbol.asyncDispose]()
    await provider.stop()
  })

  test('harms nobody else, however often two keys send it', async () => {
    const { provider, t } = await stage()
    const [one, two] = [await t.secret({ a: 'read_write' }), await t.secret({ b: 'read_write' })]
    const ordinary = await t.key({ c: 'read_write' })
    const hostile = [one, two].map(async (key, i) => {
      for (let n = 0; n < 5; n++) {
        const answer = await send(t.url, '/v1/memory/store', {
          method: 'POST',
          key,
          body: { agent_id: i === 0 ? 'a' : 'b', content: `bad ${i} ${n}` },
        })
        expectError(answer, 'INVALID_REQUEST')
      }
    })
    for (let n = 0; n < 10; n++) {
      await ordinary.storeMemory('c', { content: `good ${n}` })
      expect((await send(t.url, '/health/ready')).status).toBe(200)
    }
    await Promise.all(hostile)
    expect((await ordinary.listMemories('c')).total).toBe(10)
    await t[Symbol.asyncDispose]()
    await provider.stop()
  })
})
