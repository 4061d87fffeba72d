import postgres from 'postgres'
import { expect, test } from 'vitest'
import { engine, start } from '../../test/harness.ts'
import { buildVectorIndexes } from './vector-indexes.ts'

const waitFor = async (holds: () => Promise<boolean>) => {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 100))) if (await holds()) return
  throw new Error('it did not come true within 20 s')
}

test('expired memories are removed in bounded steps, and the statistics stay exact', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemories(
    'a',
    Array.from({ length: 5 }, () => ({ content: 'short lived', ttlSeconds: 3600 })),
  )
  await agent.storeMemory('a', { content: 'lasting' })
  await t.owner((sql) => sql`update memories set expires_at = clock_timestamp() + interval '5 ms' where expires_at is not null`)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const rows = async () => (await t.owner((sql) => sql`select from memories`)).length
  expect((await agent.getNamespace('a')).memory_count).toBe(1)
  expect(await t.database.sql`select delete_expired(2) as count`).toMatchObject([{ count: 2 }])
  expect(await rows()).toBe(4)
  expect((await agent.getNamespace('a')).memory_count).toBe(1)
  expect(await t.database.sql`select delete_expired(1000) as count`).toMatchObject([{ count: 3 }])
  expect((await agent.getNamespace('a')).memory_count).toBe(1)
})

test('the jobs of a running server merge statistics and sweep by themselves', async () => {
  await using t = await start({ jobs: true })
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemories(
    'a',
    Array.from({ length: 250 }, (_, i) => ({ content: `note ${i}` })),
  )
  await waitFor(async () => (await t.owner((sql) => sql`select from statistics_deltas`)).length === 0)
  expect((await agent.getNamespace('a')).memory_count).toBe(250)
})

test('deltas and replies of a deleted namespace or an old day are cleared away', async () => {
  await using t = await start()
  await t.admin.storeMemory('a', { content: 'x' }, { idempotencyKey: 'once' })
  await t.admin.deleteNamespace('a')
  expect(await t.owner((sql) => sql`select from statistics_deltas`)).toHaveLength(0)
  await t.owner((sql) => sql`update replies set created_at = now() - interval '25 hours'`)
  expect((await t.database.sql`select delete_old_replies(10) as count`)[0]).toMatchObject({ count: expect.any(Number) })
  expect(await t.owner((sql) => sql`select from replies`)).toHaveLength(0)
})

test.runIf(engine === 'postgres')('a writer does not wait for a build, and one that ended half way is removed and made again', async () => {
  await using t = await start()
  await t.admin.createNamespace('big')
  await t.owner(async (sql) => {
    await sql`insert into memories (namespace_id, content, v)
      select id, 'note ' || n, (select array_agg(sin(n * (1 + j % 17) + j * 31)) from generate_series(1, 256) j)::real[]::halfvec from namespaces, generate_series(1, 12000) n`
    await sql`select merge_all_statistics(0)`
  })
  const login = postgres((t.settings as { url: string }).url, { max: 1 })
  const building = () => login<{ pid: number }[]>`select pid from pg_stat_progress_create_index where datname = current_database() and tuples_done > 0`
  const valid = async () =>
    (await login`select indisvalid from pg_index where indexrelid::regclass::text like 'memories_v_%'`).map((row) => row['indisvalid'] as boolean)
  const build = () => t.owner((sql) => buildVectorIndexes(sql, 'postgres'))

  const broken = build().catch((error: unknown) => error)
  await expect.poll(building, { interval: 5, timeout: 30_000 }).toHaveLength(1)
  await t.admin.storeMemory('big', { content: 'Said while the index is built.' })
  const [builder] = await building()
  expect(builder).toBeDefined()
  await login`select pg_terminate_backend(${builder?.pid as number}, 5000)`
  expect(await broken).toBeInstanceOf(Error)
  expect(await valid()).toEqual([false])

  expect(await build()).toEqual({ built: 1, dropped: 1 })
  expect(await valid()).toEqual([true])
  expect((await t.admin.getNamespace('big')).vector_index).toEqual({ state: 'ready', progress: 1 })

  await t.owner((sql) => sql`update vector_indexes set is_ready = false, progress = 0.4`) // as a server leaves it that is killed now
  expect(await build()).toBeUndefined()
  expect((await t.admin.getNamespace('big')).vector_index).toEqual({ state: 'ready', progress: 1 })
  await login.end()
})

test.runIf(engine === 'postgres')('what a killed build left is removed, and a shrunken namespace loses its index', async () => {
  await using t = await start()
  await t.admin.createNamespace('a')
  await t.owner(async (sql) => {
    const [{ id } = { id: 0 }] = await sql<{ id: number }[]>`select id from namespaces`
    await sql.unsafe(`create index memories_v_${id} on memories using hnsw (v halfvec_cosine_ops) where namespace_id = ${id}`)
    await sql`insert into vector_indexes (namespace_id, progress) values (${id}, 0.4)`
    expect((await t.admin.getNamespace('a')).vector_index).toEqual({ state: 'building', progress: expect.closeTo(0.4) })
    await sql.unsafe('create index memories_v_999999 on memories using hnsw (v halfvec_cosine_ops) where namespace_id = 999999')
    expect(await buildVectorIndexes(sql, 'postgres')).toEqual({ built: 0, dropped: 2 })
    expect(await buildVectorIndexes(sql, 'postgres')).toBeUndefined()
    expect((await t.admin.getNamespace('a')).vector_index).toEqual({ state: 'none', progress: 0 })
  })
})
