import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { UsageCounter } from '../src/db/counters/usage.ts'
import { openDatabase } from '../src/db/open.ts'
import { hashSecret, NEVER, principalOf } from '../src/principal.ts'
import { freshPlace, launch } from './child-server.ts'
import { ADMIN_KEY, engine, start } from './harness.ts'
import { expectError, send } from './http-call.ts'
import { openProxy } from './private-cluster.ts'

const post = (url: string, path: string, body: object) =>
  send(url, path, { method: 'POST', key: ADMIN_KEY, body: { agent_id: 'inbox', ...body } })
const store = (url: string) => post(url, '/v1/memory/store', { content: 'Perhaps.' })
const forget = (url: string) => post(url, '/v1/memory/forget', { tags: ['x'] })
const list = (url: string) => post(url, '/v1/memories/recall/batch', {})

/** Starts a server behind a proxy to its database, with a lock that all work on memories waits for. */
async function stage() {
  await using stack = new AsyncDisposableStack()
  const place = stack.use(await freshPlace())
  const proxy = stack.use(await openProxy(place.databaseUrl ?? ''))
  const server = stack.use(launch({ ...place.settings, DATABASE_URL: proxy.url }))
  const url = await server.ready
  expect((await store(url)).status).toBe(200)
  const login = postgres(place.databaseUrl ?? '', { max: 2, onnotice: () => {} })
  stack.defer(() => login.end())
  const held = stack.move()
  return {
    url,
    proxy,
    /** How many statements wait for the lock. */
    waiting: async () =>
      (await login`select from pg_locks where relation = 'memories'::regclass and not granted`).length,
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
    await expect.poll(s.waiting).toBe(answers.length)
    await s.proxy.cut()
    const [stored, forgotten, listed] = await Promise.all(answers)
    if (!stored || !forgotten || !listed) throw new Error('three were asked')
    expectError(stored, 'SERVICE_UNAVAILABLE', /outcome is unknown.*Idempotency-Key/)
    for (const known of [forgotten, listed])
      expectError(known, 'SERVICE_UNAVAILABLE', /^The database does not answer right now/) // never committed, or a read
    await release()
  })

  test(
    'the same when the network loses every packet; and what only waited for its turn is known not to have ' +
      'happened',
    async () => {
      await using s = await stage()
      const release = await s.lock()
      const answers = Array.from({ length: 8 }, () => store(s.url))
      await expect.poll(s.waiting).toBeGreaterThan(0)
      await sleep(1_000) // until the others wait for their turn
      s.proxy.goSilent()
      const said = (await Promise.all(answers)).map(({ json }) => (json as { error: string }).error)
      expect(said.filter((text) => text.includes('outcome is unknown')).length).toBeGreaterThan(0)
      expect(said.filter((text) => text.startsWith('The database does not answer')).length).toBeGreaterThan(0)
      await s.proxy.mend()
      await release()
    },
  )

  test('a silent connection is given up with what runs on it, and the database is there all the same', async () => {
    await using t = await start()
    await using proxy = await openProxy((t.settings as { url: string }).url)
    const settings = {
      engine: 'postgres' as const,
      url: proxy.url,
      migrationUrl: undefined,
      poolSize: 2,
      searchTimeoutMs: 200,
    }
    const database = await openDatabase(settings, pino({ level: 'silent' }), async () => {})
    const search = () =>
      database.pools.searches.run('a', NEVER, (session) =>
        session.statement(principalOf('x'), 'read', async (sql) => sql`select 1 as a`),
      )
    await search()
    proxy.muteOpen()
    const lost = search().catch((error: { code: string }) => error.code)
    for (let asked = 0; asked < 3; asked++) {
      expect(await database.check()).toEqual({ ok: true })
      await sleep(2_000)
    }
    expect(await lost).toBe('CONNECTION_DESTROYED')
    expect([...(await search())]).toEqual([{ a: 1 }])
    await database.close()
  })

  test("the server's own work that hangs on a silent connection ends, and the next has another", async () => {
    await using t = await start()
    await using proxy = await openProxy((t.settings as { url: string }).url)
    const settings = {
      engine: 'postgres' as const,
      url: proxy.url,
      migrationUrl: undefined,
      poolSize: 1,
      searchTimeoutMs: 5_000,
    }
    const database = await openDatabase(settings, pino({ level: 'silent' }), async () => {})
    const usage = new UsageCounter(database)
    const note = () =>
      usage.record({ keyHash: hashSecret(ADMIN_KEY), endpoint: 'x', namespace: '', status: 200, bytes: 1, ms: 1 })
    const upkeep = () => database.asOwner?.((owner) => owner`select 1 as a`, 1_000)
    note()
    await Promise.all([usage.flush(), database.sql`select pg_sleep(0.2)`, upkeep(), upkeep(), upkeep()])
    await usage.flush()
    proxy.muteOpen()
    note()
    const flushing = usage.flush()
    const hanging = [upkeep(), upkeep(), upkeep(), flushing].map((work) =>
      expect(work).rejects.toMatchObject({ code: 'CONNECTION_DESTROYED' }),
    )
    expect(await database.check()).toEqual({ ok: true })
    await Promise.all(hanging)
    await Promise.all([usage.flush(), upkeep()])
    await database.close()
  })

  test('a request to cancel that does not arrive in time hits nobody when it does', async () => {
    await using t = await start()
    await using proxy = await openProxy((t.settings as { url: string }).url)
    const settings = {
      engine: 'postgres' as const,
      url: proxy.url,
      migrationUrl: undefined,
      poolSize: 1,
      searchTimeoutMs: 5_000,
    }
    const database = await openDatabase(settings, pino({ level: 'silent' }), async () => {})
    const rest = (seconds: number, signal = NEVER) =>
      database.pools.calls.run('a', signal, (session) =>
        session.statement(principalOf('x', { signal }), 'read', async (sql) => sql`select pg_sleep(${seconds})`),
      )
    await rest(0)
    const letThrough = proxy.delayNew()
    const leaving = new AbortController()
    const left = rest(1, leaving.signal).catch((error: Error) => error.message)
    await sleep(200)
    leaving.abort(new Error('hung up'))
    await left
    const next = rest(1)
    await sleep(200)
    letThrough()
    expect(await next).toHaveLength(1)
    await database.close()
  })

  test(
    'readiness asks through the sessions: connections that went silent are told and replaced, though new ones ' +
      'work',
    async () => {
      await using s = await stage()
      expect((await list(s.url)).status).toBe(200)
      s.proxy.muteOpen()
      expect(await send(s.url, '/health/ready')).toMatchObject({
        status: 503,
        json: { components: { database: false } },
      })
      await expect.poll(async () => (await send(s.url, '/health/ready')).status).toBe(200)
      await expect.poll(async () => (await store(s.url)).status).toBe(200)
      expect((await list(s.url)).status).toBe(200)
    },
  )
})
