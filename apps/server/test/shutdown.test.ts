import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { freshPlace, launch } from './child-server.ts'
import { ADMIN_KEY, onOneEngine } from './harness.ts'
import { send } from './http-call.ts'

/** Begins a request whose body is still to come: the server has responded with 100 to its head. */
async function begin(url: string, path: string) {
  const { hostname, port } = new URL(url)
  const call = request({
    hostname,
    port,
    path,
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, expect: '100-continue', 'transfer-encoding': 'chunked' },
  })
  const answered = new Promise<number>((resolve, reject) => {
    call.once('response', (reply) =>
      reply
        .resume()
        .once('end', () => resolve(reply.statusCode ?? 0))
        .once('error', reject),
    )
    call.once('error', reject)
  })
  answered.catch(() => {}) // reported where it is awaited
  call.flushHeaders()
  await Promise.race([once(call, 'continue'), answered])
  return { answered, finish: (body: object) => void call.end(JSON.stringify(body)) }
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s during 20 slow requests: all are answered, nothing new is taken, and the exit code is 0',
  async (signal) => {
    await using place = await freshPlace()
    await using server = launch(place.settings)
    const url = await server.ready
    const slow = []
    for (let i = 0; i < 20; i++) slow.push(await begin(url, '/v1/memories/store/batch'))

    const ended = server.stop(signal)
    const refused = () =>
      send(url, '/health').then(
        ({ status }) => `answered ${status}`,
        (error: Error) => error.message,
      )
    await expect.poll(refused).toMatch(/ECONNREFUSED|ECONNRESET|socket hang up/)
    server.kill(signal) // an impatient second one changes nothing
    const memories = Array.from({ length: 50 }, (_, i) => ({ content: `Slow note ${i} of a batch.` }))
    for (const { finish } of slow) finish({ agent_id: 'inbox', memories })
    expect(await Promise.all(slow.map(({ answered }) => answered))).toEqual(slow.map(() => 200))
    expect((await ended).code).toBe(0)

    await using again = launch(place.settings)
    expect((await send(await again.ready, '/v1/namespaces/inbox', { key: ADMIN_KEY })).json).toMatchObject({
      memory_count: 1000,
    })
  },
)

onOneEngine('a request that never ends is cut after DAKERA_SHUTDOWN_SECONDS', async () => {
  await using place = await freshPlace()
  await using other = await freshPlace()
  await using server = launch({ ...place.settings, DAKERA_SHUTDOWN_SECONDS: '1' })
  await using patient = launch({ ...other.settings, DAKERA_SHUTDOWN_SECONDS: '600' })
  const { answered } = await begin(await server.ready, '/v1/memory/store')
  const { answered: waiting } = await begin(await patient.ready, '/v1/memory/store')
  const ends: string[] = []
  void patient.stop().then(() => ends.push('patient'))
  const { code } = await server.stop()
  expect([code, ends]).toEqual([0, []]) // the other one waits on
  await expect(answered).rejects.toThrow()
  patient.kill('SIGKILL')
  await expect(waiting).rejects.toThrow()
})

onOneEngine('what is not even HTTP gets the one error shape too, and the server goes on', async () => {
  await using place = await freshPlace()
  await using server = launch(place.settings)
  const { hostname, port } = new URL(await server.ready)
  for (const garbage of ['hello\r\n\r\n', `GET / HTTP/1.1\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`]) {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text
    })
    socket.on('error', () => {}) // the rest of the input is sent to a closed connection
    socket.write(garbage)
    await once(socket, 'close')
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
      code: 'INVALID_REQUEST',
      status: 400,
      request_id: expect.stringMatching(/^req_/),
    })
  }
  expect((await fetch(`${await server.ready}/health`)).status).toBe(200)
})
