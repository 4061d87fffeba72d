import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../src/db/open.ts'
import { hashSecret } from '../src/principal.ts'
import { engine, start, type TestServer } from './harness.ts'

// They only look, so one server is enough.
let t: TestServer
beforeAll(async () => {
  t = await start()
})
afterAll(() => t[Symbol.asyncDispose]())

/** Tables without guarded rows: names and checksums of migrations. */
const OPEN_TABLES = ['migrations']

test('every table forces row security, or is on the list of open tables', async () => {
  const tables = await t.owner(
    (sql) => sql<{ name: string; guarded: boolean }[]>`
    select relname as name, relrowsecurity and relforcerowsecurity as guarded
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'm', 'f')`,
  )
  expect(tables.length).toBeGreaterThan(8)
  expect(tables.filter(({ guarded }) => !guarded).map(({ name }) => name)).toEqual(OPEN_TABLES)
})

test('no role of ours can bypass row security or log in, and the app owns nothing', async () => {
  const roles = await t.owner(
    (sql) =>
      sql`select rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole from pg_roles where rolname like 'dakera_%'
        order by 1`,
  )
  const plain = { rolsuper: false, rolbypassrls: false, rolcanlogin: false, rolcreaterole: false }
  expect([...roles]).toEqual(['dakera_app', 'dakera_owner', 'dakera_search'].map((rolname) => ({ rolname, ...plain })))
  const owned = await t.owner(
    (sql) => sql`
    select relname as name from pg_class where relowner = 'dakera_app'::regrole
    union all select proname from pg_proc where proowner = 'dakera_app'::regrole
    union all select nspname from pg_namespace where nspowner = 'dakera_app'::regrole`,
  )
  expect([...owned]).toEqual([])
  const memberships = await t.owner(
    (sql) =>
      sql`select roleid::regrole::text as of from pg_auth_members
        where member in ('dakera_app'::regrole, 'dakera_search'::regrole)`,
  )
  expect([...memberships]).toEqual([])
})

test('every function of ours fixes its search_path where it matters, and none is open to PUBLIC', async () => {
  const functions = await t.owner(
    (sql) => sql<{ name: string; definer: boolean; path: string | null; open: boolean }[]>`
    select p.oid::regprocedure::text as name, prosecdef as definer, array_to_string(proconfig, ';') as path,
      has_function_privilege('public', p.oid, 'execute') as open
    from pg_proc p where pronamespace = 'public'::regnamespace and proowner in ('dakera_owner'::regrole,
      'dakera_search'::regrole)`,
  )
  expect(functions.length).toBeGreaterThan(30)
  expect(functions.filter(({ open }) => open).map(({ name }) => name)).toEqual([])
  expect(
    functions
      .filter(({ definer, path }) => definer && !/search_path=pg_catalog, (public, )?pg_temp/.test(path ?? ''))
      .map(({ name }) => name),
  ).toEqual([])
})

test('of the functions of the search role, lexical_search alone can be called, and it alone runs as it', async () => {
  const functions = await t.owner(
    (sql) => sql<{ name: string; definer: boolean; callers: string[] }[]>`
      select proname as name, prosecdef as definer,
        array(select grantee::regrole::text from aclexplode(proacl) where grantee <> proowner) as callers
      from pg_proc p where proowner = 'dakera_search'::regrole`,
  )
  expect(functions.length).toBeGreaterThan(5)
  expect(functions.filter(({ definer, callers }) => definer || callers.length > 0)).toEqual([
    { name: 'lexical_search', definer: true, callers: ['dakera_app'] },
  ])
})

test('the search role sees no content and no vector, and may create nothing', async () => {
  const [rights] = await t.owner(
    (sql) => sql`
    select has_column_privilege('dakera_search', 'memories', 'content', 'select') as content,
      has_column_privilege('dakera_search', 'memories', 'v', 'select') as v,
      has_column_privilege('dakera_search', 'memory_words', 'ts', 'select') as ts,
        has_schema_privilege('dakera_search', 'public', 'create') as creates,
      has_schema_privilege('dakera_app', 'public', 'create') as app_creates`,
  )
  expect({ ...rights }).toEqual({ content: false, v: false, ts: true, creates: false, app_creates: false })
})

test('the server acts as dakera_app whatever its login could do otherwise', async () => {
  const [who] = await t.database
    .sql`select current_user as acts_as, session_user as logged_in_as, (select rolsuper from pg_roles
      where rolname = session_user) as is_super`
  expect(who).toMatchObject({ acts_as: 'dakera_app', is_super: true })
  // PGlite has one session, in which RESET ROLE leads back to the superuser; but callers can run no SQL
  if (engine === 'pglite') return
  await t.database.sql.begin(async (sql) => {
    await sql`reset role`
    expect((await sql`select current_user as acts_as`)[0]).toEqual({ acts_as: 'dakera_app' })
  })
})

test(
  'what dakera_app may not do to the database: temporary tables; and its names are looked up in ours before ' +
    'anything temporary',
  async () => {
    const [found] = await t.database.sql`
    select has_database_privilege('dakera_app', current_database(), 'temporary') as temporary,
      has_database_privilege('dakera_search', current_database(), 'temporary') as search`
    expect(found).toEqual({ temporary: false, search: false })
    expect((await t.database.sql`show search_path`)[0]).toEqual({ search_path: 'public, pg_temp' })
  },
)

test('a memory that expired keeps every column it had', async () => {
  const columns = async (table: string) =>
    (
      await t.owner(
        (sql) =>
          sql`select attname as name from pg_attribute
            where attrelid = ${table}::regclass and attnum > 0
            and not attisdropped`,
      )
    ).map((row) => row['name'] as string)
  const kept = await columns('expired_memories')
  expect((await columns('memories')).filter((name) => !kept.includes(name)).toSorted()).toEqual([
    'next_v',
    'next_v_version',
  ]) // used while the database moves to another model
})

test('the owner may read which migrations ran, so a dump under its role is whole', async () => {
  expect((await t.owner((sql) => sql`select from migrations`)).length).toBeGreaterThan(10)
})

test('large tables lead their keys with namespace_id, so that the data can be sharded by it', async () => {
  const leading = await t.owner(
    (sql) => sql<{ table: string; first: string }[]>`
    select i.indrelid::regclass::text as table, a.attname as first
    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indisprimary and i.indrelid in ('memories'::regclass, 'memory_words'::regclass, 'sessions'::regclass,
      'term_statistics'::regclass, 'statistics_deltas'::regclass, 'namespace_statistics'::regclass,
        'expired_memories'::regclass, 'upkeep'::regclass)`,
  )
  expect(leading.map(({ first }) => first)).toEqual(Array(8).fill('namespace_id'))
})

test.runIf(engine === 'postgres')('a connection that kept the rights of its login serves nobody', async () => {
  const secret = await t.secret({ researcher: 'read_write' })
  const { default: postgres } = await import('postgres')
  // as the superuser, as behind a pooler that drops the parameter "role"
  const sql = postgres((t.settings as { url: string }).url, { max: 1 })
  const hash = hashSecret(secret)
  const calls = [
    sql`select identify(${hash})`,
    sql`select * from recall(${hash}, 'researcher', 'x', null)`,
    sql`select * from store(${hash}, 'researcher', '[{"content": "x"}]', array[null]::halfvec[])`,
  ]
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'DK001' })
  await sql.end()
  const override = new URL((t.settings as { url: string }).url)
  override.searchParams.set('role', 'postgres')
  await expect(
    openDatabase(
      { engine: 'postgres', url: override.href, migrationUrl: undefined, poolSize: 1, searchTimeoutMs: 1000 },
      pino({ level: 'silent' }),
      async () => {},
    ),
  ).rejects.toThrow(/row-level security does not bind/)
})
