import { inspect } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import {
  DakeraClient,
  type DakeraError,
  NotFoundError,
  type RequestEvent,
  ResponseError,
  type ResponseEvent,
  ServerError,
  TimeoutError,
  UsageError,
} from '../src/index.ts'
import { KEY, type Reply, serve } from './conformance.mjs'

const memory = { id: 'mem_1', content: 'x', tags: [] }
const ok: Reply = {
  status: 200,
  headers: { 'content-type': 'application/json', 'x-request-id': 'req_1' },
  body: memory,
}
const failing = (status: number, headers: Record<string, string> = {}): Reply => ({
  status,
  headers,
  body: { error: 'No.', code: 'INTERNAL_ERROR', status, request_id: 'req_2' },
})
const servers: Array<{ close(): Promise<void> }> = []
afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(replies: Reply[], options: object = {}) {
  const server = await serve(replies)
  servers.push(server)
  return { server, client: new DakeraClient({ baseUrl: server.url, apiKey: KEY, ...options }) }
}
const failure = (promise: Promise<unknown>): Promise<DakeraError> =>
  promise.then(
    () => expect.fail('expected a rejection'),
    (error) => error,
  )

// ── What cannot be sent as it is ──

const circular: Record<string, unknown> = {}
circular['again'] = [circular]
let deep: unknown[] = []
for (let i = 0; i < 100_000; i++) deep = [deep]

test.each<[string, unknown, string]>([
  ['NaN', { x: Number.NaN }, 'metadata.x is NaN, and JSON has no such number'],
  ['Infinity', { x: [0, { y: Number.NEGATIVE_INFINITY }] }, 'metadata.x.1.y is -Infinity, and JSON has no such number'],
  ['a BigInt', { x: 1n }, 'metadata.x is a BigInt, and JSON has none'],
  ['an integer that is not kept exactly', { x: 2 ** 53 }, 'metadata.x is 9007199254740992, an integer above 2^53'],
  ['a circle', circular, 'metadata.again.0 contains itself'],
  ['a function', { x: () => 1 }, 'metadata.x is a function'],
  ['a symbol', { x: Symbol('s') }, 'metadata.x is a symbol'],
  ['an invalid Date', { x: new Date('never') }, 'metadata.x is an invalid Date'],
  ['a Map', { x: new Map([['a', 1]]) }, 'metadata.x is a Map'],
  ['a toJSON that throws', { x: { toJSON: () => expect.unreachable('no') } }, 'the request cannot be written as JSON'],
  ['what is nested too deeply', { deep }, 'the request cannot be written as JSON'],
])('%s in metadata is a UsageError, and nothing is sent', async (_, metadata, why) => {
  const { client, server } = await start([])
  const error = await failure(client.storeMemory('n', { content: 'x', metadata: metadata as Record<string, unknown> }))
  expect(error).toBeInstanceOf(UsageError)
  expect(error.message).toContain(`memories.store: ${why}`)
  expect(server.seen).toEqual([])
})

test('what JSON carries is sent as it is', async () => {
  const { client, server } = await start([ok])
  const one = { shared: 1 }
  const metadata = {
    max: Number.MAX_SAFE_INTEGER,
    big: 1e300,
    zero: -0.5,
    day: new Date(0),
    nothing: null,
    left: undefined,
    twice: [one, one],
    class: new (class {
      a = 1
    })(),
  }
  await client.storeMemory('n', { content: 'x', metadata }).catch(() => {})
  expect(server.seen[0]?.body).toMatchObject({ metadata: JSON.parse(JSON.stringify(metadata)) })
})

test.each([{ importance: Number.NaN }, { embedding: [1, Number.NaN] }, { expiresAt: new Date('never') }])(
  '%j is refused in a field of the API too',
  async (fields) => {
    const { client, server } = await start([])
    expect(await failure(client.storeMemory('n', { content: 'x', ...fields }))).toBeInstanceOf(UsageError)
    expect(server.seen).toEqual([])
  },
)

// ── Options ──

test('in a browser the user agent stays what the browser says', async () => {
  vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64)' })
  vi.resetModules()
  const { DakeraClient: InBrowser } = await import('../src/index.ts')
  vi.unstubAllGlobals()
  const { server } = await start([ok])
  await new InBrowser({ baseUrl: server.url, apiKey: KEY }).getMemory('mem_1')
  expect(server.seen[0]?.headers['user-agent']).toBe('node')
})

test.each([
  '',
  'localhost:3300',
  'ftp://host',
  'not a url',
  'http://user:secret@host',
  'http://host?x=1',
  'http://host#x',
])('a base URL like %j is refused at once', (baseUrl) => {
  expect(() => new DakeraClient({ baseUrl, apiKey: KEY })).toThrow(UsageError)
})

test.each(['', 'two words', 'dk-secret\n', 'schlüssel'])(
  'a key like %j is refused at once, and not repeated',
  (apiKey) => {
    const error = (() => {
      try {
        return new DakeraClient({ apiKey })
      } catch (thrown) {
        return thrown as DakeraError
      }
    })()
    expect(error).toMatchObject({ name: 'UsageError', code: 'INVALID_USAGE' })
    if (apiKey) expect((error as DakeraError).message).not.toContain(apiKey.trim())
  },
)

test.each([
  { timeoutMs: 0 },
  { timeoutMs: Number.NaN },
  { timeoutMs: 2 ** 31 },
  { maxRetries: -1 },
  { headers: { 'x y': '1' } },
  { headers: { x: 'a\nb' } },
])('%j is refused at once', (options) => {
  expect(() => new DakeraClient({ apiKey: KEY, ...options })).toThrow(UsageError)
})

test('address and key come from the environment unless given', async () => {
  const { server } = await start([ok, ok])
  vi.stubEnv('DAKERA_URL', `${server.url}/`)
  vi.stubEnv('DAKERA_API_KEY', 'dk-from-environment')
  await new DakeraClient().getMemory('mem_1')
  await new DakeraClient({ apiKey: 'dk-given' }).getMemory('mem_1')
  expect(server.seen.map(({ headers }) => headers['authorization'])).toEqual([
    'Bearer dk-from-environment',
    'Bearer dk-given',
  ])
})

test('an empty DAKERA_API_KEY is no key: health answers, the first call that needs a key says what to do', async () => {
  vi.stubEnv('DAKERA_API_KEY', '')
  const { server } = await start([{ status: 200, body: { status: 'healthy' } }])
  const client = new DakeraClient({ baseUrl: server.url })
  await expect(client.health()).resolves.toEqual({ status: 'healthy' })
  await expect(client.recall('n', 'q')).rejects.toThrow(/memories\.recall needs an API key\. Pass \{ apiKey \}/)
  expect(server.seen).toHaveLength(1)
})

test('a client shows its key neither in a log nor in JSON', () => {
  const client = new DakeraClient({ apiKey: KEY })
  expect(inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client)).not.toContain(KEY)
})

test("own headers are sent, and cannot replace the client's", async () => {
  const { server, client } = await start([ok], {
    headers: { 'x-team': 'search', Authorization: 'Bearer other', Accept: 'text/html' },
  })
  await client.getMemory('mem_1')
  expect(server.seen[0]?.headers).toMatchObject({
    'x-team': 'search',
    authorization: `Bearer ${KEY}`,
    accept: 'application/json',
    'x-dakera-client': expect.stringMatching(/^sdk-ts\/\d/),
    'user-agent': expect.stringMatching(/^dakera-typescript\/\d/),
  })
})

test('hooks see each try, can add headers, and never see the key', async () => {
  const events: Array<RequestEvent | ResponseEvent> = []
  const hooks = {
    onRequest: (event: RequestEvent) => {
      event.headers.set('traceparent', `00-${event.attempt}`)
      events.push(event)
    },
    onResponse: (event: ResponseEvent) => {
      events.push(event)
    },
  }
  const { server, client } = await start([failing(500, { 'retry-after': '0' }), ok], { hooks })
  await client.getMemory('mem_1')
  expect(server.seen.map(({ headers }) => headers['traceparent'])).toEqual(['00-1', '00-2'])
  expect(events.map((event) => ('status' in event ? event.status : event.attempt))).toEqual([1, 500, 2, 200])
  expect(events[3]).toMatchObject({
    operation: 'memories.get',
    method: 'GET',
    requestId: 'req_1',
    durationMs: expect.any(Number),
  })
  expect(inspect(events, { depth: 9, showHidden: true })).not.toContain(KEY)
})

test('what a hook throws ends the call', async () => {
  const { server, client } = await start([ok], {
    hooks: {
      onResponse: () => {
        throw new RangeError('enough')
      },
    },
  })
  await expect(client.getMemory('mem_1')).rejects.toThrow(RangeError)
  expect(server.seen).toHaveLength(1)
})

test('another fetch can be given', async () => {
  const client = new DakeraClient({ apiKey: KEY, fetch: async (url) => Response.json({ id: String(url) }) })
  expect((await client.getMemory('m')).id).toBe('http://localhost:3300/v1/memory/get/m')
})

// ── Cancellation and time ──

test.each([0, 2])(
  "the caller's signal ends a running request with its own reason, without another try (maxRetries %i)",
  async (maxRetries) => {
    const { server, client } = await start([{ ...ok, delay_ms: 5000 }, ok], { maxRetries })
    const reason = new Error('the user left')
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 100)
    expect(await failure(client.memories.get('mem_1', { signal: controller.signal }))).toBe(reason)
    expect(server.seen).toHaveLength(1)
  },
)

test('the signal ends a wait between tries at once', async () => {
  const { server, client } = await start([failing(503, { 'retry-after': '30' }), ok])
  const startedAt = Date.now()
  await expect(client.memories.get('mem_1', { signal: AbortSignal.timeout(150) })).rejects.toThrow(DOMException)
  expect(Date.now() - startedAt).toBeLessThan(25_000)
  expect(server.seen).toHaveLength(1)
})

test('a signal that has already aborted sends nothing', async () => {
  const { server, client } = await start([ok])
  await expect(
    client.storeMemory('n', { content: 'x' }, { signal: AbortSignal.abort(new Error('too late')) }),
  ).rejects.toThrow('too late')
  expect(server.seen).toHaveLength(0)
})

test('the signal ends reading of a slow body', async () => {
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')) })
  const { client } = await start([], {
    fetch: async (_: unknown, { signal }: RequestInit) => {
      signal?.addEventListener('abort', () => void body.cancel().catch(() => {}))
      return new Response(body.pipeThrough(new TransformStream(), { signal: signal as AbortSignal }))
    },
  })
  const error = await failure(client.memories.get('mem_1', { timeoutMs: 100, maxRetries: 0 }))
  expect(error).toBeInstanceOf(TimeoutError)
  expect(error.message).toMatch(/^memories\.get: no answer from 127\.0\.0\.1:\d+ within 100 ms\.$/)
})

test('calls leave no listener on a signal that lives on', async () => {
  const { client } = await start([failing(500, { 'retry-after': '0' }), ok])
  const { signal } = new AbortController()
  let listeners = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--
    remove(...args)
  }
  await client.memories.get('mem_1', { signal })
  expect(listeners).toBe(0)
})

test('options of a call win over those of the client', async () => {
  const { server, client } = await start([failing(500), ok], { maxRetries: 5 })
  await expect(client.storeMemory('n', { content: 'x' }, { maxRetries: 0, idempotencyKey: 'mine' })).rejects.toThrow(
    ServerError,
  )
  expect(server.seen).toHaveLength(1)
  expect(server.seen[0]?.headers['idempotency-key']).toBe('mine')
})

// ── Answers ──

test('an answer without end is refused while it arrives', async () => {
  let sent = 0
  const endless = new ReadableStream({
    pull: (controller) => {
      sent += 65536
      controller.enqueue(new Uint8Array(65536))
    },
  })
  const client = new DakeraClient({
    apiKey: KEY,
    maxResponseBytes: 1_000_000,
    fetch: async () => new Response(endless),
  })
  const error = await failure(client.recall('n', 'q'))
  expect(error).toBeInstanceOf(ResponseError)
  expect(error.message).toBe('memories.recall: the answer is larger than 1000000 bytes.')
  expect(sent).toBeLessThan(2_000_000)
})

test('nobody there is a connection error that names the call, the host and the reason', async () => {
  const server = await serve([])
  await server.close()
  const error = await failure(new DakeraClient({ baseUrl: server.url, apiKey: KEY, maxRetries: 0 }).recall('n', 'q'))
  expect(error).toMatchObject({ name: 'ConnectionError', code: 'CONNECTION_FAILED', status: undefined })
  expect(error.message).toMatch(/^memories\.recall: no whole answer from 127\.0\.0\.1:\d+ \(ECONNREFUSED\)\.$/)
})

test('an error that echoes the key does not pass it on', async () => {
  const { client } = await start([
    { status: 404, headers: { 'content-type': 'text/html' }, text: `<pre>authorization: Bearer ${KEY}</pre>` },
  ])
  const error = await failure(client.getMemory('mem_1'))
  expect(error).toBeInstanceOf(NotFoundError)
  expect(inspect(error, { depth: 9 })).not.toContain(KEY)
  expect((error as NotFoundError).body).toBe('<pre>authorization: Bearer [key]</pre>')
})

test('the opaque redirect of a browser is an error too', async () => {
  const opaque = Object.defineProperties(new Response(null), {
    type: { value: 'opaqueredirect' },
    status: { value: 0 },
    ok: { value: false },
  })
  await expect(new DakeraClient({ apiKey: KEY, fetch: async () => opaque }).getMemory('m')).rejects.toThrow(
    ResponseError,
  )
})

test('204 is an answer with nothing to say', async () => {
  const { client } = await start([{ status: 204 }])
  await expect(client.deleteNamespace('n')).resolves.toBeUndefined()
})

test('a bad id rejects and does not throw', async () => {
  const { server, client } = await start([])
  for (const id of ['', '.', '..', '\ud800', undefined as unknown as string])
    expect(await failure(client.getMemory(id))).toBeInstanceOf(UsageError)
  expect(server.seen).toHaveLength(0)
})
