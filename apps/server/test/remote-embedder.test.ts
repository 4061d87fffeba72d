import { expect, test } from 'vitest'
import { chooseEmbedder } from '../src/embedding/choose.ts'
import { answerVectors, sendJson, startOpenAiServer } from '../src/embedding/openai-server.fixture.ts'
import { failure, start } from './harness.ts'

const remote = (baseUrl: string) => chooseEmbedder({ provider: 'openai', apiKey: 'sk-test', baseUrl, model: 'small-model', dimension: 64, timeoutMs: 500 })

test('with a remote embedder a memory is stored and recalled in its dimension', async () => {
  await using provider = await startOpenAiServer((call, response) => answerVectors(call, response, 64))
  await using t = await start({ embedder: await remote(provider.url) })
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { content: 'The heron nests in spring.' })
  expect((await agent.recall('a', 'The heron nests in spring.', { routing: 'vector' }))[0]?.vectorScore).toBeCloseTo(1, 2)
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
  expect((await agent.recall('a', 'stored', { routing: 'bm25' })).map(({ content }) => content)).toEqual(['stored before'])
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
  const { settleEmbeddingSpace } = await import('../src/db/first-start.ts')
  const embedder = await remote(provider.url)
  await expect(t.owner((sql) => settleEmbeddingSpace(sql, embedder))).rejects.toThrow(/static-minilm-256-v1.*DAKERA_EMBEDDING_MODEL/)
})
