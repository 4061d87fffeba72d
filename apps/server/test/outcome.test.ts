import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { freshPlace, launch } from './child-server.ts'
import { ADMIN_KEY, engine } from './harness.ts'
import { expectError, send } from './http-call.ts'
import { openProxy } from './private-cluster.ts'

const post = (url: string, path: string, body: object) => send(url, path, { method: 'POST', key: ADMIN_KEY, body: { agent_id: 'inbox', ...body } })
const store = (url: string) => post(url, '/v1/memory/store', { content: 'Perhaps.' })
const forget = (url: string) => post(url, '/v1/memory/forget', { tags: ['x'] })
const list = (url: string) => post(url, '/v1/memories/recall/batch', {})

/** A server behind a proxy to its database, and a lock in which everything that touches memories waits. */
async function stage() {
  await using stack = new AsyncDisposableStack()
  const place = stack.use(await freshPlace())
  const proxy = stack.use(await openProxy(place.databaseUrl ?? ''))
  const server = stack.use(launch({ ...place.settings, DATABASE_URL: proxy.url }))
  const url = await server.ready
  expect((await store(url)).status).toBe(200)
  const login = postgres(place.databaseUrl ?? '', { max: 1, onnotice: () => {} })
  stack.defer(() => login.end())
  const held = stack.move()
  return {
    url,
    proxy,
    /** The lock is let go when it is disposed. */
    async lock() {
      let letGo = () => {}
      const released = new Promise<void>((resolve) => (letGo = resolve))
      let isLocked = () => {}
      const locked = new Promise<void>((resolve) => (isLocked = resolve))
      const holding = login.begin(async (sql) => {
        await sql`lock table memories in access exclusive mode`
        isLocked()
        await released
      })
      await locked
      return async () => {
        letGo()
        await holding
      }
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

// The embedded database is in the same process: no connection to it is lost.
describe.runIf(engine === 'postgres')('what is said of a call whose database was lost', () => {
  test('of a write that may have been kept: that nobody knows, and how to repeat it safely', async () => {
    await using s = await stage()
    const release = await s.lock()
    const answers = [store(s.url), forget(s.url), list(s.url)]
    await sleep(1_000) // until they wait for the lock
    await s.proxy.cut()
    const [stored, forgotten, listed] = await Promise.all(answers)
    if (!stored || !forgotten || !listed) throw new Error('three were asked')
    expectError(stored, 'SERVICE_UNAVAILABLE', /outcome is not known.*Idempotency-Key/)
    for (const known of [forgotten, listed]) expectError(known, 'SERVICE_UNAVAILABLE', /^The database does not answer right now/) // never committed, or a read
    await release()
  })

  test('the same when the network loses every packet; and what only waited for its turn is known not to have happened', { timeout: 60_000 }, async () => {
    await using s = await stage()
    const release = await s.lock()
    const answers = Array.from({ length: 8 }, () => store(s.url))
    await sleep(1_000)
    s.proxy.goSilent()
    const said = (await Promise.all(answers)).map(({ json }) => (json as { error: string }).error)
    expect(said.filter((text) => text.includes('outcome is not known')).length).toBeGreaterThan(0)
    expect(said.filter((text) => text.startsWith('The database does not answer')).length).toBeGreaterThan(0)
    await s.proxy.mend()
    await release()
  })

  test('readiness asks through the sessions: connections that went silent are told and replaced, though new ones work', { timeout: 60_000 }, async () => {
    await using s = await stage()
    expect((await list(s.url)).status).toBe(200)
    s.proxy.muteOpen()
    expect(await send(s.url, '/health/ready')).toMatchObject({ status: 503, json: { components: { database: false } } })
    await expect.poll(async () => (await send(s.url, '/health/ready')).status, { timeout: 40_000 }).toBe(200)
    await expect.poll(async () => (await store(s.url)).status, { timeout: 20_000 }).toBe(200)
    expect((await list(s.url)).status).toBe(200)
  })
})
