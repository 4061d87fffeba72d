import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { endpoint } from '@dakera-ai/protocol'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { createApp } from '../src/app.ts'
import type { Deps } from '../src/deps.ts'
import { readEnv } from '../src/env.ts'
import { listen } from '../src/http/listen.ts'
import { route, StreamReply } from '../src/http/route.ts'
import { start, type TestServer } from './harness.ts'
import { send } from './http-call.ts'

const STREAM = endpoint({
  id: 'test.stream',
  method: 'GET',
  path: '/v1/stream',
  summary: 'Streams.',
  response: z.string(),
  errors: [],
})
const MB = 1024 * 1024

/** Starts an app with one streaming call, with the database of `t`. */
async function serve(
  t: TestServer,
  source: (signal: AbortSignal) => AsyncIterable<string | Uint8Array>,
  changed: Partial<Deps> = {},
) {
  const lines: Record<string, unknown>[] = []
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const app = createApp({ ...t.deps, log, ...changed }, [
    () => [route(STREAM, async ({ signal }) => new StreamReply('text/event-stream', source(signal)))],
  ])
  const { server, port } = await listen('127.0.0.1', 0, app.fetch, readEnv({}).connections)
  return {
    app,
    lines,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function open(url: string, key: string, method = 'GET'): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}/v1/stream`, { method, headers: { authorization: `Bearer ${key}` }, agent: false })
    call.once('response', resolve).once('error', reject).end()
  })
}
const next = async (reply: IncomingMessage) => String((await once(reply, 'data'))[0])

test('chunks are sent as they come, and the request is recorded when the last was sent', async () => {
  await using t = await start()
  const { key, key_id } = await t.admin.createKey({ name: 'listener', grants: { a: 'read' } })
  const gate = Promise.withResolvers<void>()
  await using app = await serve(t, async function* () {
    yield 'data: one\n\n'
    await gate.promise
    yield Buffer.from('data: two\n\n')
  })
  const reply = await open(app.url, key)
  expect(reply.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'transfer-encoding': 'chunked',
    'cache-control': 'no-store',
    'x-request-id': expect.stringMatching(/^req_/),
  })
  const chunks = reply[Symbol.asyncIterator]()
  const text = async () => String((await chunks.next()).value)
  expect(await text()).toBe('data: one\n\n')
  expect(app.lines).toEqual([])
  gate.resolve()
  expect(await text()).toBe('data: two\n\n')
  expect((await chunks.next()).done).toBe(true)
  await expect.poll(() => app.lines).toMatchObject([{ status: 200, key_id, path: '/v1/stream' }])
  expect(await t.admin.keyUsage(key_id)).toMatchObject({ total_requests: 1, bytes_transferred: 22 })
})

test('the head is sent before the first chunk', async () => {
  await using t = await start()
  const key = await t.secret({ a: 'read' })
  const gate = Promise.withResolvers<void>()
  await using app = await serve(t, async function* () {
    await gate.promise
    yield 'late'
  })
  const reply = await open(app.url, key)
  expect(reply.statusCode).toBe(200)
  gate.resolve()
  expect(await next(reply)).toBe('late')
})

test('a client that hangs up ends the source, and its key may send the next request', async () => {
  await using t = await start()
  const key = await t.secret({ a: 'read' })
  let ended = 0
  await using app = await serve(
    t,
    async function* (signal) {
      try {
        for (let i = 0; ; i++) {
          yield `data: ${i}\n\n`
          await sleep(10, undefined, { signal })
        }
      } finally {
        ended++
      }
    },
    { keyConcurrency: 1 },
  )
  for (const round of [1, 2]) {
    const reply = await open(app.url, key)
    await next(reply)
    expect((await send(app.url, '/v1/stream', { key })).status).toBe(429)
    reply.destroy()
    await expect.poll(() => ended).toBe(round)
    await expect.poll(() => app.lines.filter(({ status }) => status === 200).length).toBe(round)
  }
  expect(app.lines.filter(({ level }) => level === 50)).toEqual([])
})

test('HEAD gets no body, and leaves no source behind', async () => {
  await using t = await start()
  const key = await t.secret({ a: 'read' })
  let begun = false
  await using app = await serve(
    t,
    async function* () {
      begun = true
      yield 'never asked for'
    },
    { keyConcurrency: 1 },
  )
  for (let i = 0; i < 3; i++) {
    const reply = await open(app.url, key, 'HEAD')
    expect(reply.statusCode).toBe(200)
    reply.resume()
    await once(reply, 'end')
    await expect.poll(() => app.lines.length).toBe(i + 1)
  }
  expect(begun).toBe(false)
})

test('chunks count as replies: one that its client does not take stops the key, sent ones do not', async () => {
  await using t = await start()
  const [key, other] = [await t.secret({ a: 'read' }), await t.secret({ a: 'read' })]
  let count = 1
  const source = async function* () {
    for (let i = 0; i < count; i++) yield new Uint8Array(16 * MB)
  }
  await using app = await serve(t, source, { openReplyBytes: 40 * MB })
  const slow = (await open(app.url, key)).pause() // 16 MB are more than the sockets take
  await sleep(200)
  const refused = await open(app.url, key)
  refused.resume()
  await expect(once(refused, 'end')).rejects.toThrow()
  await expect.poll(() => app.lines).toMatchObject([{ status: 200, code: 'RATE_LIMITED', msg: 'request failed' }])

  count = 8 // of another key: 128 MB, one chunk at a time
  for (const [who, length] of [[other, 128] as const, [key, 128] as const]) {
    if (who === key) {
      slow.destroy()
      await expect.poll(() => app.lines.length).toBe(3)
    }
    const reply = await open(app.url, who)
    let got = 0
    for await (const chunk of reply) got += (chunk as Buffer).length
    expect(got).toBe(length * MB)
  }
})

test('a source that fails cuts the connection, and the log has no content of it', async () => {
  await using t = await start()
  const key = await t.secret({ a: 'read' })
  await using app = await serve(t, async function* () {
    yield 'a part'
    throw Object.assign(new Error('duplicate key: whispered content'), { code: '23505' })
  })
  const reply = await open(app.url, key)
  reply.resume()
  await expect(once(reply, 'end')).rejects.toThrow()
  await expect.poll(() => app.lines).toMatchObject([{ status: 200, code: 'CONFLICT', msg: 'request failed' }])
  expect(JSON.stringify(app.lines)).not.toContain('whispered')
})

test('a server that drains ends its streams, and the client sees their end', async () => {
  await using t = await start()
  const key = await t.secret({ a: 'read' })
  const draining = new AbortController()
  await using app = await serve(
    t,
    async function* (signal) {
      yield 'hello'
      await sleep(60_000, undefined, { signal })
    },
    { draining: draining.signal },
  )
  const reply = await open(app.url, key)
  await next(reply)
  reply.resume()
  draining.abort()
  await once(reply, 'end')
  expect(reply.complete).toBe(true)
  await expect.poll(() => app.lines).toMatchObject([{ status: 200, msg: 'request' }])
})

test('a call from within the process reads the stream, and a failure is one', async () => {
  await using t = await start()
  const key = await t.secret({ a: 'read' })
  await using app = await serve(
    t,
    async function* () {
      yield 'one'
      throw new Error('broken')
    },
    { keyConcurrency: 1 },
  )
  for (let i = 0; i < 2; i++) {
    const reply = await app.app.fetch(
      new Request('http://localhost/v1/stream', { headers: { authorization: `Bearer ${key}` } }),
    )
    await expect(reply.text()).rejects.toThrow('broken')
  }
})
