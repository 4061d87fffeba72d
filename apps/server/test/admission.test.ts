import { getEventListeners, once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { networkOf } from '../src/http/admission.ts'
import { ADMIN_KEY, start, type TestServer } from './harness.ts'
import { type Answer, type Call, expectError, send } from './http-call.ts'

/** A request whose body is announced and begun, and ends when it is told to. */
async function begin(url: string, key: string, body: object, announced?: number) {
  const bytes = JSON.stringify(body)
  const answered = new Promise<{ status: number; text: string; retryAfter: string | undefined }>((resolve, reject) => {
    const length = announced ?? Buffer.byteLength(bytes)
    const call = request(
      `${url}/v1/memory/store`,
      { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-length': length } },
      (reply) => {
        let text = ''
        reply.setEncoding('utf8').on('data', (part: string) => (text += part))
        reply.once('end', () =>
          resolve({ status: reply.statusCode ?? 0, text, retryAfter: reply.headers['retry-after'] }),
        )
      },
    )
    call.once('error', reject)
    call.flushHeaders()
    finish = () => void call.end(bytes)
    leave = () => void call.destroy()
  })
  answered.catch(() => {})
  var finish: () => void
  var leave: () => void
  await new Promise((resolve) => setTimeout(resolve, 100)) // until it is let in
  return { answered, finish: () => finish(), leave: () => leave() }
}
const store = { agent_id: 'a', content: 'A heron.' }

test('a secret that opens nothing is answered before its body is read', async () => {
  await using t = await start()
  const stranger = await begin(t.url, 'dk-nobody-knows-this', store, 1_900_000)
  expect(await stranger.answered).toMatchObject({ status: 401, text: expect.stringContaining('INVALID_API_KEY') })
  stranger.leave()

  const { key, key_id } = await t.admin.createKey({ name: 'agent', grants: { a: 'read_write' } })
  await t.client(key).storeMemory('a', { content: 'One.' })
  await t.admin.deactivateKey(key_id)
  const late = await begin(t.url, key, store) // known here, so its body is waited for
  late.finish()
  expect((await late.answered).status).toBe(401)
  const later = await begin(t.url, key, store, 1_900_000) // and from then on it is not
  expect((await later.answered).status).toBe(401)
  later.leave()
})

test('a key with as many requests in progress as it may have gets 429, is counted, and others are served', async () => {
  await using t = await start({ keyConcurrency: 2 })
  const { key, key_id } = await t.admin.createKey({ name: 'agent', grants: { a: 'read_write' } })
  const other = await t.key({ a: 'read_write' })
  const open = [await begin(t.url, key, store), await begin(t.url, key, store)]
  const refused: Answer = await send(t.url, '/v1/auth/whoami', { key })
  expectError(refused, 'RATE_LIMITED', /2 requests under way/)
  expect(refused.headers['retry-after']).toBe('1')
  await other.storeMemory('a', { content: 'Of another.' })
  for (const { finish } of open) finish()
  for (const { answered } of open) expect((await answered).status).toBe(200)
  expect((await send(t.url, '/v1/auth/whoami', { key })).status).toBe(200)
  expect(await t.admin.keyUsage(key_id)).toMatchObject({ rate_limited_requests: 1 })
})

test('a client that hangs up makes room for its next request', async () => {
  await using t = await start({ keyConcurrency: 1 })
  const key = await t.secret({ a: 'read_write' })
  const open = await begin(t.url, key, store)
  expectError(await send(t.url, '/v1/auth/whoami', { key }), 'RATE_LIMITED')
  open.leave()
  await expect.poll(async () => (await send(t.url, '/v1/auth/whoami', { key })).status).toBe(200)
})

test('bodies in progress are bounded for a key and for all: 429 and 503, and room again after them', async () => {
  await using t = await start({ maxBodyBytes: 1_024, openBodyBytes: 8_192 })
  const keys: string[] = []
  for (let i = 0; i < 5; i++) keys.push(await t.secret({ a: 'read_write' }))
  const long = { ...store, content: 'x'.repeat(950) }
  const open = []
  for (const key of keys.slice(0, 4)) for (let i = 0; i < 2; i++) open.push(await begin(t.url, key, long))
  const post = (key: string, chunked = false) =>
    send(t.url, '/v1/memory/store', { method: 'POST', key, body: long, chunked })
  for (const chunked of [false, true])
    expectError(await post(keys[0] ?? '', chunked), 'RATE_LIMITED', /bodies of this API key/)
  const [, , , , last = ''] = keys
  // the others cannot shut it out
  for (const chunked of [false, true]) expect((await post(last, chunked)).status).toBe(200)
  open.push(await begin(t.url, last, long))
  expectError(await post(last), 'SERVICE_UNAVAILABLE', /no memory left/)
  for (const { finish } of open) finish()
  for (const { answered } of open) expect((await answered).status).toBe(200)
  for (const key of keys) expect((await post(key)).status).toBe(200)
})

describe('a reply counts until it is sent', () => {
  /** Stores about six megabytes of memories in `a`. */
  const fill = async (t: TestServer) => {
    const memories = Array.from({ length: 18 }, () => ({ content: 'x'.repeat(100_000) }))
    for (let i = 0; i < 4; i++) await t.admin.storeMemories('a', memories)
  }
  const listing = { method: 'POST', body: { agent_id: 'a', limit: 60 } }
  const list = (url: string, key: string) => send(url, '/v1/memories/recall/batch', { ...listing, key })
  /** Requests all of them, and does not read the reply. */
  const ask = async (url: string, key: string) => {
    const { hostname, port } = new URL(url)
    const body = JSON.stringify(listing.body)
    const socket = connect(Number(port), hostname).on('error', () => {})
    const head =
      'POST /v1/memories/recall/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ' +
      `${key}\r\nContent-Length: ${body.length}\r\n\r\n`
    socket.pause().write(head + body)
    await once(socket, 'readable')
    return socket
  }

  test('as a request under way, which ends when it is read or its connection ends', async () => {
    await using t = await start({ keyConcurrency: 2 })
    await fill(t)
    const key = await t.secret({ a: 'read' })
    const whoami = async () => (await send(t.url, '/v1/auth/whoami', { key })).status
    for (let i = 0; i < 2; i++) {
      const [one, other] = [await ask(t.url, key), await ask(t.url, key)]
      expect(await whoami()).toBe(429)
      one.resume()
      await expect.poll(whoami).toBe(200)
      const third = await ask(t.url, key)
      expect(await whoami()).toBe(429)
      for (const socket of [one, other, third]) socket.destroy()
      await expect.poll(whoami).toBe(200)
    }
  })

  test('whatever its kind, and none counts twice', async () => {
    await using t = await start({ keyConcurrency: 1 })
    const key = await t.secret({ a: 'read' })
    const call = (how: Call) => send(t.url, '/v1/auth/whoami', { key, ...how })
    for (let i = 0; i < 3; i++) {
      expect((await call({ method: 'HEAD' })).status).toBe(200)
      expect((await call({})).status).toBe(200)
      expect((await list(t.url, 'dk-nobody-knows-this')).status).toBe(401)
      expect((await send(t.url, '/v1/memory/recall', { key, method: 'POST', body: '{' })).status).toBe(400)
      expect((await send(t.url, '/v1/keys', { key })).status).toBe(403)
    }
    const open = await begin(t.url, key, store)
    expect((await call({})).status).toBe(429)
    open.leave()
  })

  test('with its bytes, of a key and of all; a write still succeeds, and so does a key that holds none', async () => {
    await using t = await start({ openReplyBytes: 16_000_000 })
    await fill(t)
    const [one, other, third] = [
      await t.secret({ a: 'read_write' }),
      await t.secret({ a: 'read' }),
      await t.secret({ a: 'read' }),
    ]
    const held = [await ask(t.url, one), await ask(t.url, other)]
    expectError(await list(t.url, one), 'RATE_LIMITED', /replies of this API key/)
    expect((await send(t.url, '/v1/auth/whoami', { key: one })).status).toBe(200)
    held.push(await ask(t.url, third))
    expectError(
      await send(t.url, '/v1/auth/whoami', { key: other }),
      'SERVICE_UNAVAILABLE',
      /no memory left for replies/,
    )
    expect((await send(t.url, '/v1/memory/store', { method: 'POST', key: one, body: store })).status).toBe(200)
    for (const socket of held) socket.destroy()
    await expect.poll(async () => (await list(t.url, one)).status).toBe(200)
  })

  test('a client that reads its replies gets 32 of the largest at once, and again', async () => {
    await using t = await start()
    await fill(t)
    const key = await t.secret({ a: 'read' })
    const statuses = await Promise.all(
      Array.from({ length: 32 }, async () =>
        [await list(t.url, key), await list(t.url, key)].map(({ status }) => status),
      ),
    )
    expect(new Set(statuses.flat())).toEqual(new Set([200]))
  })
})

test('an address that tries one unknown key after the other is slowed down; keys in use are not', async () => {
  await using t = await start()
  const key = await t.secret({ a: 'read_write' })
  await t.client(key).whoami()
  const guess = (i: number) => send(t.url, '/v1/auth/whoami', { key: `dk-guessed-${i}` })
  const answers: Answer[] = []
  // A slow engine looks up fewer keys a second than the limit, which then never applies; so 30 are tried at once.
  while (!answers.some(({ status }) => status === 429) && answers.length < 1_000)
    answers.push(...(await Promise.all(Array.from({ length: 30 }, (_, i) => guess(answers.length + i)))))
  expectError(answers.find(({ status }) => status === 429) as Answer, 'RATE_LIMITED', /unknown API keys/)
  expect(answers.filter(({ status }) => status === 401).length).toBeGreaterThanOrEqual(100)
  expect((await send(t.url, '/v1/auth/whoami', { key })).status).toBe(200)
  await expect.poll(async () => (await guess(1_001)).status).toBe(401)
})

test('an IPv6 address counts with the /64 around it', () => {
  expect([networkOf('192.0.2.7'), networkOf('::ffff:192.0.2.7'), networkOf('unknown')]).toEqual([
    '192.0.2.7',
    '::ffff:192.0.2.7',
    'unknown',
  ])
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2')
  expect(networkOf('2001:db8:1:2::6')).toBe('2001:db8:1:2')
  expect(networkOf('2001:db8::6')).toBe('2001:db8:0:0')
  expect(networkOf('::1')).toBe('0:0:0:0')
})

test('a request leaves no listener on its signal, which would keep the reply in memory', async () => {
  await using t = await start()
  const headers = { authorization: `Bearer ${ADMIN_KEY}` }
  const request = new Request(`${t.url}/v1/auth/whoami`, { headers, signal: new AbortController().signal })
  expect((await t.app.fetch(request)).status).toBe(200)
  expect(getEventListeners(request.signal, 'abort')).toHaveLength(0)
})
