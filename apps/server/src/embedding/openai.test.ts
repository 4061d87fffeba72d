import { describe, expect, test } from 'vitest'
import { chooseEmbedder } from './choose.ts'
import { type Embedder, EmbedderMisconfigured, type EmbedderUnavailable } from './embedder.ts'
import { answerVectors, expectNear, failure, openEmbedder, SECRET, sendJson, startOpenAiServer, vectorOf } from './openai-server.fixture.ts'

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
async function fail(embedder: Embedder, times: number): Promise<void> {
  for (let n = 0; n < times; n++) await failure(embedder.embed([`failing ${n}`]))
}

describe('it works', () => {
  test('vectors come in the order of the texts, at length 1, with the key in the header', async () => {
    await using server = await startOpenAiServer()
    const embedder = await openEmbedder(server)
    const [first, second] = await embedder.embed(['alpha', 'a longer text'])
    expectNear(first, 'alpha')
    expectNear(second, 'a longer text')
    expect(server.calls).toHaveLength(1)
    expect(server.calls[0]).toMatchObject({ model: 'local-model', encoding_format: 'base64', authorization: `Bearer ${SECRET}` })
    expect(embedder).toMatchObject({ model: 'local-model@8', dimension: 8, isLocal: false })
  })

  test('a server that answers floats although base64 was asked', async () => {
    await using server = await startOpenAiServer((call, response) => answerVectors({ ...call, encoding_format: 'float' }, response))
    expectNear((await (await openEmbedder(server)).embed(['alpha']))[0], 'alpha')
  })

  test('a server that refuses base64 is asked for floats from then on', async () => {
    await using server = await startOpenAiServer((call, response) => {
      if (call.encoding_format !== 'float') return sendJson(response, 400, { error: { message: 'encoding_format must be float' } })
      answerVectors(call, response)
    })
    const embedder = await openEmbedder(server)
    expectNear((await embedder.embed(['alpha']))[0], 'alpha')
    expectNear((await embedder.embed(['beta']))[0], 'beta')
    expect(server.calls.map((call) => call.encoding_format)).toEqual(['base64', 'float', 'float'])
  })

  test('a reply out of order is put in order by its indexes', async () => {
    await using server = await startOpenAiServer((call, response) => {
      const data = call.input.map((text, index) => ({ index, embedding: vectorOf(text, 8) })).reverse()
      sendJson(response, 200, { data })
    })
    const [first, second] = await (await openEmbedder(server)).embed(['alpha', 'a longer text'])
    expectNear(first, 'alpha')
    expectNear(second, 'a longer text')
  })

  test('a server of your own needs no key, and gets none', async () => {
    await using server = await startOpenAiServer()
    const embedder = await chooseEmbedder({ provider: 'openai', baseUrl: server.url, model: 'local-model', dimension: 8 })
    await embedder.embed(['alpha'])
    expect(server.calls[0]?.authorization).toBeUndefined()
  })

  test('an empty text has no vector and is not sent; neither has a vector of zeros a direction', async () => {
    await using server = await startOpenAiServer((call, response) =>
      sendJson(response, 200, { data: call.input.map((_, index) => ({ index, embedding: new Array(8).fill(0) })) }),
    )
    const embedder = await openEmbedder(server)
    expect(await embedder.embed(['', ' \n'])).toEqual([null, null])
    expect(server.calls).toHaveLength(0)
    expect(await embedder.embed(['alpha'])).toEqual([null])
  })
})

describe('an outage', () => {
  test('of one 500 is retried and not seen', async () => {
    await using server = await startOpenAiServer((call, response, number) => (number === 1 ? sendJson(response, 500, {}) : answerVectors(call, response)))
    expectNear((await (await openEmbedder(server)).embed(['alpha']))[0], 'alpha')
    expect(server.calls).toHaveLength(2)
  })

  test('a 429 with a short Retry-After is waited for', async () => {
    await using server = await startOpenAiServer((call, response, number) =>
      number === 1 ? sendJson(response, 429, {}, { 'retry-after': '1' }) : answerVectors(call, response),
    )
    const embedder = await openEmbedder(server)
    expect(await secondsOf(() => embedder.embed(['alpha']))).toBeGreaterThan(0.95)
    expect(server.calls).toHaveLength(2)
  })

  test('a 429 with a long Retry-After is passed on, and the provider is left alone until then', async () => {
    await using server = await startOpenAiServer((_, response) =>
      sendJson(response, 429, { error: { message: 'slow down', code: 'rate_limit_exceeded' } }, { 'retry-after': '30' }),
    )
    const embedder = await openEmbedder(server)
    const error = await failure(embedder.embed(['alpha']))
    expect(error.retryAfterSeconds).toBe(30)
    expect(error.message).toContain('rate_limit_exceeded')
    expect((await failure(embedder.embed(['beta']))).retryAfterSeconds).toBeGreaterThan(28)
    expect(server.calls).toHaveLength(1)
  })

  test('a provider that never answers costs no more than the time-out', async () => {
    await using server = await startOpenAiServer(() => {})
    const embedder = await openEmbedder(server, { timeoutMs: 1000 })
    expect(await secondsOf(() => failure(embedder.embed(['alpha'])))).toBeLessThan(1.5)
    expect(server.calls.length).toBeGreaterThan(1)
  })

  test('nor does one that stops in the middle of its answer', async () => {
    await using server = await startOpenAiServer((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{"data": ['))
    const embedder = await openEmbedder(server, { timeoutMs: 600 })
    let error: EmbedderUnavailable | undefined
    expect(await secondsOf(async () => (error = await failure(embedder.embed(['alpha']))))).toBeLessThan(1.2)
    expect(error?.message).toMatch(/did not answer within/)
  })

  test('a refused connection says where and why', async () => {
    const server = await startOpenAiServer()
    const embedder = await openEmbedder(server)
    await server.stop()
    const error = await failure(embedder.embed(['alpha']))
    expect(error.message).toContain(`Cannot reach ${server.url} (ECONNREFUSED)`)
    expect(error.retryAfterSeconds).toBeGreaterThan(0)
    expect(await embedder.check()).toMatchObject({ ok: false, message: expect.stringContaining('ECONNREFUSED') })
  })

  test('at start, with a dimension to be learnt, says what to set', async () => {
    const server = await startOpenAiServer()
    await server.stop()
    const error = await failure(chooseEmbedder({ provider: 'openai', baseUrl: server.url, model: 'local-model' }))
    expect(error.message).toMatch(/ECONNREFUSED.*OPENAI_BASE_URL.*DAKERA_EMBEDDING_DIMENSION/)
  })

  test('after five failures callers are answered at once, and one call later tries again', async () => {
    const server = await startOpenAiServer((_, response) => sendJson(response, 500, {}))
    const embedder = await openEmbedder(server)
    await fail(embedder, 2)
    expect(server.calls).toHaveLength(5)
    const seconds = await secondsOf(async () => {
      const error = await failure(embedder.embed(['alpha']))
      expect(error.retryAfterSeconds).toBeGreaterThan(8)
      expect(await embedder.check()).toMatchObject({ ok: false, message: expect.stringContaining('answered 500') })
    })
    expect(seconds).toBeLessThan(0.05)
    expect(server.calls).toHaveLength(5)
    await server.stop()
  })
})

describe('a reply that cannot be right is never taken', () => {
  const replies: [string, RegExp, (texts: string[]) => unknown][] = [
    ['too few vectors', /answered 1 vectors for 2 texts/, () => ({ data: [{ index: 0, embedding: vectorOf('a', 8) }] })],
    ['two vectors with one index', /numbers its vectors wrongly/, (texts) => ({ data: texts.map((text) => ({ index: 0, embedding: vectorOf(text, 8) })) })],
    ['an index outside', /numbers its vectors wrongly/, (texts) => ({ data: texts.map((text, i) => ({ index: i + 1, embedding: vectorOf(text, 8) })) })],
    ['no data', /does not answer like an embeddings API/, () => ({ result: 'ok' })],
    ['null for a number', /no numbers/, (texts) => ({ data: texts.map((_, index) => ({ index, embedding: [null, ...new Array(7).fill(1)] })) })],
    ['null for a vector', /no vector|cannot be read/, (texts) => ({ data: texts.map((_, index) => ({ index, embedding: null })) })],
    ['null for an entry', /no vector|cannot be read/, (texts) => ({ data: texts.map(() => null) })],
    [
      'NaN in base64',
      /no numbers/,
      (texts) => ({ data: texts.map((_, index) => ({ index, embedding: Buffer.from(new Float32Array(8).fill(Number.NaN).buffer).toString('base64') })) }),
    ],
  ]
  test.each(replies)('%s', async (_, message, reply) => {
    await using server = await startOpenAiServer((call, response) => sendJson(response, 200, reply(call.input)))
    const error = await failure((await openEmbedder(server)).embed(['alpha', 'beta']))
    expect(error.message).toMatch(message)
  })

  test('HTML instead of JSON points at the address', async () => {
    await using server = await startOpenAiServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>'))
    const error = await failure((await openEmbedder(server)).embed(['alpha']))
    expect(error).toBeInstanceOf(EmbedderMisconfigured)
    expect(error.message).toMatch(/OPENAI_BASE_URL/)
  })

  test('one bad vector spoils only its own text', async () => {
    await using server = await startOpenAiServer((call, response) =>
      sendJson(response, 200, { data: call.input.map((text, index) => ({ index, embedding: text === 'bad' ? new Array(8).fill(null) : vectorOf(text, 8) })) }),
    )
    const embedder = await openEmbedder(server)
    const [good, bad] = await Promise.allSettled([embedder.embed(['good']), embedder.embed(['bad'])])
    expect([good.status, bad.status, server.calls.length]).toEqual(['fulfilled', 'rejected', 1])
  })
})

test('it can always say whether it is ready, and asks the provider at most once', async () => {
  await using server = await startOpenAiServer()
  const embedder = await openEmbedder(server)
  expect(await Promise.all([embedder.check(), embedder.check()])).toEqual([{ ok: true }, { ok: true }])
  expect(await embedder.check()).toEqual({ ok: true })
  expect(server.calls).toHaveLength(1)
})
