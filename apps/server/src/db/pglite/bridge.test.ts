import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import postgres, { type Sql } from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Supervised, superviseEmbedded } from './supervisor.ts'

const log = { info() {}, warn() {}, error() {} }
let root: string
let pglite: Supervised
const clients: Sql[] = []

function connect(connection: Record<string, string> = {}): Sql {
  const sql = postgres({
    socket: pglite.socket,
    max: 1,
    max_lifetime: null,
    onnotice: () => {},
    connection,
  } as never) as Sql
  clients.push(sql)
  return sql
}

const failure = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => 'no failure',
    (error: { code: string }) => error.code,
  )

describe.runIf(process.env.DAKERA_TEST_ENGINE !== 'postgres')('the bridge between postgres.js and PGlite', () => {
  beforeAll(async () => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'pglite-bridge-'))
    pglite = await superviseEmbedded({ dataDir: root, durability: 'full', log })
    const sql = connect()
    await sql`create table notes (id int primary key, text text)`
    await sql`create role reader`
    await sql`grant select on notes to reader`
    await sql.end()
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((sql) => sql.end({ timeout: 1 })))
  })
  afterAll(async () => {
    await pglite.close()
    fs.rmSync(root, { recursive: true, force: true })
  })

  test('vectors, trigrams and GIN over plain columns are there', async () => {
    const sql = connect()
    for (const extension of ['vector', 'btree_gin', 'pg_trgm'])
      await sql.unsafe(`create extension if not exists ${extension}`)
    const [row] =
      await sql`select '[1,2,3]'::halfvec(3) <=> '[1,2,4]'::halfvec(3) as distance, similarity('memory', 'memories')
        as alike`
    expect(row).toEqual({ distance: expect.closeTo(0.0085, 3), alike: expect.closeTo(0.5, 1) })
    await sql`create table indexed (space int, words tsvector, v halfvec(3))`
    await sql`create index on indexed using gin (space, words) with (fastupdate = off)`
    await sql`create index on indexed using hnsw ((v::vector(3)) vector_cosine_ops)`
  })

  test('pipelined statements answer in order, and one that fails does not disturb its neighbours', async () => {
    const sql = connect()
    const replies = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => (i % 7 === 3 ? sql`select ${i}::int / 0 as i` : sql`select ${i}::int as i`)),
    )
    replies.forEach((reply, i) => {
      if (i % 7 === 3) expect(reply).toMatchObject({ status: 'rejected', reason: { code: '22012' } })
      else expect(reply).toMatchObject({ status: 'fulfilled', value: [{ i }] })
    })
    expect(await failure(sql`select nothing from nowhere where a = ${1}`)).toBe('42P01')
    expect(await failure(sql.unsafe('select 1; select nope; select 2'))).toBe('42703')
    expect(await failure(sql`select 'x'::int`.describe())).toBe('22P02')
    expect((await sql`select ${'a'}::text as a, ${[1, 2]}::int[] as b`)[0]).toEqual({ a: 'a', b: [1, 2] })
    expect((await sql`select repeat('x', 3000000) as long`)[0]?.long).toHaveLength(3_000_000)
    expect((await sql`select length(${'y'.repeat(3_000_000)}) as length`)[0]?.length).toBe(3_000_000)
  })

  test('200 concurrent transactions do not see each other', async () => {
    const sql = connect()
    const seen = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        sql.begin(async (tx) => {
          await tx`select set_config('dakera.key', ${`key ${i}`}, true)`
          if (i % 10 === 0) await new Promise(setImmediate)
          return (await tx`select current_setting('dakera.key') as key`)[0]?.key
        }),
      ),
    )
    expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => `key ${i}`))
  })

  test('a rolled back transaction leaves nothing, a failed one included', async () => {
    const sql = connect()
    await failure(
      sql.begin(async (tx) => {
        await tx`insert into notes values (1, 'never')`
        await tx`select 1 / 0`
      }),
    )
    await failure(
      sql.begin(async (tx) => {
        await tx`insert into notes values (2, 'never')`
        throw new Error('changed my mind')
      }),
    )
    expect(await sql`select * from notes`).toHaveLength(0)
  })

  test('what a dropped socket left open is rolled back, and none of its state reaches the next one', async () => {
    const first = await pglite.socket()
    const dropped = postgres({ socket: () => first, max: 1, onnotice: () => {} } as never) as Sql
    const held = await dropped.reserve()
    await held.unsafe(`set role reader`)
    await held.unsafe(`set work_mem = '7MB'`)
    await held.unsafe(
      'reset role; create temp table leftover (a int); select pg_advisory_lock(7); prepare kept as select 1; ' +
        `begin; insert into notes values (3, 'never'); set role reader`,
    )
    first.destroy()
    const sql = connect()
    const [state] = await sql`
      select current_user as "user", current_setting('work_mem') as memory, to_regclass('leftover') as temporary,
        (select count(*)::int from notes) as notes,
        (select count(*)::int from pg_locks where locktype = 'advisory') as locks, (select count(*)::int
          from pg_prepared_statements where name = 'kept') as prepared`
    expect(state).toEqual({ user: 'postgres', memory: '4MB', temporary: null, notes: 0, locks: 0, prepared: 0 })
    await dropped.end({ timeout: 0 })
  })

  test('the settings of the start packet count, the role among them; a wrong one is refused', async () => {
    const reader = connect({ role: 'reader', work_mem: '6MB', application_name: "it's me" })
    const [state] = await reader`select current_user as "user", current_setting('work_mem') as memory,
        current_setting('application_name') as name`
    expect(state).toEqual({ user: 'reader', memory: '6MB', name: "it's me" })
    expect(await failure(reader`insert into notes values (4, 'not allowed')`)).toBe('42501')
    await reader.end()
    expect(await failure(connect({ role: 'nobody_at_all' })`select 1`)).toBe('22023')
    expect((await connect()`select current_user as "user"`)[0]?.user).toBe('postgres')
  })

  test('a second client is refused while the first is connected, and welcome after it', async () => {
    const first = connect()
    await first`select 1`
    expect(await failure(connect()`select 1`)).toBe('53300')
    expect((await first`select 2 as a`)[0]?.a).toBe(2)
    await first.end()
    expect((await connect()`select 3 as a`)[0]?.a).toBe(3)
  })

  test('a cancel request is taken without harm', async () => {
    const sql = connect()
    await sql`select 1`
    const query = sql`select 1 as a from generate_series(1, 1000)`.execute()
    // Not at once: cancelling what was not sent yet makes postgres.js lose the connection, on any Postgres.
    setImmediate(() => query.cancel())
    expect(await query).toHaveLength(1000)
    expect((await sql`select 5 as a`)[0]?.a).toBe(5)
  })

  test('checkpoint, vacuum and export wait for an open transaction and work after it', async () => {
    const sql = connect()
    await sql`insert into notes select i, 'x' from generate_series(1000, 3000) i`
    await sql`delete from notes where id >= 1500`
    const done: string[] = []
    let upkeep: Promise<unknown> = Promise.resolve()
    await sql.begin(async (tx) => {
      await tx`select 1`
      upkeep = Promise.all([pglite.checkpoint(), pglite.vacuum()]).then(() => done.push('upkeep'))
      await new Promise((resolve) => setTimeout(resolve, 50))
      await tx`select 2`
      done.push('transaction')
    })
    await upkeep
    expect(done).toEqual(['transaction', 'upkeep'])
    expect((await pglite.dump()).size).toBeGreaterThan(100_000)
    expect((await sql`select count(*)::int as count from notes`)[0]?.count).toBe(500)
  })

  test('a table that grew is analyzed, and one that did not is left alone', async () => {
    const sql = connect()
    await sql`create table plants (id int)`
    const analyzed = async () =>
      (await sql`select reltuples::int as rows from pg_class where relname = 'plants'`)[0]?.rows
    await sql`insert into plants select generate_series(1, 1000)`
    await pglite.analyze()
    expect(await analyzed()).toBe(1000)
    await sql`insert into plants select generate_series(1, 100)`
    await pglite.analyze()
    expect(await analyzed()).toBe(1000)
  })
})
