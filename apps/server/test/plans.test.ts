import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres, { type Sql } from 'postgres'
import { beforeAll, expect, test } from 'vitest'
import { buildVectorIndexes } from '../src/jobs/vector-indexes.ts'
import { hashSecret } from '../src/principal.ts'
import { ADMIN_KEY, engine, start, type TestServer } from './harness.ts'

/** Enough for an HNSW index on either engine, and for the planner to avoid a scan. */
const ROWS = 20_000
let t: TestServer
let secret: string
let namespaceId: number

beforeAll(async () => {
  t = await start()
  secret = await t.secret({ big: 'read_write' })
  await t.admin.createNamespace('big')
  await t.owner(async (sql) => {
    const [found] = await sql<{ id: number }[]>`select id from namespaces where name = 'big'`
    namespaceId = found?.id as number
    // Inserts into the table directly, because only reading is tested: 300 words, each in a few hundred memories;
    // random directions.
    await sql`insert into memories (namespace_id, content, v, tags, metadata)
      select ${namespaceId}, (select string_agg('word' || (((n * 7919) >> (2 * i)) % 300), ' ')
        from generate_series(0, 7) i),
        (select array_agg(sin(n * (1 + j % 17) + j * 31)) from generate_series(1, 256) j)::real[]::halfvec,
        case when n % 100 = 7 then '{rare}'::text[] else '{}' end, jsonb_build_object('source', 'agent' || n % 100)
      from generate_series(1, ${ROWS}) n`
    await sql`select merge_statistics(${namespaceId})`
    await sql.unsafe(engine === 'postgres' ? 'analyze' : 'analyze memories')
  })
  expect(await t.owner((sql) => buildVectorIndexes(sql, engine))).toEqual({ built: 1, dropped: 0 })
  return () => t[Symbol.asyncDispose]()
}, 300_000)

const hash = () => hashSecret(secret)
const vector = `[${Array.from({ length: 256 }, (_, j) => Math.sin(j)).join(',')}]`

test('a large namespace says that its index is ready', async () => {
  expect((await t.client(secret).getNamespace('big')).vector_index).toEqual({ state: 'ready', progress: 1 })
  expect((await t.admin.createNamespace('small')).vector_index).toEqual({ state: 'none', progress: 0 })
})

test('under row security both arms of recall use their index', async () => {
  const text = engine === 'postgres' ? await explain('recall', { rows: 5 }) : await explainStatements()
  expect(text).toMatch(/memory_words_idx/)
  expect(text).toMatch(engine === 'postgres' ? /memories_v_N/ : new RegExp(`memories_v_${namespaceId}`))
  expect(text).not.toMatch(/Seq Scan on memories/)
})

/** The frequent calls. Each has a file with its plans in src/db/plans, whose head states what must stay true. */
const CALLS: Record<string, (sql: Sql) => Promise<object[]>> = {
  recall: (sql) => sql`select id from recall(${hash()}::bytea, 'big', 'word7 word11', ${vector}::text::halfvec, 5)`,
  'recall-by-tag': (sql) =>
    sql`select id from recall(${hash()}::bytea, 'big', 'word7 word11',
      ${vector}::text::halfvec, 5,
      '{"tags": ["rare"]}')`,
  'recall-by-metadata': (sql) =>
    sql`select id from recall(${hash()}::bytea, 'big', 'word7 word11', ${vector}::text::halfvec, 5,
      '{"metadata": {"path": "$.source == $v0", "vars": {"v0": "agent7"}, "equal": [[{"source": "agent7"},
        {"source": ["agent7"]}]]}}')`,
  search: (sql) =>
    sql`select id from recall(${hash()}::bytea, 'big', 'word7 word11', ${vector}::text::halfvec, 5, null,
      '{"search": {"all": ["word7", "word11"], "prefixes": [], "none": [], "none_prefixes": [], "typos": true,
        "only": false}}')`,
  store: (sql) =>
    sql`select id from store(${hash()}::bytea, 'big', '[{"content": "word7 is new", "session_id": "talk"}]',
      array[${vector}]::text[]::halfvec[],
      null, gen_random_uuid()::text, 'as the SDKs send it')`,
}
const FOLDER = join(import.meta.dirname, '../src/db/plans')
const mustWrite = process.env['DAKERA_WRITE_PLANS'] === '1'

test.runIf(engine === 'postgres').each(Object.keys(CALLS))(
  'the plans of %s keep to what their file says',
  async (name) => {
    const file = join(FOLDER, `${name}.txt`)
    const text = await explain(name, { rows: name === 'store' ? 1 : 5 })
    const kept = readFileSync(file, 'utf8')
    const head = kept.slice(0, kept.indexOf('\n\n'))
    const bound = Number(/^buffers: at most (\d+)/m.exec(head)?.[1])
    const indexes = /^uses: (.*)/m.exec(head)?.[1]?.split(', ') ?? []
    expect([indexes.length > 0, bound > 0]).toEqual([true, true])
    for (const index of indexes) expect(text).toContain(index)
    expect(text).not.toMatch(/Seq Scan on memor(ies|y_words)/)
    expect(buffersOf(text)).toBeLessThanOrEqual(bound)
    if (mustWrite) writeFileSync(file, `${head}\n\n${text}\n`)
  },
)

test('a session that planned while the tables were empty still reads few rows when they are full', async () => {
  await using young = await start()
  const key = await young.secret({ young: 'read_write' })
  await young.client(key).storeMemory('young', { content: 'the first word7' })
  await young.owner((sql) => sql`analyze memories, memory_words, memory_accesses`)
  const ask = (sql: Sql) =>
    sql`select id from recall(${hashSecret(key)}::bytea, 'young', 'word7', ${vector}::text::halfvec, 20)`
  const read = await withSession(young, async (session) => {
    for (let i = 0; i < 8; i++) expect(await ask(session)).toHaveLength(1)
    await young.owner(
      (sql) => sql`
        insert into memories (namespace_id, content, v)
        select id, 'word7 number ' || n, (select array_agg(sin(n * j)) from generate_series(1, 256) j)::real[]::halfvec
          from namespaces, generate_series(1, 2000) n
        where name = 'young'`,
    )
    await young.owner((sql) => sql`insert into memory_accesses select namespace_id, id, 1, now() from memories`)
    return rowsRead(session, async (sql) => expect(await ask(sql)).toHaveLength(20))
  })
  expect(read('memory_accesses')).toBeLessThanOrEqual(20)
  expect(read('memories')).toBeLessThanOrEqual(2001 + 3 * 120) // the exact vector search reads each once
})

test(
  'a session that planned its writes while the tables were nearly empty does not read them for each when they ' +
    'are full',
  async () => {
    await using young = await start()
    const key = await young.secret({ young: 'read_write' })
    const write = (sql: Sql) =>
      sql`select id from store(${hashSecret(key)}::bytea, 'young', '[{"content": "Said.", "session_id": "talk"}]',
      array[${vector}]::text[]::halfvec[],
      null, gen_random_uuid()::text, 'a request')`
    const read = await withSession(young, async (session) => {
      await write(session)
      await young.owner((sql) => sql`analyze replies, memories`)
      for (let i = 0; i < 8; i++) await write(session)
      await young.owner(async (sql) => {
        await sql`insert into replies select secret_hash, 'another ' || n, 'a request'
        from key_secrets, generate_series(1, 500) n`
        await sql`insert into memories (namespace_id, content, session_id) select id, 'Said before.', 'talk ' || n
        from namespaces, generate_series(1, 500) n where name = 'young'`
      })
      return rowsRead(session, write)
    })
    expect([read('replies') <= 2, read('memories') <= 2]).toEqual([true, true])
  },
)

test('what others store is not read', async () => {
  await t
    .client(await t.secret({ small: 'read_write' }))
    .storeMemories('small', [{ content: 'word7 of ours' }, { content: 'word7 as well' }])
  const [small] = await t.owner((sql) => sql<{ id: number }[]>`select id from namespaces where name = 'small'`)
  const read = await withSession(t, (session) =>
    rowsRead(session, async (sql) => {
      await sql`select set_config('dakera.key', ${hashSecret(ADMIN_KEY).toString('hex')}, true)`
      const [found] = await sql`select cardinality(ids) as count
          from lexical_search(${small?.id as number}::int, 'word7', null, 25, null, 3000)`
      expect(found).toEqual({ count: 2 })
    }),
  )
  expect(read('memory_words')).toBeLessThanOrEqual(10)
})

/** Runs work in a session that keeps its plans; the embedded database has only one. */
async function withSession<T>(server: TestServer, work: (session: Sql) => Promise<T>): Promise<T> {
  if (engine === 'pglite') return work(server.database.sql)
  const session = postgres((server.settings as { url: string }).url, { max: 1, connection: { role: 'dakera_app' } })
  try {
    return await work(session)
  } finally {
    await session.end()
  }
}

/**
 * Returns how many rows of each table the work read. Earlier reads of a session that it has not reported yet are
 * counted too, so the difference is taken.
 */
async function rowsRead(session: Sql, work: (sql: Sql) => Promise<unknown>): Promise<(table: string) => number> {
  const counts = async (sql: Sql) =>
    new Map(
      (
        await sql`select relname as name, (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as rows
          from pg_stat_xact_user_tables`
      ).map(({ name, rows }) => [name as string, rows as number]),
    )
  const [before, after] = await session.begin(async (tx) => {
    const sql = tx as unknown as Sql
    const before = await counts(sql)
    await work(sql)
    return [before, await counts(sql)]
  })
  return (table) => (after.get(table) ?? 0) - (before.get(table) ?? 0)
}

/** Returns the buffers of the whole call, which are those of its outermost statement; that comes last. */
const buffersOf = (text: string) => {
  const [, hit = '0', read = '0'] =
    /Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?/.exec(text.slice(text.lastIndexOf('Function Scan on'))) ?? []
  return Number(hit) + Number(read)
}

/**
 * Returns the plans of the real call from auto_explain. Of several calls the one with the fewest buffers counts: the
 * first fills caches, and after autovacuum has analyzed a table the next one plans again, which reads the catalog.
 */
async function explain(name: string, expected: { rows: number }): Promise<string> {
  const notices: string[] = []
  const sql = postgres((t.settings as { url: string }).url, {
    max: 1,
    onnotice: ({ message }) => notices.push(message ?? ''),
  })
  try {
    await sql`load 'auto_explain'`
    await sql.unsafe(
      'set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on; set ' +
        'auto_explain.log_analyze = on; set auto_explain.log_buffers = on; set client_min_messages = log; set jit ' +
        '= off',
    )
    await sql`set role dakera_app`
    const texts: string[] = []
    for (let i = 0; i < 4; i++) {
      notices.length = 0
      expect(await CALLS[name]?.(sql)).toHaveLength(expected.rows)
      const plans = notices.filter((notice) => notice.includes('Buffers'))
      texts.push(plans.map(withoutFigures).join('\n\n'))
    }
    return texts.sort((a, b) => buffersOf(a) - buffersOf(b))[0] ?? ''
  } finally {
    await sql.end()
  }
}

/** Removes times, which differ with each run, vectors, which are long, and random ids. */
const withoutFigures = (plan: string) =>
  plan
    .replaceAll(/duration: [\d.]+ ms +plan:\n/g, '')
    .replaceAll(/ \(cost=.*?\)(?= |$)|(?<=\()actual time=[\d.]+\.\.[\d.]+ /gm, '')
    .replaceAll(/'?\[-?\d[^\]\n]{200,}\]'?/g, '[…]')
    .replaceAll(`memories_v_${namespaceId}`, 'memories_v_N')
    .replaceAll(/^Query Parameters: .*\n/gm, '')
    .replaceAll(/(mem|key)_[0-9a-f]{20,30}/g, '$1_…')

/** Explains the two statements of recall by their roles, because PGlite has no auto_explain. */
async function explainStatements(): Promise<string> {
  const plan = (rows: readonly unknown[]) =>
    rows.map((row) => (row as { 'QUERY PLAN': string })['QUERY PLAN']).join('\n')
  const vectors = await t.as(secret, (sql) =>
    sql.unsafe(`explain select m.id from memories m
      where m.namespace_id = ${namespaceId} and m.v is not null
      and (m.expires_at is null or m.expires_at > now())
      order by (m.v::vector(256) <=> '${vector}'::vector(256)) limit 50`),
  )
  const words = await t.owner(async (sql) => {
    await sql`set role none`
    await sql`set role dakera_search`
    const rows = await sql.unsafe(
      'explain select m.id from memory_words m where namespaced_lexemes(m.namespace_id, m.ts) @@ ' +
        `'''${namespaceId}:word7'''::tsquery`,
    )
    await sql`set role none`
    await sql`set role dakera_owner`
    return rows
  })
  return `${plan(vectors)}\n${plan(words)}`
}
