import { beforeAll, expect, test } from 'vitest'
import { hashSecret } from '../src/principal.ts'
import { engine, type Stage, start } from './harness.ts'

/** Enough for its own HNSW index on either engine, and for a scan to be what the planner avoids. */
const ROWS = 20_000
let t: Stage
let secret: string
let namespaceId: number

beforeAll(async () => {
  t = await start()
  secret = await t.secret({ big: 'read_write' })
  await t.admin.createNamespace('big')
  await t.owner(async (sql) => {
    const [found] = await sql<{ id: number }[]>`select id from namespaces where name = 'big'`
    namespaceId = found?.id as number
    // Straight into the table: what is tested is how it is read. 300 words, each in a few hundred memories; random directions.
    await sql`insert into memories (namespace_id, content, v)
      select ${namespaceId}, (select string_agg('word' || (((n * 7919) >> (2 * i)) % 300), ' ') from generate_series(0, 7) i),
        (select array_agg(sin(n * (1 + j % 17) + j * 31)) from generate_series(1, 256) j)::real[]::halfvec
      from generate_series(1, ${ROWS}) n`
    await sql`select merge_statistics(${namespaceId})`
    await sql.unsafe(engine === 'postgres' ? 'analyze' : 'analyze memories')
  })
  const { buildVectorIndexes } = await import('../src/jobs/vector-indexes.ts')
  expect(await t.owner((sql) => buildVectorIndexes(sql, engine))).toEqual({ built: 1, dropped: 0 })
  return () => t[Symbol.asyncDispose]()
}, 300_000)

const hash = () => hashSecret(secret)
const vector = `[${Array.from({ length: 256 }, (_, j) => Math.sin(j)).join(',')}]`

test('under row security both arms of recall use their index', async () => {
  const text = engine === 'postgres' ? await explainPostgres() : await explainStatements()
  expect(text).toMatch(/memory_words_idx/)
  expect(text).toMatch(new RegExp(`memories_v_${namespaceId}`))
  expect(text).not.toMatch(/Seq Scan on memories/)
})

/** auto_explain shows the real plans of the real call. */
async function explainPostgres(): Promise<string> {
  const notices: string[] = []
  const { default: postgres } = await import('postgres')
  const sql = postgres((t.settings as { url: string }).url, { max: 1, onnotice: ({ message }) => notices.push(message ?? '') })
  await sql`load 'auto_explain'`
  await sql.unsafe('set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on; set client_min_messages = log')
  await sql`set role dakera_app`
  const rows = await sql`select id from recall(${hash()}::bytea, 'big', 'word7 word11', ${vector}::text::halfvec, 5)`
  await sql.end()
  expect(rows).toHaveLength(5)
  return notices.join('\n')
}

/** PGlite has no auto_explain: the two statements as recall writes them, as the roles that run them. */
async function explainStatements(): Promise<string> {
  const plan = (rows: readonly unknown[]) => rows.map((row) => (row as { 'QUERY PLAN': string })['QUERY PLAN']).join('\n')
  const vectors = await t.as(secret, (sql) =>
    sql.unsafe(`explain select m.id from memories m where m.namespace_id = ${namespaceId} and m.v is not null and (m.expires_at is null or m.expires_at > now())
      order by (m.v::vector(256) <=> '${vector}'::vector(256)) limit 50`),
  )
  const words = await t.owner(async (sql) => {
    await sql`set role none`
    await sql`set role dakera_search`
    const rows = await sql.unsafe(`explain select m.id from memory_words m where m.namespace_id = ${namespaceId} and m.ts @@ '''word7'''::tsquery`)
    await sql`set role none`
    await sql`set role dakera_owner`
    return rows
  })
  return `${plan(vectors)}\n${plan(words)}`
}
