import { describe, expect, test } from 'vitest'
import { chooseEmbedder } from './choose.ts'
import { EmbedderMisconfigured } from './embedder.ts'
import {
  answerVectors,
  embed,
  expectNear,
  failure,
  openEmbedder,
  SECRET,
  sendJson,
  startOpenAiServer,
} from './openai-server.fixture.ts'

test('without a provider the built-in embedder is chosen', async () => {
  expect(await chooseEmbedder({ provider: 'builtin' })).toMatchObject({
    model: 'static-minilm-256-v1',
    dimension: 256,
    isLocal: true,
  })
})

describe('the dimension', () => {
  test('of an unknown model is learnt from one request', async () => {
    await using server = await startOpenAiServer((call, response) => answerVectors(call, response, 12))
    const embedder = await chooseEmbedder({ provider: 'openai', baseUrl: server.url, model: 'nomic-embed-text:latest' })
    expect([embedder.dimension, embedder.model, server.calls.length]).toEqual([12, 'nomic-embed-text:latest@12', 1])
  })

  test("of OpenAI's models is known without asking", async () => {
    await using server = await startOpenAiServer((call, response) => answerVectors(call, response, 1536))
    const embedder = await chooseEmbedder({ provider: 'openai', baseUrl: server.url, model: 'text-embedding-3-small' })
    expect([embedder.dimension, server.calls.length]).toEqual([1536, 0])
    await embed(embedder, ['alpha'])
    expect(server.calls[0]).not.toHaveProperty('dimensions')
  })

  test('is asked for when it is set to less than the model gives', async () => {
    await using server = await startOpenAiServer()
    const embedder = await openEmbedder(server, { model: 'text-embedding-3-large', dimension: 256 })
    expectNear((await embed(embedder, ['alpha']))[0], 'alpha', 256)
    expect(server.calls[0]?.dimensions).toBe(256)
  })

  test('is not asked for a second time where the server does not know how', async () => {
    await using server = await startOpenAiServer((call, response) => {
      if (call.dimensions)
        return sendJson(response, 400, { error: { message: 'this model does not support matryoshka representation' } })
      answerVectors(call, response)
    })
    expectNear((await embed(await openEmbedder(server), ['alpha']))[0], 'alpha')
    expect(server.calls.map((call) => call.dimensions)).toEqual([8, undefined])
  })

  test('that the model cannot give is refused at start', async () => {
    const error = await failure(
      chooseEmbedder({ provider: 'openai', apiKey: SECRET, model: 'text-embedding-ada-002', dimension: 512 }),
    )
    expect(error).toBeInstanceOf(EmbedderMisconfigured)
    expect(error.message).toMatch(/1536.*DAKERA_EMBEDDING_DIMENSION/)
  })

  test('that differs in a reply is an error, never a stored vector', async () => {
    await using server = await startOpenAiServer((call, response) => answerVectors(call, response, 16))
    const error = await failure(embed(await openEmbedder(server), ['alpha']))
    expect(error).toBeInstanceOf(EmbedderMisconfigured)
    expect(error.message).toMatch(/returns 16 dimensions instead of 8.*DAKERA_EMBEDDING_DIMENSION/)
    expect(server.calls).toHaveLength(1)
  })
})

describe('what the operator set wrongly is named', () => {
  test.each([
    [401, /OPENAI_API_KEY/],
    [404, /DAKERA_EMBEDDING_MODEL.*OPENAI_BASE_URL/],
    [405, /OPENAI_BASE_URL/],
  ])('a %i', async (status, message) => {
    await using server = await startOpenAiServer((call, response) =>
      sendJson(response, status, { error: { message: `wrong ${call.authorization} for ${call.input[0]}` } }),
    )
    const embedder = await openEmbedder(server)
    const error = await failure(embed(embedder, ['my private note']))
    expect(error).toBeInstanceOf(EmbedderMisconfigured)
    expect(error.message).toMatch(message)
    for (const shown of [
      error.message,
      String(error.stack),
      JSON.stringify(error),
      JSON.stringify(await embedder.check()),
    ]) {
      expect(shown).not.toContain(SECRET)
      expect(shown).not.toContain('private')
    }
    expect(error.cause).toBeUndefined()
    expect(server.calls.length).toBeLessThanOrEqual(2)
  })

  test("at start with the provider's own words, the key taken out", async () => {
    await using server = await startOpenAiServer((call, response) =>
      sendJson(response, 400, { error: { message: `no embeddings here, ${call.authorization}` } }),
    )
    const error = await failure(
      chooseEmbedder({ provider: 'openai', apiKey: SECRET, baseUrl: server.url, model: 'chat-model' }),
    )
    expect(error.message).toMatch(/no embeddings here, Bearer \[key\]/)
  })

  test.each([
    [{ model: '' }, /DAKERA_EMBEDDING_MODEL/],
    [{ apiKey: '' }, /OPENAI_API_KEY/],
    [{ apiKey: `${SECRET}\n` }, /OPENAI_API_KEY/],
    [{ baseUrl: 'localhost:11434' }, /OPENAI_BASE_URL/],
    [{ baseUrl: `http://user:${SECRET}@localhost/v1` }, /OPENAI_API_KEY/],
  ])('%j', async (settings, message) => {
    const error = await failure(chooseEmbedder({ provider: 'openai', model: 'text-embedding-3-small', ...settings }))
    expect(error).toBeInstanceOf(EmbedderMisconfigured)
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain(SECRET)
  })
})
