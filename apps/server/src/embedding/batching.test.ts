import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Batcher } from './batcher.ts'
import { Breaker } from './breaker.ts'
import { chooseEmbedder } from './choose.ts'
import { EmbedderUnavailable } from './embedder.ts'
import { answerVectors, embed, sendJson, startOpenAiServer } from './openai-server.fixture.ts'
import { VectorCache } from './vector-cache.ts'

const open = ({ url }: { url: string }) =>
  chooseEmbedder({ provider: 'openai', baseUrl: url, model: 'local-model', dimension: 8 })

test('fifty callers at once make one request', async () => {
  await using server = await startOpenAiServer()
  const embedder = await open(server)
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, n) => embed(embedder, [`text ${n} ${'x'.repeat(n)}`])),
  )
  expect(server.calls).toHaveLength(1)
  const again = await Promise.all(Array.from({ length: 50 }, (_, n) => embed(embedder, [`text ${n} ${'x'.repeat(n)}`])))
  expect(again).toEqual(replies)
  expect(server.calls).toHaveLength(1)
})

test('what one owner has asked for is asked for again for another, also while it is under way', async () => {
  await using server = await startOpenAiServer(
    (call, response) => void setTimeout(() => answerVectors(call, response), 30),
  )
  const embedder = await open(server)
  const [mine, theirs] = await Promise.all(['one', 'two'].map((owner) => embedder.embed(['same'], { owner })))
  await embedder.embed(['same'], { owner: 'three' })
  expect(server.calls.flatMap((call) => call.input)).toEqual(['same', 'same', 'same'])
  expect(theirs).toEqual(mine)
})

test('the same text asked for by many is sent once', async () => {
  await using server = await startOpenAiServer(
    (call, response) => void setTimeout(() => answerVectors(call, response), 30),
  )
  const embedder = await open(server)
  const first = embed(embedder, ['same', 'same'])
  await sleep(15)
  const [[a, b], [c]] = [await first, await embed(embedder, ['same'])]
  expect(server.calls.flatMap((call) => call.input)).toEqual(['same'])
  expect([b, c]).toEqual([a, a])
  const kept = a?.slice()
  for (const vector of [a, c]) vector?.fill(0) // what a caller does to its vector is its own affair
  expect((await embed(embedder, ['same']))[0]).toEqual(kept)
})

test('a thousand texts of one owner go out in requests of at most 256, three at a time', async () => {
  let running = 0
  let most = 0
  await using server = await startOpenAiServer((call, response) => {
    most = Math.max(most, ++running)
    setTimeout(() => {
      running--
      answerVectors(call, response)
    }, 20)
  })
  const embedder = await open(server)
  const vectors = await embed(
    embedder,
    Array.from({ length: 1500 }, (_, n) => `memory ${n}`),
  )
  expect(vectors.every((vector) => vector?.length === 8)).toBe(true)
  expect(server.calls.map((call) => call.input.length).sort()).toEqual([220, 256, 256, 256, 256, 256])
  expect(most).toBe(3)
})

test('long texts fill a request by their letters, and each is cut to its beginning', async () => {
  await using server = await startOpenAiServer()
  const embedder = await open(server)
  await embed(
    embedder,
    Array.from({ length: 20 }, (_, n) => `${n} ${'word '.repeat(20_000)}`),
  )
  for (const { input } of server.calls) expect(input.join('').length).toBeLessThanOrEqual(64_000)
  expect(server.calls.flatMap(({ input }) => input).every((text) => text.length === 8_000)).toBe(true)
})

test('a cut never leaves half of a letter', async () => {
  await using server = await startOpenAiServer()
  await embed(await open(server), [`a${'\u{1F600}'.repeat(5_000)}`])
  expect(server.calls[0]?.input[0]?.length).toBe(7_999)
  expect(server.calls[0]?.input[0]?.isWellFormed()).toBe(true)
})

test('a text longer than the model takes is halved until it fits', async () => {
  await using server = await startOpenAiServer((call, response) => {
    if (call.input.some((text) => text.length > 2_000))
      return sendJson(response, 400, { error: { message: 'maximum context length', code: 'context_length_exceeded' } })
    answerVectors(call, response)
  })
  const [long, short] = await embed(await open(server), ['long '.repeat(2_000), 'short'])
  expect(long).toBeInstanceOf(Float32Array)
  expect(short).toBeInstanceOf(Float32Array)
})

test('a server that takes 32 texts at once gets 32, and is not asked for more a second time', async () => {
  await using server = await startOpenAiServer((call, response) => {
    if (call.input.length > 32) return sendJson(response, 413, { error: { message: 'batch size too large' } })
    answerVectors(call, response)
  })
  const embedder = await open(server)
  const texts = (name: string) => Array.from({ length: 256 }, (_, n) => `${name} ${n}`)
  expect(await embed(embedder, texts('first'))).not.toContain(null)
  const before = server.calls.length
  await embed(embedder, texts('second'))
  expect(server.calls.slice(before).map((call) => call.input.length)).toEqual(new Array(8).fill(32))
})

test('a text the provider refuses fails alone', async () => {
  await using server = await startOpenAiServer((call, response) => {
    if (call.input.includes('poison'))
      return sendJson(response, 400, { error: { message: 'content refused: poison', code: 'content_filter' } })
    answerVectors(call, response)
  })
  const embedder = await open(server)
  const [poison, ...others] = await Promise.allSettled(
    ['poison', 'one', 'two', 'three'].map((text) => embed(embedder, [text])),
  )
  expect(others.every(({ status }) => status === 'fulfilled')).toBe(true)
  const reason = poison?.status === 'rejected' ? (poison.reason as EmbedderUnavailable) : undefined
  expect(reason?.message).toContain('content_filter')
  expect(reason?.message).not.toContain('poison')
})

test('when every text is refused the operator is told what to check, in few requests', async () => {
  await using server = await startOpenAiServer((_, response) =>
    sendJson(response, 422, { error: { message: 'unknown model' } }),
  )
  const embedder = await open(server)
  await expect(
    embed(
      embedder,
      Array.from({ length: 256 }, (_, n) => `text ${n}`),
    ),
  ).rejects.toThrow(/unknown model.*DAKERA_EMBEDDING_MODEL/)
  expect(server.calls.length).toBeLessThan(15)
})

test('a caller who leaves does not take the request of the others along', async () => {
  await using server = await startOpenAiServer(
    (call, response) => void setTimeout(() => answerVectors(call, response), 60),
  )
  const embedder = await open(server)
  const leaving = new AbortController()
  const left = embed(embedder, ['mine', 'shared'], leaving.signal)
  const stayed = embed(embedder, ['shared', 'theirs'])
  await sleep(20)
  leaving.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  expect((await stayed).every((vector) => vector instanceof Float32Array)).toBe(true)
  expect(server.calls).toHaveLength(1)
})

test('a text nobody waits for any more is not sent', async () => {
  await using server = await startOpenAiServer()
  const embedder = await open(server)
  const leaving = new AbortController()
  const left = embed(embedder, ['mine', 'shared'], leaving.signal)
  const stayed = embed(embedder, ['shared'])
  leaving.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  await stayed
  expect(server.calls.flatMap((call) => call.input)).toEqual(['shared'])
  await expect(embed(embedder, ['late'], leaving.signal)).rejects.toThrow('gone')
})

const LIMITS = {
  maxTexts: 2,
  maxLetters: 100,
  smallTexts: 2,
  smallLetters: 100,
  waitMs: 1,
  maxConcurrent: 1,
  maxQueued: 6,
  maxQueuedEach: 3,
}
const items = (...keys: string[]) => keys.map((key) => ({ key, text: key }))
/** A batcher over a provider that takes its time, and the requests it got, each text with its owner. */
function slowBatcher(limits: Partial<typeof LIMITS> = {}, ms = 20) {
  const sent: string[][] = []
  const batcher = new Batcher(
    async (batch, settle) => {
      sent.push(batch.map(({ owner, key }) => `${owner} ${key}`))
      await sleep(ms)
      for (const at of batch.keys()) settle(at, null)
    },
    { ...LIMITS, ...limits },
  )
  return { batcher, sent }
}

test('a queue that is full refuses at once instead of growing, and one owner cannot fill it', async () => {
  const { batcher } = slowBatcher()
  const accepted = ['one', 'two'].map((owner) => batcher.get(owner, items('a', 'b', 'c')))
  const refused = await Promise.allSettled(['one', 'three'].map((owner) => batcher.get(owner, items('d'))))
  expect(refused).toMatchObject([
    { status: 'rejected', reason: { message: expect.stringMatching(/More than 3 texts of this key wait/) } },
    { status: 'rejected', reason: { message: expect.stringMatching(/More than 6 texts wait/) } },
  ])
  expect((await Promise.all(accepted)).flat()).toEqual([null, null, null, null, null, null])
  expect(await batcher.get('one', items('d'))).toEqual([null])
})

test('a single text waits neither for all that another owner sent before nor for one request of it', async () => {
  const { batcher, sent } = slowBatcher({ maxTexts: 10, maxConcurrent: 2, maxQueued: 1_000, maxQueuedEach: 1_000 })
  const much = batcher.get('much', items(...Array.from({ length: 100 }, (_, n) => `${n}`)))
  await sleep(5)
  expect(sent).toHaveLength(1)
  await Promise.all([batcher.get('few', items('a')), batcher.get('other', items('b'))])
  expect(sent.length).toBeLessThanOrEqual(3)
  expect(sent[1]).toEqual(['few a', 'other b'])
  await much
  expect(sent).toHaveLength(11)
})

test('an owner that is kept apart shares no request', async () => {
  const { batcher, sent } = slowBatcher({ maxTexts: 10, maxConcurrent: 4 })
  batcher.keepApart('bad', 60_000)
  await Promise.all(['one', 'bad', 'two'].map((owner) => batcher.get(owner, items('a'))))
  expect(sent).toEqual([['one a', 'two a'], ['bad a']])
  batcher.keepApart('bad', 0)
  await Promise.all(['one', 'bad'].map((owner) => batcher.get(owner, items('b'))))
  expect(sent.at(-1)).toEqual(['one b', 'bad b'])
})

test('an owner that was kept apart is forgotten once its time is over', async () => {
  setFlagsFromString('--expose-gc')
  const heap = () => {
    ;(runInNewContext('gc') as () => void)()
    return process.memoryUsage().heapUsed
  }
  const { batcher } = slowBatcher({})
  const before = heap()
  for (let n = 0; n < 20_000; n++) batcher.keepApart(Buffer.alloc(1_000, `${n} `).toString('latin1'), 0)
  const grown = heap() - before
  expect(await batcher.get('one', items('a'))).toHaveLength(1) // and so it was not collected itself
  expect(grown).toBeLessThan(5_000_000) // of 20 million
})

test('owners with much to send take turns', async () => {
  const { batcher, sent } = slowBatcher({ maxTexts: 5, maxConcurrent: 2, maxQueued: 1_000, maxQueuedEach: 1_000 }, 1)
  const many = items(...Array.from({ length: 20 }, (_, n) => `${n}`))
  await Promise.all(['one', 'two', 'three'].map((owner) => batcher.get(owner, many)))
  expect(sent.map(([first]) => first?.split(' ')[0]).slice(0, 9)).toEqual([
    'one',
    'two',
    'three',
    'one',
    'two',
    'three',
    'one',
    'two',
    'three',
  ])
})

test('an open breaker lets one call try after its time, and closes when that succeeds', async () => {
  const breaker = new Breaker({ failuresToOpen: 2, openMs: 40 })
  const down = new EmbedderUnavailable('down')
  breaker.enter()
  breaker.failed(down)
  breaker.enter()
  breaker.failed(down)
  expect(() => breaker.enter()).toThrow(/down/)
  await sleep(50)
  breaker.enter()
  expect(() => breaker.enter()).toThrow(/down/) // one tries, the others still wait
  breaker.failed(down)
  expect(() => breaker.enter()).toThrow(/down/)
  await sleep(50)
  breaker.enter()
  breaker.succeeded()
  breaker.enter()
  breaker.failed(down)
  breaker.enter()
})

test('a provider that asks for a pause and fails after it is left alone like one that is down', async () => {
  const breaker = new Breaker({ failuresToOpen: 5, openMs: 10_000 })
  const busy = new EmbedderUnavailable('busy')
  breaker.enter()
  breaker.failed(busy, 20)
  expect(breaker.refusal?.message).toContain('busy')
  await sleep(30)
  breaker.enter()
  breaker.failed(busy)
  expect(breaker.refusal?.retryAfterSeconds).toBe(10)
})

test('the cache stays within its bytes and forgets what was used longest ago', () => {
  const cache = new VectorCache(3 * (200 + 32))
  for (const key of ['a', 'b', 'c']) cache.set('one', key, new Float32Array(8).fill(1))
  cache.get('one', 'a')
  cache.set('one', 'd', new Float32Array(8))
  expect(['a', 'b', 'c', 'd'].map((key) => cache.get('one', key) !== undefined)).toEqual([true, false, true, true])
  cache.set('one', 'n', null)
  expect(cache.get('one', 'n')).toBeNull()
  cache.set('one', 'huge', new Float32Array(10_000))
  expect(cache.get('one', 'huge')).toBeUndefined()
})

test('what one owner keeps in the cache no other gets, nor pushes out by keeping more', () => {
  const cache = new VectorCache(10 * (200 + 32))
  cache.set('few', 'a', new Float32Array(8).fill(1))
  expect(cache.get('much', 'a')).toBeUndefined()
  for (let n = 0; n < 100; n++) cache.set('much', `${n}`, new Float32Array(8))
  expect(cache.get('few', 'a')).toBeInstanceOf(Float32Array)
  expect(cache.get('much', '99')).toBeInstanceOf(Float32Array)
  expect(cache.get('much', '90')).toBeUndefined()
})
