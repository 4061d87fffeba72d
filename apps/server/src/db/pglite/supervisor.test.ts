import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { toFault } from '../../fault.ts'
import { principalOf } from '../../principal.ts'
import { Session } from '../session.ts'
import type { PgliteLog } from './engine.ts'
import { type SupervisorOptions, superviseEmbedded } from './supervisor.ts'

type Line = { level: string; about: object; message: string }
let root: string
let fresh: string

/** A database of its own, copied because creating one takes seconds, with what it said to the log. */
async function open(options: Partial<SupervisorOptions> = {}) {
  const dataDir = fs.mkdtempSync(path.join(root, 'copy-'))
  fs.cpSync(fresh, dataDir, { recursive: true })
  const said: Line[] = []
  const write = (level: string) => (about: object, message: string) => void said.push({ level, about, message })
  const log: PgliteLog = { info: write('info'), warn: write('warn'), error: write('error') }
  const pglite = await superviseEmbedded({ dataDir, durability: 'full', log, ...options })
  const connect = (connection: Record<string, string> = {}) =>
    postgres({
      socket: pglite.socket,
      backoff: () => 0,
      max: 1,
      max_lifetime: null,
      onnotice: () => {},
      connection,
    } as never) as Sql
  const sql = connect()
  return {
    dataDir,
    pglite,
    sql,
    connect,
    said,
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 1 })
      await pglite.close()
    },
  }
}

const failure = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => 'no failure',
    (error: { code: string }) => error.code,
  )

const walBytes = (dataDir: string) => {
  const folder = path.join(dataDir, 'postgres', 'pg_wal')
  return fs
    .readdirSync(folder)
    .map((name) => fs.statSync(path.join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0)
}

describe.runIf(process.env.DAKERA_TEST_ENGINE !== 'postgres')('the supervision of the embedded database', () => {
  beforeAll(async () => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'pglite-supervisor-'))
    fresh = path.join(root, 'fresh')
    const log = { info() {}, warn() {}, error() {} }
    const pglite = await superviseEmbedded({ dataDir: fresh, durability: 'full', log })
    const sql = postgres({ socket: pglite.socket, max: 1, onnotice: () => {} } as never) as Sql
    await sql`create table notes (id int primary key, text text)`
    await sql`create role reader`
    await sql`grant select, insert, update, delete on notes to reader`
    await sql.end()
    await pglite.close()
  })
  afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

  test('a statement over its limit is ended, those behind it are served, this thread never stands still', async () => {
    await using db = await open()
    await db.sql`select 1`
    let ticks = 0
    const ticking = setInterval(() => ticks++, 5)
    db.pglite.limitStatements(500)
    expect(await failure(db.sql`select pg_sleep(3600)`)).toBe('57014')
    expect(ticks).toBeGreaterThan(2)
    expect([...(await db.sql`select 2 as a`)]).toEqual([{ a: 2 }])
    clearInterval(ticking)
    expect(db.said.map(({ message }) => message)).toEqual([
      expect.stringContaining('ran too long'),
      expect.stringContaining('is open again'),
    ])
  })

  test('the outcome of a write that was ended with its thread is unknown; a read only took too long', async () => {
    await using db = await open()
    const session = new Session({ open: () => db.sql })
    const ended = (mode: 'read' | 'write') =>
      session
        .statement(principalOf('x'), mode, async (sql) => sql`select pg_sleep(3600)`)
        .then(
          () => 'no failure',
          (error) => toFault(error).message,
        )
    db.pglite.limitStatements(500)
    expect(await ended('write')).toMatch(/outcome is unknown/)
    expect(await ended('read')).toMatch(/took longer than the server lets it/)
  })

  test('upkeep is not held to the limit of the client', async () => {
    await using db = await open()
    await db.sql`insert into notes select i, repeat('x', 500) from generate_series(1, 20000) i`
    db.pglite.limitStatements(0)
    await db.pglite.checkpoint()
    expect(await db.pglite.check(60_000)).toEqual({ ok: true, warning: undefined })
  })

  test('a thread that ends takes nothing acknowledged along, tells who waits, and is back without help', async () => {
    await using db = await open()
    const acknowledged: number[] = []
    const outcomes = new Set<string>()
    let id = 0
    let isOver = false
    const writers = Array.from({ length: 5 }, async () => {
      while (!isOver) {
        const mine = id++
        const outcome = await failure(db.sql`insert into notes values (${mine}, 'kept')`)
        outcomes.add(outcome)
        if (outcome === 'no failure') acknowledged.push(mine)
      }
    })
    for (let round = 0; round < 3; round++) {
      await sleep(200 * round)
      const enough = acknowledged.length + 10
      await expect.poll(() => acknowledged.length).toBeGreaterThan(enough)
      await db.pglite.crash()
    }
    isOver = true
    await Promise.all(writers)
    const found = new Set((await db.sql<{ id: number }[]>`select id from notes`).map((row) => row.id))
    expect(acknowledged.length).toBeGreaterThan(30)
    expect(acknowledged.filter((one) => !found.has(one))).toEqual([])
    expect([...outcomes].filter((code) => !['no failure', '57P02', '57P03'].includes(code))).toEqual([])
  })

  test('upkeep works though the client has taken a role, and gives the role back', async () => {
    await using db = await open()
    const reader = db.connect({ role: 'reader' })
    await db.sql.end()
    await reader`insert into notes select i, repeat('x', 2000) from generate_series(1, 10000) i`
    for (const letter of ['a', 'b', 'c', 'd', 'e']) await reader`update notes set text = repeat(${letter}, 2000)`
    await reader`delete from notes where id % 2 = 0`
    await db.pglite.vacuum()
    await db.pglite.analyze()
    await db.pglite.checkpoint()
    expect((await reader`select current_user::text as role`)[0]?.role).toBe('reader')
    const [table] =
      await reader`select vacuum_count::int as vacuums, analyze_count::int as analyses, n_dead_tup::int as dead
        from pg_stat_user_tables where relname = 'notes'`
    expect(table).toEqual({
      vacuums: expect.toSatisfy((count) => count >= 1),
      analyses: expect.toSatisfy((count) => count >= 1),
      dead: 0,
    })
    // Without a checkpoint all of it stays: more than 150 MB.
    expect(walBytes(db.dataDir)).toBeLessThan(100_000_000)
    await reader.end()
  })

  test('Postgres only warns of upkeep that it skips, which is why a warning is an error here', async () => {
    await using db = await open()
    const reader = db.connect({ role: 'reader' })
    await db.sql.end()
    await reader`select 1`
    // What upkeep would meet without the owner's role: Postgres warns, and answers as if it had worked.
    const notices: string[] = []
    const plain = postgres({
      socket: db.pglite.socket,
      max: 1,
      onnotice: ({ message }: { message: string }) => notices.push(message),
      connection: { role: 'reader' },
    } as never) as Sql
    await reader.end()
    await plain.unsafe('vacuum notes')
    expect(notices[0]).toMatch(/permission denied.*skipping/)
    await plain.end()
  })

  test(
    'readiness asks the engine: one that is busy within its limit serves, and that is told; one that is gone ' +
      'does not',
    async () => {
      await using db = await open()
      const sleeping = failure(db.sql`select pg_sleep(5)`)
      await expect
        .poll(() => db.pglite.check(300))
        .toEqual({
          ok: true,
          warning: 'The embedded database has not responded for 0.3 s. It is busy with one statement.',
        })
      await sleeping
      expect(await db.pglite.check(60_000)).toEqual({ ok: true, warning: undefined })
      void db.pglite.crash()
      expect(await db.pglite.check(0)).toMatchObject({ ok: false })
    },
  )

  test('an engine that serves one statement after the other is ready, whether or not one runs just then', async () => {
    await using db = await open()
    await db.sql.begin(async (sql) => {
      await sql`select 1`
      let isAnswered = false
      const answer = db.pglite.check(300).finally(() => (isAnswered = true))
      while (!isAnswered) {
        await sql`select 1`
        await sleep(50)
      }
      expect(await answer).toEqual({
        ok: true,
        warning: 'The embedded database has not responded for 0.3 s. It is busy with other statements.',
      })
    })
  })

  test('readiness asks once for all who wait, and does not blame the engine for a delay of this thread', async () => {
    await using db = await open()
    await db.sql`select 1`
    const posted = vi.spyOn(Worker.prototype, 'postMessage')
    const sleeping = failure(db.sql`select pg_sleep(6)`)
    await sleep(200)
    for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 20 }, () => db.pglite.check(200)))
    await sleeping
    expect(posted.mock.calls.filter(([message]) => (message as { name?: string }).name === 'ping')).toHaveLength(1)
    posted.mockRestore()

    await new Promise(setImmediate) // after it the event loop looks at timers before messages
    const asked = db.pglite.check(300)
    await Promise.resolve() // and it is on its way
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000)
    expect(await asked).toEqual({ ok: true, warning: undefined })
  })

  test(
    'a database that cannot be started again is given up after several attempts with a sentence, and callers ' +
      'are told why meanwhile',
    async () => {
      const gone = Promise.withResolvers<Error>()
      await using db = await open({ onGivenUp: gone.resolve, startsBeforeGivingUp: 4 })
      await db.sql`insert into notes values (1, 'kept')`
      const files = path.join(db.dataDir, 'postgres')
      const version = path.join(files, 'PG_VERSION')
      fs.writeFileSync(version, '17\n')
      await db.pglite.crash()
      await sleep(300)
      expect(await failure(db.sql`select 1`)).toBe('57P03')
      expect(await db.pglite.check(60_000)).toMatchObject({
        ok: false,
        message: expect.stringContaining('was written by Postgres 17'),
      })
      expect((await gone.promise).message).toMatch(/could not be restarted in 4 attempts.*was written by Postgres 17/)
      fs.writeFileSync(version, '18\n')
    },
  )

  test('a start that takes too long is ended, like one that fails', async () => {
    await expect(open({ openLimitMs: 1 })).rejects.toMatchObject({
      code: 'STOPPED',
      message: 'The embedded database was not open after 0.001 s.',
    })
  })

  test('one that recovers before it is given up serves again', async () => {
    await using db = await open()
    await db.sql`insert into notes values (1, 'kept')`
    const version = path.join(db.dataDir, 'postgres', 'PG_VERSION')
    fs.writeFileSync(version, '17\n')
    await db.pglite.crash()
    for (let asked = 0; asked < 3; asked++) {
      await sleep(100)
      expect(await failure(db.sql`select 1`)).toBe('57P03') // each time, and none is left waiting
    }
    fs.writeFileSync(version, '18\n')
    await expect.poll(() => failure(db.sql`select 1`)).toBe('no failure')
    expect([...(await db.sql`select id from notes`)]).toEqual([{ id: 1 }])
  })

  test('closing ends at once while a statement runs, and the directory is free', async () => {
    const db = await open()
    const sleeping = failure(db.sql`select pg_sleep(1)`)
    await sleep(100)
    await Promise.all([db.pglite.close(), sleeping])
    const again = await superviseEmbedded({
      dataDir: db.dataDir,
      durability: 'full',
      log: { info() {}, warn() {}, error() {} },
    })
    await again.close()
    await db.sql.end({ timeout: 0 })
  })
})
