import { describe, expect, test } from 'vitest'
import { chooseEmbedder } from './choose.ts'
import { type Embedder, EmbedderMisconfigured, type EmbedderUnavailable, TextRefused } from './embedder.ts'
import {
  answerVectors,
  embed,
  expectNear,
  failure,
  openEmbedder,
  SECRET,
  sendJson,
  startOpenAiServer,
  vectorOf,
} from './openai-server.fixture.ts'

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
async function fail(embedder: Embedder, times: number): Promise<void> {
  for (let n = 0; n < times; n++) await failure(embed(embedder, [`failing ${n}`]))
}

describe('it works', () => {
  test('vectors come in the order of the texts, at length 1, with the key in the header', async () => {
    await using server = await startOpenAiServer()
    const embedder = await openEmbedder(server)
    const [first, second] = await embed(embedder, ['alpha', 'a longer text'])
    expectNear(first, 'alpha')
    expectNear(second, 'a longer text')
    expect(server.calls).toHaveLength(1)
    expect(server.calls[0]).toMatchObject({
      model: 'local-model',
      encoding_format: 'base64',
      authorization: `Bearer ${SECRET}`,
    })
    expect(embedder).toMatchObject({ model: 'local-model@8', dimension: 8, isLocal: false })
  })

  test('a server that answers floats although base64 was asked', async () => {
    await using server = await startOpenAiServer((call, response) =>
      answerVectors({ ...call, encoding_format: 'float' }, response),
    )
    expectNear((await embed(await openEmbedder(server), ['alpha']))[0], 'alpha')
  })

  test('a server that refuses base64 is asked for floats from then on', async () => {
    await using server = await startOpenAiServer((call, response) => {
      if (call.encoding_format !== 'float')
        return sendJson(response, 400, { error: { message: 'encoding_format must be float' } })
      answerVectors(call, response)
    })
    const embedder = await openEmbedder(server)
    expectNear((await embed(embedder, ['alpha']))[0], 'alpha')
    expectNear((await embed(embedder, ['beta']))[0], 'beta')
    expect(server.calls.map((call) => call.encoding_format)).toEqual(['base64', 'float', 'float'])
  })

  test('a reply out of order is put in order by its indexes', async () => {
    await using server = await startOpenAiServer((call, response) => {
      const data = call.input.map((text, index) => ({ index, embedding: vectorOf(text, 8) })).reverse()
      sendJson(response, 200, { data })
    })
    const [first, second] = await embed(await openEmbedder(server), ['alpha', 'a longer text'])
    expectNear(first, 'alpha')
    expectNear(second, 'a longer text')
  })

  test('a server of your own needs no key, and gets none', async () => {
    await using server = await startOpenAiServer()
    const embedder = await chooseEmbedder({
      provider: 'openai',
      baseUrl: server.url,
      model: 'local-model',
      dimension: 8,
    })
    await embed(embedder, ['alpha'])
    expect(server.calls[0]?.authorization).toBeUndefined()
  })

  test('an empty text has no vector and is not sent; neither has a vector of zeros a direction', async () => {
    await using server = await startOpenAiServer((call, response) =>
      sendJson(response, 200, { data: call.input.map((_, index) => ({ index, embedding: new Array(8).fill(0) })) }),
    )
    const embedder = await openEmbedder(server)
    expect(await embed(embedder, ['', ' \n'])).toEqual([null, null])
    expect(server.calls).toHaveLength(0)
    expect(await embed(embedder, ['alpha'])).toEqual([null])
  })
})

describe('an outage', () => {
  test('of one 500 is retried and not seen', async () => {
    await using server = await startOpenAiServer((call, response, number) =>
      number === 1 ? sendJson(response, 500, {}) : answerVectors(call, response),
    )
    expectNear((await embed(await openEmbedder(server), ['alpha']))[0], 'alpha')
    expect(server.calls).toHaveLength(2)
  })

  test('a 429 with a short Retry-After is waited for', async () => {
    await using server = await startOpenAiServer((call, response, number) =>
      number === 1 ? sendJson(response, 429, {}, { 'retry-after': '1' }) : answerVectors(call, response),
    )
    const embedder = await openEmbedder(server)
    expect(await secondsOf(() => embed(embedder, ['alpha']))).toBeGreaterThan(0.95)
    expect(server.calls).toHaveLength(2)
  })

  test('a 429 with a long Retry-After is passed on, and the provider is left alone until then', async () => {
    await using server = await startOpenAiServer((_, response) =>
      sendJson(
        response,
        429,
        { error: { message: 'slow down', code: 'rate_limit_exceeded' } },
        { 'retry-after': '30' },
      ),
    )
    const embedder = await openEmbedder(server)
    const error = await failure(embed(embedder, ['alpha']))
    expect(error.retryAfterSeconds).toBe(30)
    expect(error.message).toContain('rate_limit_exceeded')
    expect((await failure(embed(embedder, ['beta']))).retryAfterSeconds).toBeGreaterThan(0)
    expect(server.calls).toHaveLength(1)
  })

  test('a provider that never answers costs no more than the time-out', async () => {
    await using server = await startOpenAiServer(() => {})
    const embedder = await openEmbedder(server, { timeoutMs: 1000 })
    expect(await secondsOf(() => failure(embed(embedder, ['alpha'])))).toBeLessThan(30)
    expect(server.calls.length).toBeGreaterThan(1)
  })

  test('nor does one that stops in the middle of its answer', async () => {
    await using server = await startOpenAiServer((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"data": ['),
    )
    const embedder = await openEmbedder(server, { timeoutMs: 600 })
    let error: EmbedderUnavailable | undefined
    expect(await secondsOf(async () => (error = await failure(embed(embedder, ['alpha']))))).toBeLessThan(30)
    expect(error?.message).toMatch(/did not respond within/)
  })

  test('a refused connection says where and why', async () => {
    const server = await startOpenAiServer()
    const embedder = await openEmbedder(server)
    await server.stop()
    const error = await failure(embed(embedder, ['alpha']))
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
    const error = await failure(embed(embedder, ['alpha']))
    expect(error.retryAfterSeconds).toBeGreaterThan(0)
    expect(await embedder.check()).toMatchObject({ ok: false, message: expect.stringContaining('responded with 500') })
    expect(server.calls).toHaveLength(5)
    await server.stop()
  })
})

describe('a reply that cannot be right is never taken', () => {
  const replies: [string, RegExp, (texts: string[]) => unknown][] = [
    [
      'too few vectors',
      /returned 1 vectors for 2 texts/,
      () => ({ data: [{ index: 0, embedding: vectorOf('a', 8) }] }),
    ],
    [
      'two vectors with one index',
      /returns invalid indexes/,
      (texts) => ({ data: texts.map((text) => ({ index: 0, embedding: vectorOf(text, 8) })) }),
    ],
    [
      'an index outside',
      /returns invalid indexes/,
      (texts) => ({ data: texts.map((text, i) => ({ index: i + 1, embedding: vectorOf(text, 8) })) }),
    ],
    ['no data', /does not respond like an embeddings API/, () => ({ result: 'ok' })],
    [
      'null for a number',
      /not numbers/,
      (texts) => ({ data: texts.map((_, index) => ({ index, embedding: [null, ...new Array(7).fill(1)] })) }),
    ],
    [
      'null for a vector',
      /not a vector|cannot be read/,
      (texts) => ({ data: texts.map((_, index) => ({ index, embedding: null })) }),
    ],
    ['null for an entry', /not a vector|cannot be read/, (texts) => ({ data: texts.map(() => null) })],
    [
      'NaN in base64',
      /not numbers/,
      (texts) => ({
        data: texts.map((_, index) => ({
          index,
          embedding: Buffer.from(new Float32Array(8).fill(Number.NaN).buffer).toString('base64'),
        })),
      }),
    ],
  ]
  test.each(replies)('%s', async (_, message, reply) => {
    await using server = await startOpenAiServer((call, response) => sendJson(response, 200, reply(call.input)))
    const error = await failure(embed(await openEmbedder(server), ['alpha', 'beta']))
    expect(error.message).toMatch(message)
  })

  test('HTML instead of JSON points at the address', async () => {
    await using server = await startOpenAiServer((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>'),
    )
    const error = await failure(embed(await openEmbedder(server), ['alpha']))
    expect(error).toBeInstanceOf(EmbedderMisconfigured)
    expect(error.message).toMatch(/OPENAI_BASE_URL/)
  })

  test('one bad vector spoils only its own text', async () => {
    await using server = await startOpenAiServer((call, response) =>
      sendJson(response, 200, {
        data: call.input.map((text, index) => ({
          index,
          embedding: text === 'bad' ? new Array(8).fill(null) : vectorOf(text, 8),
        })),
      }),
    )
    const embedder = await openEmbedder(server)
    const [good, bad] = await Promise.allSettled([embed(embedder, ['good']), embed(embedder, ['bad'])])
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

describe('a text the provider fails on is told apart from a provider that is down', () => {
  /** As some servers of models do: 500, and not 400, to what they cannot take. */
  const failsOn = (isBad: (text: string) => boolean) =>
    startOpenAiServer((call, response) =>
      call.input.some(isBad)
        ? sendJson(response, 500, { error: { message: 'input is too large: secret text' } })
        : answerVectors(call, response),
    )
  const isLong = (text: string) => text.length > 600
  const refusal = async (promise: Promise<unknown>) => {
    const [result] = await Promise.allSettled([promise])
    expect(result).toMatchObject({ status: 'rejected', reason: expect.any(TextRefused) })
    return (result as PromiseRejectedResult).reason as TextRefused
  }

  test('one that is too long is embedded by its beginning', async () => {
    await using server = await failsOn(isLong)
    expectNear((await embed(await openEmbedder(server), ['y'.repeat(4_000)]))[0], 'y'.repeat(500))
  })

  test('a short one is refused by name, and the others of its batch are not', async () => {
    await using server = await failsOn((text) => text.startsWith('bad'))
    const embedder = await openEmbedder(server)
    const { at, message } = await refusal(embed(embedder, ['good', 'bad 1', 'fine', 'bad 2']))
    expect(at).toEqual([1, 3])
    expect(message).not.toMatch(/bad|secret/)
    const before = server.calls.length
    await embed(embedder, ['good', 'fine']) // kept, although their batch failed
    expect(server.calls.length).toBe(before)
  })

  test('who sends nothing but such texts closes the provider to nobody', async () => {
    await using server = await failsOn((text) => text.startsWith('bad'))
    const embedder = await openEmbedder(server)
    const hostile = ['one', 'two'].map(async (owner) => {
      for (let n = 0; n < 6; n++) await refusal(embedder.embed([`bad ${owner} ${n}`], { owner }))
    })
    const ordinary = (async () => {
      for (let n = 0; n < 20; n++) {
        expectNear((await embedder.embed([`good ${n}`], { owner: 'three' }))[0], `good ${n}`)
        expect(await embedder.check()).toEqual({ ok: true })
      }
    })()
    await Promise.all([...hostile, ordinary])
  })

  test('a batch full of them spends its own time and not that of others in the same request', async () => {
    await using server = await failsOn((text) => text.startsWith('bad'))
    const embedder = await openEmbedder(server)
    // more than one part of a batch may try
    const bad = Array.from({ length: 16 }, (_, n) => `bad ${n} ${'x'.repeat(980)}`)
    const [hostile, good] = [refusal(embedder.embed(bad, { owner: 'one' })), embedder.embed(['good'], { owner: 'two' })]
    expectNear((await good)[0], 'good')
    expect(server.calls[0]?.input).toHaveLength(17)
    expect((await hostile).at[0]).toBe(0)
    expect(server.calls.length).toBeLessThan(80)
  })

  test('one without numbers in its vector is refused if others have numbers', async () => {
    await using server = await startOpenAiServer((call, response) =>
      sendJson(response, 200, {
        data: call.input.map((text, index) => ({
          index,
          embedding: text === 'bad' ? new Array(8).fill(null) : vectorOf(text, 8),
        })),
      }),
    )
    const embedder = await openEmbedder(server)
    await refusal(embed(embedder, ['bad']))
    expect((await refusal(embed(embedder, ['good', 'bad']))).at).toEqual([1])
  })

  test('a server that fails on many at once gets them in parts, and as many as before the next time', async () => {
    await using server = await startOpenAiServer((call, response) =>
      call.input.length > 8 && server.calls.length < 6 ? sendJson(response, 500, {}) : answerVectors(call, response),
    )
    const embedder = await openEmbedder(server)
    const texts = (name: string) => Array.from({ length: 32 }, (_, n) => `${name} ${n}`)
    expect(await embed(embedder, texts('first'))).not.toContain(null)
    await embed(embedder, texts('second'))
    expect(server.calls.at(-1)?.input).toHaveLength(32)
  })

  test('a text it is too slow for costs its own caller the time, and no more', async () => {
    await using server = await startOpenAiServer((call, response) => {
      if (!call.input.some((text) => text.startsWith('slow'))) answerVectors(call, response)
    })
    const embedder = await openEmbedder(server, { timeoutMs: 300 })
    for (let n = 0; n < 4; n++) {
      const slow = failure(embedder.embed([`slow ${n}`], { owner: 'one' }))
      expectNear((await embedder.embed([`good ${n}`], { owner: 'two' }))[0], `good ${n}`)
      expect((await slow).message).toMatch(/did not respond within/)
    }
    expect(await embedder.check()).toEqual({ ok: true })
  })
})
