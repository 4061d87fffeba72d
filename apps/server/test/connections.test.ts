import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ErrorBody } from '@dakera-ai/protocol'
import { describe, expect, test } from 'vitest'
import { start } from './harness.ts'
import { expectError, send } from './http-call.ts'

function open(url: string): Socket {
  const { hostname, port } = new URL(url)
  return connect(Number(port), hostname).on('error', () => {})
}

/** Returns what the server sends until it closes the connection or stops sending. */
async function say(url: string, text: string): Promise<{ status: number; body: unknown }> {
  const socket = open(url)
  let answer = ''
  socket.setEncoding('utf8').on('data', (part: string) => (answer += part))
  socket.write(text)
  await Promise.race([once(socket, 'close'), sleep(4_000)])
  socket.destroy()
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
  return { status: Number(answer.slice(9, 12)), body: body && (JSON.parse(body) as unknown) }
}

test.each([
  ['two Host headers', 'GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n', /more than one Host/],
  ['no Host header', 'GET /health HTTP/1.1\r\n\r\n', /no Host/],
  ['a Host that is none', 'GET /health HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n', /not valid/],
  ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', /not valid/],
])('%s: 400 in the one error shape', async (_name, text, says) => {
  await using t = await start()
  const { status, body } = await say(t.url, text)
  expect([status, ErrorBody.strict().parse(body)]).toMatchObject([
    400,
    { code: 'INVALID_REQUEST', error: expect.stringMatching(says) },
  ])
})

test('a request of HTTP/1.0 needs no Host', async () => {
  await using t = await start()
  expect(await say(t.url, 'GET /health HTTP/1.0\r\n\r\n')).toMatchObject({ status: 200, body: { status: 'healthy' } })
})

test('a request that is too slow is ended with 400, and a body that never ends gives back what it held', async () => {
  await using t = await start({ connections: { requestSeconds: 1 }, keyConcurrency: 1 })
  const key = await t.secret({ a: 'read_write' })
  const head =
    'POST /v1/memory/store HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ' +
    `${key}\r\nContent-Length: 100\r\n\r\n{`
  const slow = say(t.url, head)
  await sleep(200)
  expectError(await send(t.url, '/v1/auth/whoami', { key }), 'RATE_LIMITED')
  expect(await slow).toMatchObject({ status: 400, body: { error: 'The request took too long to arrive.' } })
  await expect.poll(async () => (await send(t.url, '/v1/auth/whoami', { key })).status).toBe(200)
})

test('a client that reads nothing of its replies is cut off; one that waits for a slow reply is not', {
  timeout: 30_000,
}, async () => {
  await using t = await start({ connections: { writeSeconds: 1 } })
  const reader = open(t.url)
  reader.pause()
  reader.write('GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(200)) // some 50 MB
  const closed = once(reader, 'close')
  await Promise.race([closed, sleep(5_000)])
  reader.resume() // so that the end is received
  await closed
  expect(reader.bytesRead).toBeLessThan(50_000_000)

  const key = await t.secret({ a: 'read' })
  await t.client(key).whoami()
  let letGo = () => {}
  const held = new Promise<void>((resolve) => (letGo = resolve))
  const holding = ['x', 'y', 'z', 'w'].map((other) =>
    t.database.pools.calls.run(other, new AbortController().signal, () => held),
  )
  setTimeout(letGo, 2_500)
  expect((await send(t.url, '/v1/auth/whoami', { key })).status).toBe(200)
  await Promise.all(holding)
})

test('a client that takes a little of a reply now and then is cut off when the whole takes too long', async () => {
  await using t = await start({ connections: { replySeconds: 1 } })
  const reader = open(t.url)
  reader.pause()
  reader.write('GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(200)) // some 50 MB
  const closed = once(reader, 'close')
  for (let i = 0; i < 20; i++) {
    await sleep(200)
    reader.read(10_000)
  }
  reader.resume() // so that the end is received
  await closed
  expect(reader.bytesRead).toBeLessThan(50_000_000)
})

describe('of as many connections as there may be', () => {
  const connected = async (url: string, localAddress = '127.0.0.1') => {
    const { hostname, port } = new URL(url)
    const socket = connect({ port: Number(port), host: hostname, localAddress }).on('error', () => {})
    await once(socket, 'connect')
    return socket.resume()
  }
  const isOpen = async (socket: Socket) => {
    await sleep(200)
    return !socket.destroyed
  }
  const ask = (socket: Socket) => socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')

  test('the one that waits longest makes room, whether it has asked before or not', async () => {
    await using t = await start({ connections: { most: 3 } })
    const [asked, silent] = [await connected(t.url), await connected(t.url)]
    ask(asked) // and so it waits less long than the other
    await once(asked, 'data')
    const third = await connected(t.url)
    expect([await isOpen(asked), await isOpen(silent), await isOpen(third)]).toEqual([true, false, true])
    asked.write('GET /hea') // and never the rest
    for (let i = 0; i < 5; i++)
      expect((await fetch(`${t.url}/health`, { headers: { connection: 'close' } })).status).toBe(200)
    const [fourth, fifth] = [await connected(t.url), await connected(t.url)]
    expect([await isOpen(asked), await isOpen(fourth), await isOpen(fifth)]).toEqual([false, true, true])
    for (const socket of [third, fourth, fifth]) socket.destroy()
  })

  test('those with a request under way stay, and what comes beyond them is closed', async () => {
    await using t = await start({ connections: { most: 2 } })
    const key = await t.secret({ a: 'read_write' })
    await t.client(key).whoami()
    const head =
      'POST /v1/memory/store HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ' +
      `${key}\r\nContent-Length: 100\r\n\r\n{`
    const busy: Socket[] = []
    for (let i = 0; i < 2; i++) {
      const socket = await connected(t.url)
      socket.write(head)
      busy.push(socket)
      await sleep(200)
    }
    expect(await isOpen(await connected(t.url))).toBe(false)
    for (const socket of busy) expect(socket.destroyed).toBe(false)
    busy[0]?.destroy()
    await expect
      .poll(
        async () =>
          (await fetch(`${t.url}/health`, { headers: { connection: 'close' } }).catch(() => undefined))?.status,
      )
      .toBe(200)
    busy[1]?.destroy()
  })

  test.runIf(process.platform === 'linux')('an address that opens many loses its own', async () => {
    await using t = await start({ connections: { most: 4 } })
    const honest = await connected(t.url)
    const many: Socket[] = []
    for (let i = 0; i < 12; i++) many.push(await connected(t.url, '127.0.0.2'))
    expect(await isOpen(honest)).toBe(true)
    ask(honest)
    await once(honest, 'data')
    expect(many.filter(({ destroyed }) => !destroyed).length).toBeLessThan(4)
    for (const socket of [honest, ...many]) socket.destroy()
  })
})

test('on loopback only requests that name it are answered, where that is asked for', async () => {
  await using t = await start({ loopbackOnly: true })
  const { port } = new URL(t.url)
  for (const host of ['localhost', `localhost:${port}`, '127.0.0.1', `[::1]:${port}`, 'LOCALHOST'])
    expect((await send(t.url, '/health', { headers: { host } })).status).toBe(200)
  for (const host of ['rebind.example', 'localhost.rebind.example', '127.0.0.1.rebind.example', '192.0.2.1'])
    expectError(await send(t.url, '/health', { headers: { host } }), 'INVALID_REQUEST', /loopback/)
})

test('no reply is kept by a cache, whichever header the key was in, and none is read as another type', async () => {
  await using t = await start({ corsOrigins: ['https://app.example'] })
  const key = await t.secret({ a: 'read' })
  for (const headers of [
    { 'x-api-key': key },
    { 'x-api-key': 'dk-unknown' },
    { 'x-api-key': key, origin: 'https://app.example' },
  ] as Record<string, string>[]) {
    const { headers: got } = await send(t.url, '/v1/auth/whoami', { headers })
    expect([got['cache-control'], got['x-content-type-options']]).toEqual(['no-store', 'nosniff'])
    expect(got['vary']).toMatch(/Authorization, X-API-Key$/)
    if (headers['origin']) expect(got['vary']).toMatch(/Origin/)
  }
})

test('the pages that stay the same are made once, and sent once to who has them', async () => {
  await using t = await start()
  for (const path of ['/docs', '/openapi.json']) {
    const first = await send(t.url, path)
    expect([first.status, first.headers['cache-control']]).toEqual([200, 'no-cache'])
    const again = await send(t.url, path, { headers: { 'if-none-match': String(first.headers.etag) } })
    expect([again.status, again.text]).toEqual([304, ''])
  }
})
