import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import postgres, { type Sql } from 'postgres'
import { describe, expect, inject, test } from 'vitest'
import { emptyPostgres, engine } from './harness.ts'
import { openProxy } from './private-cluster.ts'

/** Opens a pool of one connection, so that the next caller gets the connection that broke before. */
function openPool() {
  const sql = postgres(inject('postgresUrl'), { max: 1, onnotice: () => {}, backoff: () => 0.05 })
  const cluster = postgres(inject('postgresUrl'), { max: 1, onnotice: () => {} })
  return {
    sql,
    /** Ends this session's process, and waits until the pool has reconnected for another caller. */
    async breakSession(session: Sql): Promise<void> {
      const [{ pid } = {}] = await session<{ pid: number }[]>`select pg_backend_pid() as pid`
      await cluster`select pg_terminate_backend(${pid as number}, 5000)`
      await expect
        .poll(() =>
          sql`select 1`.then(
            () => true,
            () => false,
          ),
        )
        .toBe(true)
    },
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 1 })
      await cluster.end()
    },
  }
}

// Tests of patches/postgres@3.4.9.patch, in addition to the crashes that outage.test.ts provokes (docs/decisions/0021).
describe.runIf(engine === 'postgres')('a connection that broke is of no more use to who had it', () => {
  test('a statement of a broken transaction never runs in the next one', async () => {
    await using pool = openPool()
    const { sql } = pool
    let late: Promise<unknown> | undefined
    const broken = sql.begin(async (tx) => {
      await pool.breakSession(tx as unknown as Sql)
      late = sql.begin(async (next) => {
        await next`select set_config('dakera.key', 'of the next', true)`
        const [seen] = await Promise.allSettled([tx`select current_setting('dakera.key') as key`])
        return seen
      })
      await late
      throw new Error('the end of the handler')
    })
    await expect(broken).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    await expect.poll(() => late).toMatchObject({ status: 'rejected', reason: { code: 'CONNECTION_CLOSED' } })
    expect([...(await sql`select 1 as one`)]).toEqual([{ one: 1 }])
  })

  test('nor does one of a broken session, whose release gives nothing back', async () => {
    await using pool = openPool()
    const { sql } = pool
    const session = await sql.reserve()
    await pool.breakSession(session)
    await expect(session`select 1`).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    const next = await sql.reserve()
    session.release()
    let isServed = false
    const waiting = sql`select 1`.then(() => (isServed = true))
    await next`select pg_sleep(0.2)`
    expect(isServed).toBe(false)
    next.release()
    await waiting
  })

  test('what it had not sent yet does not stand in the way of the next connection', async () => {
    const { hostname, port } = new URL(inject('postgresUrl'))
    const links: Duplex[] = []
    // A stream that closes before the driver's next turn to write, as that of the embedded database does.
    const link = () => {
      const far = connect(Number(port), hostname)
      const near = new Duplex({
        read: () => {},
        write: (bytes: Buffer, _encoding, done) => void far.write(bytes, () => done()),
        destroy(_error, done) {
          far.destroy()
          done(null)
        },
      })
      far.on('data', (bytes) => near.push(bytes)).on('error', () => {})
      links.push(near)
      return near
    }
    const sql = postgres(inject('postgresUrl'), {
      max: 1,
      connect_timeout: 3,
      backoff: () => 0.05,
      socket: link,
    } as object)
    await sql`select 1`
    const unsent = sql`select 2`.catch((error: unknown) => error)
    for (let turn = 0; turn < 5; turn++) await undefined // until the driver has it, but not until it writes
    links[0]?.destroy()
    expect(await unsent).toMatchObject({ code: 'CONNECTION_CLOSED' })
    expect([...(await sql`select 3 as three`)]).toEqual([{ three: 3 }])
    await sql.end({ timeout: 1 })
  })

  test('what it was told in an outage is not told again afterwards', async () => {
    const place = await emptyPostgres()
    const name = new URL(place.settings.url).pathname.slice(1)
    await using pool = openPool()
    const sql = postgres(place.settings.url, { max: 1, onnotice: () => {}, backoff: () => 0.05 })
    await expect(sql`select pg_terminate_backend(pg_backend_pid())`).rejects.toThrow()
    await pool.sql.unsafe(`alter database ${name} allow_connections false`)
    await expect(sql`select 1`).rejects.toMatchObject({ code: '55000' })
    await pool.sql.unsafe(`alter database ${name} allow_connections true`)
    expect([...(await sql`select 1 as one`)]).toEqual([{ one: 1 }])
    await sql.end()
    await place.remove()
  })

  test('a reset inside a transaction leaves nothing behind that the next connection waits for', async () => {
    await using proxy = await openProxy(inject('postgresUrl'))
    const sql = postgres(proxy.url, { max: 1, onnotice: () => {}, backoff: () => 0.05 })
    for (const nest of [false, true]) {
      const started = Promise.withResolvers<void>()
      const broken = sql.begin(async (tx) => {
        const wait = async (session: Sql) => {
          await session`select 1`
          setTimeout(started.resolve, 50)
          await session`select pg_sleep(10)`
        }
        if (nest) await tx.savepoint((inner) => wait(inner as unknown as Sql))
        else await wait(tx as unknown as Sql)
      })
      await started.promise
      proxy.reset()
      await expect(broken).rejects.toMatchObject({ code: expect.stringMatching(/ECONNRESET|CONNECTION_CLOSED/) })
      for (const n of [1, 2, 3]) expect([...(await inTime(sql`select ${n}::int as n`))]).toEqual([{ n }])
    }
    await sql.end({ timeout: 1 })
  })

  test.each(['of the pool', 'of a reserved session'])(
    'a statement %s that comes between the error and the end is told',
    async (whose) => {
      const { hostname, port } = new URL(inject('postgresUrl'))
      const links: Socket[] = []
      const link = () => {
        const socket = connect(Number(port), hostname)
        links.push(socket)
        return new Promise<Socket>((resolve) => socket.once('connect', () => resolve(socket)))
      }
      const sql = postgres(inject('postgresUrl'), { max: 1, backoff: () => 0.05, socket: link } as object)
      await sql`select 1`
      const session = whose === 'of the pool' ? sql : await sql.reserve()
      let late: Promise<unknown> | undefined
      links[0]?.once('error', () => (late = inTime(session`select 2`).catch((error: unknown) => error)))
      links[0]?.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
      await expect.poll(() => late).toMatchObject({ code: 'CONNECTION_CLOSED' })
      expect([...(await inTime(sql`select 3 as three`))]).toEqual([{ three: 3 }])
      await sql.end({ timeout: 1 })
    },
  )

  test('a session that was to be reserved is reserved although the connection it waits for breaks', async () => {
    await using pool = openPool()
    const { sql } = pool
    const held = await sql.reserve()
    const waiting = sql.reserve()
    waiting.catch(() => {})
    await held`select pg_terminate_backend(pg_backend_pid())`.catch(() => {})
    const session = await inTime(waiting)
    expect([...(await session`select 1 as one`)]).toEqual([{ one: 1 }])
    session.release()
    expect([...(await inTime(sql`select 2 as two`))]).toEqual([{ two: 2 }])
  })

  test('one that could not be had takes no connection with it', async () => {
    const place = await emptyPostgres()
    const name = new URL(place.settings.url).pathname.slice(1)
    await using pool = openPool()
    const sql = postgres(place.settings.url, { max: 1, onnotice: () => {}, backoff: () => 0.05 })
    const held = await sql.reserve()
    const waiting = sql.reserve()
    await pool.sql.unsafe(`alter database ${name} allow_connections false`)
    held`select pg_terminate_backend(pg_backend_pid())`.catch(() => {})
    await expect(inTime(waiting)).rejects.toMatchObject({ code: '55000' })
    await pool.sql.unsafe(`alter database ${name} allow_connections true`)
    expect([...(await inTime(sql`select 1 as one`))]).toEqual([{ one: 1 }])
    await sql.end({ timeout: 1 })
    await place.remove()
  })
})

/** Fails a promise that hangs before the test's own time-out, which names no line. */
function inTime<T>(promise: PromiseLike<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(reject, 5_000, new Error('no answer within 5 s'))
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
