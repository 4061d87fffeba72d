import { pino } from 'pino'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { engine, start, type TestServer } from '../../test/harness.ts'
import { AccessCounter } from '../db/counters/access.ts'
import { UsageCounter } from '../db/counters/usage.ts'
import { openDatabase } from '../db/open.ts'
import { startJobs } from './runner.ts'
import { buildVectorIndexes } from './vector-indexes.ts'

const waitFor = (holds: () => Promise<boolean>) => expect.poll(holds, { interval: 100 }).toBe(true)

/** Makes all memories with an end expire now. */
async function expireAll(t: TestServer): Promise<void> {
  await t.owner(
    (sql) => sql`update memories set expires_at = clock_timestamp() + interval '5 ms' where expires_at is not null`,
  )
  await new Promise((resolve) => setTimeout(resolve, 50))
}
/** As if the clock had been ahead when they expired: their end lies an hour ahead. */
const turnBack = (t: TestServer) =>
  t.owner((sql) => sql`update expired_memories set expires_at = now() + interval '1 hour'`)
const count = async (t: TestServer, table: string) =>
  (await t.owner((sql) => sql.unsafe(`select from ${table}`))).length
const turn = async (t: TestServer, call: string) => (await t.database.sql.unsafe(`select * from ${call}`))[0]
const NOTHING = { done: null, failed: false }

test('expired memories are moved aside in bounded turns, and the statistics stay exact', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemories(
    'a',
    Array.from({ length: 5 }, () => ({ content: 'short lived', ttlSeconds: 3600 })),
  )
  await agent.storeMemory('a', { content: 'lasting' })
  await expireAll(t)
  const counts = async () => {
    const { memory_count, vector_count } = await agent.getNamespace('a')
    return [memory_count, vector_count, await count(t, 'memories'), await count(t, 'expired_memories')]
  }
  expect(await counts()).toEqual([1, 1, 6, 0])
  expect(await turn(t, 'sweep_next(2, true)')).toEqual({ done: 2, failed: false })
  expect(await counts()).toEqual([1, 1, 4, 2])
  expect(await turn(t, 'sweep_next(1000, true)')).toEqual({ done: 3, failed: false })
  expect(await counts()).toEqual([1, 1, 1, 5])
  expect(await turn(t, 'sweep_next(1000, true)')).toEqual(NOTHING)
  expect(await counts()).toEqual([1, 1, 1, 5])
})

test('while one namespace has thousands of expired memories, those of another are moved in its next turn', async () => {
  await using t = await start()
  await t.owner(async (sql) => {
    await sql`insert into namespaces (name) values ('many'), ('few')`
    await sql`insert into memories (namespace_id, content, expires_at)
      select id, 'note ' || i, clock_timestamp() + interval '1 hour' + i * interval '1 microsecond'
      from namespaces, generate_series(1, case name when 'many' then 1200 else 3 end) i order by name desc`
    // Those of the few expire last.
    await sql`update memories m set expires_at = clock_timestamp() + interval '1 millisecond'
      where namespace_id = (select id from namespaces where name = 'many')`
    await sql`update memories m set expires_at = clock_timestamp() + interval '20 millisecond'
      where namespace_id = (select id from namespaces where name = 'few')`
  })
  await new Promise((resolve) => setTimeout(resolve, 60))
  const turns = [
    await turn(t, 'sweep_next(100, true)'),
    await turn(t, 'sweep_next(100, true)'),
    await turn(t, 'sweep_next(100, true)'),
  ]
  expect(turns.map((each) => each?.['done']).toSorted()).toEqual([100, 100, 3])
})

test('a memory that expired by a wrong clock comes back as it was', async () => {
  await using t = await start()
  const secret = await t.secret({ a: 'read_write' })
  const agent = t.client(secret)
  await agent.storeMemory('a', { content: 'before it', sessionId: 's' })
  const { id } = await agent.storeMemory('a', {
    id: 'kept',
    content: 'the heron',
    sessionId: 's',
    ttlSeconds: 3600,
    tags: ['t'],
    metadata: { n: [1.5, null] },
  })
  await agent.updateMemory(id, { content: 'The heron "nests" – 東京.' }, { namespace: 'a' })
  await agent.setImportance('a', id, 0.3)
  await agent.recall('a', 'heron')
  await t.accesses.flush()
  const row = () =>
    t.owner(
      (sql) => sql`select to_jsonb(m) - 'expires_at' - 'updated_at' as memory, v from memories m where id = 'kept'`,
    )
  const before = await row()
  await expireAll(t)
  const changed = await row() // one version more, as its end was changed
  const [updatedAt] = await t.owner((sql) => sql`select updated_at from memories where id = 'kept'`)
  await turn(t, 'sweep_next(10, true)')
  expect(await row()).toHaveLength(0)
  expect(await turn(t, 'restore_expired(10) as back')).toEqual({ back: 0 })
  // The clock is right again: what had expired has not.
  await turnBack(t)
  expect(await turn(t, 'restore_expired(10) as back')).toEqual({ back: 1 })
  expect(await row()).toEqual(changed)
  expect(before).toHaveLength(1)
  expect(await t.owner((sql) => sql`select updated_at from memories where id = 'kept'`)).toEqual([updatedAt])
  expect(await agent.recall('a', 'heron nests', { topK: 1 })).toMatchObject([
    { id, access_count: 1, version: 4, vectorScore: expect.closeTo(0.7, 0) },
  ])
  expect(await count(t, 'expired_memories')).toBe(0)
})

test('an id is free at once when its memory has expired, and stays with the new memory', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { id: 'doc', content: 'old', ttlSeconds: 3600 })
  await expireAll(t)
  await turn(t, 'sweep_next(10, true)')
  await agent.storeMemory('a', { id: 'doc', content: 'new' })
  await turnBack(t)
  expect(await turn(t, 'restore_expired(10) as back')).toEqual({ back: 1 })
  expect((await agent.getMemory('doc')).content).toBe('new')
})

test('a memory is erased a day after it was moved; a clock that jumps ahead by months counts as an hour', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { content: 'short lived', ttlSeconds: 3600 })
  await expireAll(t)
  await turn(t, 'sweep_next(10, true)')
  const jump = async () => {
    await t.owner((sql) => sql`update upkeep_clock set seen_at = now() - interval '60 days'`)
    return (await turn(t, 'erase_expired(10) as erased'))?.['erased']
  }
  for (let hour = 1; hour <= 23; hour++) expect(await jump()).toBe(0)
  expect(await count(t, 'expired_memories')).toBe(1)
  expect(await jump()).toBe(1)
  expect(await count(t, 'expired_memories')).toBe(0)
})

test('to find whose deltas wait, one of each namespace is read', async () => {
  await using t = await start()
  const fetched = await t.owner(async (sql) => {
    await sql`begin`
    await sql`insert into namespaces (name) select 'n' || i from generate_series(1, 100) i`
    await sql`insert into statistics_deltas (namespace_id, sign, positions, vectors, words) select min(id), 1, 1, 0, 'x'
      from namespaces, generate_series(1, 3000)`
    await sql`analyze statistics_deltas`
    await sql`select find_waiting_statistics()` // plans it for one namespace that has all
    await sql`delete from upkeep`
    await sql`insert into statistics_deltas (namespace_id, sign, positions, vectors, words) select id, 1, 1, 0, 'x'
      from namespaces, generate_series(1, 150)`
    const read = async () =>
      (
        await sql<{ rows: number }[]>`select (idx_tup_fetch + seq_tup_read)::int as rows from pg_stat_xact_user_tables
          where relname = 'statistics_deltas'`
      )[0]?.rows as number
    const before = await read()
    await sql`select find_waiting_statistics()`
    const rows = (await read()) - before
    await sql`rollback`
    return rows
  })
  expect(fetched).toBeGreaterThanOrEqual(100)
  expect(fetched).toBeLessThan(300) // of 15,000
})

test('namespaces for which nothing waits are not read', async () => {
  await using t = await start()
  const [read, left] = await t.owner(async (sql) => {
    const wait = (names: string[]) =>
      sql`insert into statistics_deltas (namespace_id, sign, positions, vectors, words) select id, 1, 1, 0, 'x'
        from namespaces where name in ${sql(names)}`
    const rows = async () =>
      (
        await sql<
          { rows: number }[]
        >`select sum(idx_tup_fetch + seq_tup_read)::int as rows from pg_stat_xact_user_tables
          where relname in ('namespaces', 'upkeep')`
      )[0]?.rows as number
    await sql`begin`
    await sql`insert into namespaces (name) values ('n0')`
    await wait(['n0'])
    await sql`select find_waiting_statistics()` // plans it while there is one
    await sql`insert into namespaces (name) select 'n' || i from generate_series(1, 2000) i`
    await sql`insert into upkeep (namespace_id, job, is_due) select id, 'statistics', false
      from namespaces on conflict do nothing`
    await sql`analyze namespaces, upkeep`
    await wait(['n7', 'n8', 'n9'])
    await sql`delete from namespaces where name = 'n9'`
    const before = await rows()
    await sql`select find_waiting_statistics()`
    const read = (await rows()) - before
    const left = await sql`select from statistics_deltas`
    await sql`rollback`
    return [read, left.length]
  })
  expect(left).toBe(3)
  expect(read).toBeLessThan(50) // of 4,000
})

/** Words that nobody has said: `from`, `from + 1` and so on. */
const words = (from: number, many: number) => Array.from({ length: many }, (_, i) => `word${from + i}x`).join(' ')

test('a backlog of words is merged in small turns, between which another namespace has its own', async () => {
  await using t = await start()
  const agent = await t.key({ bulk: 'read_write', small: 'read_write' })
  for (let i = 0; i < 6; i++) await agent.storeMemory('bulk', { content: words(i * 1500, 1500) })
  await agent.storeMemories(
    'small',
    Array.from({ length: 20 }, (_, i) => ({ content: `note ${i}` })),
  )
  const waiting = () =>
    t.owner(async (sql) => {
      const rows = await sql<{ name: string; words: number }[]>`
        select n.name, sum(length(d.words))::int as words from statistics_deltas d
          join namespaces n on n.id = d.namespace_id group by 1`
      return Object.fromEntries(rows.map((row) => [row.name, row.words]))
    })
  expect(await waiting()).toEqual({ bulk: 9000, small: expect.any(Number) })
  for (let i = 0; i < 2; i++) await turn(t, 'merge_next(1000, true)')
  expect(await waiting()).toEqual({ bulk: 8000 })
  // In the middle of a memory's words, all of them are found and counted.
  expect((await agent.getNamespace('bulk')).memory_count).toBe(6)
  for (const word of ['word0x', 'word1400x', 'word8999x'])
    expect(await agent.recall('bulk', word, { routing: 'bm25' })).toHaveLength(1)
  // What comes in meanwhile does not wait for the rest of it either.
  await turn(t, 'merge_next(1000, true)')
  await agent.storeMemories(
    'small',
    Array.from({ length: 201 }, (_, i) => ({ content: `note ${i}` })),
  )
  expect(await turn(t, 'merge_next(10000, true)')).toEqual({ done: 201, failed: false })
  expect(await waiting()).toEqual({ bulk: 7010 }) // a delta counts as ten words beside its own
  let turns = 0
  while ((await turn(t, 'merge_next(1000, false)'))?.['done'] !== null) turns++
  expect(turns).toBe(8) // seven thousands, and what deltas cost beside their words
  expect(await waiting()).toEqual({})
  expect((await agent.getNamespace('bulk')).memory_count).toBe(6)
})

test('what is left of a very long memory is rewritten a few times, however small the portions', async () => {
  await using t = await start()
  await t.admin.createNamespace('long')
  await t.owner(
    (sql) => sql`insert into statistics_deltas (namespace_id, sign, positions, vectors, words)
      select id, 1, 20000, 0, array_to_tsvector(array(select 'word' || i from generate_series(1, 20000) i))
        from namespaces`,
  )
  let turns = 0
  while ((await turn(t, `merge_next(500, ${turns === 0})`))?.['done'] !== null) turns++
  expect(turns).toBeLessThan(20) // of 40
  expect(await count(t, 'term_statistics')).toBe(20_000)
  expect((await t.admin.getNamespace('long')).memory_count).toBe(1)
})

test('a namespace whose statistics cannot be merged waits longer each time, and the others are merged', async () => {
  await using t = await start()
  const agent = await t.key({ bad: 'read_write', good: 'read_write' })
  await agent.storeMemory('bad', { content: 'unwanted heron' })
  await agent.storeMemory('good', { content: 'wanted heron' })
  await t.owner((sql) => sql`alter table term_statistics add constraint unwanted_is_refused check (term <> 'unwant')`)
  const turns = [await turn(t, 'merge_next(1000, true)'), await turn(t, 'merge_next(1000, true)')]
  expect(turns).toContainEqual({ done: 0, failed: true })
  expect(turns).toContainEqual({ done: 1, failed: false })
  expect(await turn(t, 'merge_next(1000, true)')).toEqual(NOTHING) // it waits
  const failures = () =>
    t.owner(
      (sql) => sql`select n.name, failures, reason, round(extract(epoch from retry_at - last_turn))::int as wait
      from upkeep join namespaces n on n.id = namespace_id where failures > 0`,
    )
  expect(await failures()).toEqual([
    { name: 'bad', failures: 1, reason: expect.stringContaining('unwanted_is_refused'), wait: 2 },
  ])
  await t.owner((sql) => sql`update upkeep set retry_at = now() - interval '1 second' where failures > 0`)
  expect(await turn(t, 'merge_next(1000, true)')).toEqual({ done: 0, failed: true })
  expect(await failures()).toMatchObject([{ failures: 2, wait: 4 }])
  expect((await agent.recall('bad', 'heron', { routing: 'bm25' }))[0]?.content).toBe('unwanted heron')
  await t.owner((sql) => sql`alter table term_statistics drop constraint unwanted_is_refused`)
  await t.owner((sql) => sql`update upkeep set retry_at = now() - interval '1 second' where failures > 0`)
  expect(await turn(t, 'merge_next(1000, true)')).toEqual({ done: 1, failed: false })
  expect(await failures()).toEqual([])
})

test('few deltas are merged once half a minute has passed, many at once', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { content: 'the first' })
  expect(await turn(t, 'merge_next(1000, true)')).toEqual({ done: 1, failed: false })
  await agent.storeMemory('a', { content: 'the second' })
  expect(await turn(t, 'merge_next(1000, true)')).toEqual(NOTHING)
  await t.owner((sql) => sql`update upkeep set last_turn = last_turn - interval '31 seconds'`)
  expect(await turn(t, 'merge_next(1000, true)')).toEqual({ done: 1, failed: false })
  await agent.storeMemories(
    'a',
    Array.from({ length: 201 }, (_, i) => ({ content: `note ${i}` })),
  )
  expect(await turn(t, 'merge_next(100000, true)')).toEqual({ done: 201, failed: false })
})

test('the jobs of a running server merge statistics and sweep by themselves', async () => {
  await using t = await start({ jobs: true })
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemories(
    'a',
    Array.from({ length: 250 }, (_, i) => ({ content: `note ${i}` })),
  )
  await waitFor(async () => (await count(t, 'statistics_deltas')) === 0)
  expect((await agent.getNamespace('a')).memory_count).toBe(250)
  await t.owner((sql) => sql`update memories set expires_at = clock_timestamp() + interval '5 ms'`)
  await waitFor(async () => (await count(t, 'memories')) === 0)
  expect(await count(t, 'expired_memories')).toBe(250)
})

test('while the words of one namespace take their time, those of another are merged within some seconds', async () => {
  await using t = await start({ jobs: true })
  const agent = await t.key({ bulk: 'read_write', small: 'read_write' })
  await t.admin.createNamespace('bulk')
  // As many would have stored them: half a million words that nobody has said.
  await t.owner(
    (sql) => sql`insert into statistics_deltas (namespace_id, sign, positions, vectors, words)
      select n.id, 1, 2000, 0, array_to_tsvector(array(select 'word' || (i * 2000 + j) from generate_series(1, 2000) j))
      from namespaces n, generate_series(1, 250) i`,
  )
  const waiting = (name: string) =>
    t.owner(
      async (sql) =>
        (await sql`select from statistics_deltas where namespace_id = (select id from namespaces where name = ${name})`)
          .length,
    )
  await waitFor(async () => (await waiting('bulk')) < 250)
  await agent.storeMemories(
    'small',
    Array.from({ length: 250 }, (_, i) => ({ content: `note ${i}` })),
  )
  await waitFor(async () => (await waiting('small')) === 0)
  expect(await waiting('bulk')).toBeGreaterThan(100) // of 250, some 30 of which were merged meanwhile
})

test('a job that fails is tried less and less often, says why, and delays no other', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { content: 'short lived', ttlSeconds: 3600 })
  await t.owner((sql) => sql`alter function merge_next(int, boolean) rename to merge_next_away`)
  const lines: { job: string; time: number; failures?: number; err?: { message: string } }[] = []
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const jobs = startJobs({ database: t.database, accesses: t.accesses, usage: t.usage, log })
  await expireAll(t)
  const failed = () => lines.filter(({ job, err }) => job === 'merge statistics' && err?.message.includes('merge_next'))
  await expect.poll(() => failed().length).toBeGreaterThan(3)
  // It waits 1, 2 and 4 s, or half of it.
  const [first = 0, ...later] = failed().map(({ time }) => time)
  const waits = later.map((time, i) => time - (later[i - 1] ?? first))
  for (const [i, wait] of waits.slice(0, 3).entries()) expect(wait).toBeGreaterThanOrEqual(499 * 2 ** i)
  expect(await count(t, 'expired_memories')).toBe(1)
  await t.owner((sql) => sql`alter function merge_next_away(int, boolean) rename to merge_next`)
  await waitFor(async () => (await count(t, 'statistics_deltas')) === 0)
  await jobs.stop()
})

test.runIf(engine === 'postgres')(
  'a job that waits for a lock keeps no other from its work, and the server ends without it',
  async () => {
    await using t = await start()
    const agent = await t.key({ a: 'read_write' })
    const { id } = await agent.storeMemory('a', { content: 'heron' })
    await agent.recall('a', 'heron')
    const locker = postgres((t.settings as { url: string }).url, { max: 1 })
    const jobs = startJobs({
      database: t.database,
      accesses: t.accesses,
      usage: t.usage,
      log: pino({ level: 'silent' }),
    })
    await locker.begin(async (sql) => {
      await sql`lock table memory_accesses in access exclusive mode`
      await expect
        .poll(
          async () =>
            (await sql`select from pg_locks where relation = 'memory_accesses'::regclass and not granted`).length,
        )
        .toBe(1)
      await agent.storeMemories(
        'a',
        Array.from({ length: 201 }, (_, i) => ({ content: `note ${i}` })),
      )
      await waitFor(async () => (await count(t, 'statistics_deltas')) === 0)
      const stopping = performance.now()
      await jobs.stop()
      expect(performance.now() - stopping).toBeLessThan(100_000) // the statement's own limit is ten minutes
    })
    // What was asked meanwhile may be counted with it.
    await waitFor(async () => ((await agent.recall('a', 'heron', { topK: 1 }))[0]?.access_count ?? 0) >= 1)
    expect((await agent.recall('a', 'heron', { topK: 1 }))[0]?.id).toBe(id)
    await locker.end()
  },
)

test.runIf(engine === 'postgres')(
  'a server whose login may only serve does the same, through its own connections',
  async () => {
    await using t = await start()
    const agent = await t.key({ a: 'read_write' })
    await agent.storeMemory('a', { content: 'short lived', ttlSeconds: 3600 })
    await agent.storeMemory('a', { content: 'lasting' })
    await expireAll(t)
    const url = new URL((t.settings as { url: string }).url)
    const superuser = postgres(url.href, { max: 1, onnotice: () => {} })
    const login = `test_login_${crypto.randomUUID().slice(0, 8)}`
    await superuser.unsafe(`create role ${login} login; grant dakera_app to ${login}`)
    url.username = login
    const silent = pino({ level: 'silent' })
    const settings = {
      engine: 'postgres' as const,
      url: url.href,
      migrationUrl: undefined,
      poolSize: 2,
      searchTimeoutMs: 5_000,
    }
    const database = await openDatabase(settings, silent, async () => {})
    try {
      expect(database.asOwner).toBeUndefined()
      const jobs = startJobs({
        database,
        accesses: new AccessCounter(database),
        usage: new UsageCounter(database),
        log: silent,
      })
      await waitFor(async () => (await count(t, 'namespace_statistics')) === 1 && (await count(t, 'memories')) === 1)
      await jobs.stop()
    } finally {
      await database.close()
      await superuser.unsafe(`drop role ${login}`)
      await superuser.end()
    }
  },
)

test('deltas and replies of a deleted namespace or an old day are cleared away', async () => {
  await using t = await start()
  await t.admin.storeMemory('a', { content: 'x' }, { idempotencyKey: 'once' })
  await t.admin.deleteNamespace('a')
  expect(await t.owner((sql) => sql`select from statistics_deltas`)).toHaveLength(0)
  await t.owner((sql) => sql`update replies set created_at = now() - interval '25 hours'`)
  expect((await t.database.sql`select delete_old_replies(10) as count`)[0]).toMatchObject({ count: expect.any(Number) })
  expect(await t.owner((sql) => sql`select from replies`)).toHaveLength(0)
})

test.runIf(engine === 'postgres')(
  'a writer does not wait for a build, and one that ended half way is removed and made again',
  async () => {
    await using t = await start()
    await t.admin.createNamespace('big')
    await t.owner(async (sql) => {
      await sql`insert into memories (namespace_id, content, v)
      select id, 'note ' || n, (select array_agg(sin(n * (1 + j % 17) + j * 31))
        from generate_series(1, 256) j)::real[]::halfvec from namespaces, generate_series(1, 12000) n`
      await sql`select merge_statistics(id) from namespaces`
    })
    const login = postgres((t.settings as { url: string }).url, { max: 1 })
    const building = () =>
      login<
        { pid: number }[]
      >`select pid from pg_stat_progress_create_index where datname = current_database() and tuples_done > 0`
    const valid = async () =>
      (await login`select indisvalid from pg_index where indexrelid::regclass::text like 'memories_v_%'`).map(
        (row) => row['indisvalid'] as boolean,
      )
    const build = () => t.owner((sql) => buildVectorIndexes(sql, 'postgres'))

    const broken = build().catch((error: unknown) => error)
    await expect.poll(building, { interval: 5 }).toHaveLength(1)
    await t.admin.storeMemory('big', { content: 'Said while the index is built.' })
    const [builder] = await building()
    expect(builder).toBeDefined()
    await login`select pg_terminate_backend(${builder?.pid as number}, 5000)`
    expect(await broken).toBeInstanceOf(Error)
    expect(await valid()).toEqual([false])

    expect(await build()).toEqual({ built: 1, dropped: 1 })
    expect(await valid()).toEqual([true])
    expect((await t.admin.getNamespace('big')).vector_index).toEqual({ state: 'ready', progress: 1 })

    // as a server leaves it that is killed now
    await t.owner((sql) => sql`update vector_indexes set is_ready = false, progress = 0.4`)
    expect(await build()).toBeUndefined()
    expect((await t.admin.getNamespace('big')).vector_index).toEqual({ state: 'ready', progress: 1 })
    await login.end()
  },
)

test.runIf(engine === 'pglite')(
  'the embedded database builds one index in a turn, and serves others in between',
  async () => {
    await using t = await start()
    for (const name of ['a', 'b']) await t.admin.createNamespace(name)
    await t.owner(async (sql) => {
      await sql`insert into namespace_statistics select id, 6000, 0, 6000
        from namespaces on conflict (namespace_id) do update set vectors = 6000`
    })
    const turn = () => t.owner((sql) => buildVectorIndexes(sql, engine))
    expect([await turn(), await turn(), await turn()]).toEqual([
      { built: 1, dropped: 0 },
      { built: 1, dropped: 0 },
      undefined,
    ])
  },
)

test('what a killed build left is removed, and a shrunken namespace loses its index after an hour', async () => {
  await using t = await start()
  await t.admin.createNamespace('a')
  await t.owner(async (sql) => {
    const [{ id } = { id: 0 }] = await sql<{ id: number }[]>`select id from namespaces`
    const make = (target: number) =>
      sql.unsafe(
        `create index memories_v_${target} on memories using hnsw (v halfvec_cosine_ops) where namespace_id = ` +
          `${target}`,
      )
    const state = async () =>
      (await sql`select is_ready, progress, small_since is not null as small from vector_indexes`)[0]
    await make(id)
    await sql`insert into vector_indexes (namespace_id, progress) values (${id}, 0.4)`
    await make(999999)
    expect(await buildVectorIndexes(sql, engine)).toEqual({ built: 0, dropped: 1 })
    expect(await buildVectorIndexes(sql, engine)).toBeUndefined()
    expect(await state()).toEqual({ is_ready: true, progress: 1, small: true })
    // It grows, and shrinks again: the hour begins anew.
    const grow = (vectors: number) => sql`insert into namespace_statistics values (${id}, ${vectors}, 0, ${vectors})
      on conflict (namespace_id) do update set vectors = excluded.vectors`
    await sql`update vector_indexes set small_since = now() - interval '59 minutes'`
    await grow(3_000)
    expect(await buildVectorIndexes(sql, engine)).toBeUndefined()
    expect(await state()).toMatchObject({ small: false })
    await grow(2_000)
    expect(await buildVectorIndexes(sql, engine)).toBeUndefined()
    expect(await buildVectorIndexes(sql, engine)).toBeUndefined()
    await sql`update vector_indexes set small_since = now() - interval '61 minutes'`
    expect(await buildVectorIndexes(sql, engine)).toEqual({ built: 0, dropped: 1 })
    expect(await state()).toBeUndefined()
  })
  expect((await t.admin.getNamespace('a')).vector_index).toEqual({ state: 'none', progress: 0 })
})

test('what an earlier release indexed is indexed anew by a server that runs, and nothing is left over', async () => {
  await using t = await start({ jobs: true })
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { id: 'old', content: 'The heron of PROJ-4711.' })
  await t.owner(async (sql) => {
    await sql`update memory_words set ts = to_tsvector('english', 'The heron of PROJ-4711.')`
    await sql`insert into old_words (namespace_id) select id from namespaces`
    await sql`insert into upkeep (namespace_id, job, is_due) select id, 'words', true from namespaces`
  })
  await waitFor(async () => (await count(t, 'old_words')) === 0)
  expect(await agent.recall('a', '4711', { routing: 'bm25' })).toHaveLength(1)
})
