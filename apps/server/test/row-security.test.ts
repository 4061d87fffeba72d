import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashSecret } from '../src/principal.ts'
import { ADMIN_KEY, start, type TestServer } from './harness.ts'
import { findBreaches, seedMatrix } from './raw-matrix.ts'

/** Returns a function that bypasses the policies, without its own check of the grants. */
const unchecked = (name: string, check: string) => `do $do$ begin
  execute replace(pg_get_functiondef('${name}'::regproc), '${check}', '');
end $do$`
const UNCHECKED_SEARCH = unchecked('lexical_search', 'if not target = any(readable_namespaces()) then return; end if;')

/** Removing a protection must be detected by its own test and no other; otherwise that test could not fail. */
const OPENED: [wall: string, statements: string[], shows: RegExp][] = [
  [
    'the select policy of memories',
    ['alter policy memories_select on memories using (true)'],
    /^memories_select: \w+ gets into/,
  ],
  [
    'the insert policy of memories',
    ['alter policy memories_insert on memories with check (true)'],
    /^memories_insert: \w+ gets into/,
  ],
  [
    'the update policy of memories',
    ['alter policy memories_update on memories using (true) with check (true)'],
    /^memories_update: \w+ gets into/,
  ],
  [
    'the delete policy of memories',
    ['alter policy memories_delete on memories using (true)'],
    /^memories_delete: \w+ gets into/,
  ],
  [
    'the select policy of namespaces',
    ['alter policy namespaces_select on namespaces using (true)'],
    /^namespaces_select: \w+ gets into/,
  ],
  [
    'the insert policy of namespaces',
    ['alter policy namespaces_insert on namespaces with check (true)'],
    /^namespaces_insert: \w+ gets into/,
  ],
  [
    'the update policy of namespaces',
    ['alter policy namespaces_update on namespaces using (true) with check (true)'],
    /^namespaces_update: \w+ gets into/,
  ],
  [
    'the select policy of memory_words',
    ['alter policy memory_words_select on memory_words using (true)'],
    /^memory_words_select: \w+ gets into/,
  ],
  [
    'the select policy of memory_accesses',
    ['alter policy memory_accesses_select on memory_accesses using (true)'],
    /^memory_accesses_select: \w+ gets into/,
  ],
  [
    'the select policy of namespace_languages',
    ['alter policy namespace_languages_select on namespace_languages using (true)'],
    /^namespace_languages_select: \w+ gets into/,
  ],
  [
    'the select policy of sessions',
    ['alter policy sessions_select on sessions using (true)'],
    /^sessions_select: \w+ gets into/,
  ],
  [
    'the insert policy of sessions',
    ['alter policy sessions_insert on sessions with check (true)'],
    /^sessions_insert: \w+ gets into/,
  ],
  [
    'the update policy of sessions',
    ['alter policy sessions_update on sessions using (true) with check (true)'],
    /^sessions_update: \w+ gets into/,
  ],
  [
    'the select policy of vector_indexes',
    ['alter policy vector_indexes_select on vector_indexes using (true)'],
    /^vector_indexes_select: \w+ gets into/,
  ],
  ['the check inside lexical_search', [UNCHECKED_SEARCH], /^lexical_search: \w+ gets into/],
  [
    'the resolver',
    [
      'create or replace function resolve_namespace(wanted text, access text) returns namespaces language sql ' +
        'stable security definer set search_path = pg_catalog, public, pg_temp as $$ select n from namespaces n ' +
        'where name = wanted $$',
    ],
    /^nothing/,
  ],
  [
    'row security of memories',
    ['alter table memories disable row level security'],
    /^memories_(select|insert|update|delete): \w+ gets into/,
  ],
]

describe('the access matrix', () => {
  let t: TestServer
  let secrets: Awaited<ReturnType<typeof seedMatrix>>
  let restore: string[]
  beforeAll(async () => {
    t = await start()
    secrets = await seedMatrix(t)
    restore = await statementsThatRestore(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  test('by raw SQL as dakera_app, every key gets what the access matrix says and nothing else', async () => {
    expect(await findBreaches(t, secrets)).toEqual([])
  })

  test.each(OPENED)('without %s, its own test and no other goes red', async (_wall, statements, shows) => {
    await asSuperuser(t, statements)
    const breaches = await findBreaches(t, secrets).finally(() => asSuperuser(t, restore))
    // The resolver raises the good error; behind it row security still hides everything.
    if (shows.source === '^nothing') return expect(breaches).toEqual([])
    expect(breaches.length).toBeGreaterThan(0)
    expect(breaches.filter((breach) => !shows.test(breach))).toEqual([])
  })

  test('holds again once every wall is back', async () => {
    expect(await findBreaches(t, secrets)).toEqual([])
  })
})

/** As the superuser that logged in: replacing a function of another role takes one. */
const asSuperuser = (t: TestServer, statements: string[]) =>
  t.owner(async (sql) => {
    await sql`set role none`
    for (const statement of statements) await sql.unsafe(statement)
    await sql`set role dakera_owner`
  })

/** Returns what puts back everything that OPENED changes. */
async function statementsThatRestore(t: TestServer): Promise<string[]> {
  const rows = await t.owner(
    (sql) => sql<{ statement: string }[]>`
      select format('alter policy %I on %I', policyname, tablename) || coalesce(' using (' || qual || ')', '')
        || coalesce(' with check (' || with_check || ')', '') as statement
      from pg_policies where schemaname = 'public'
      union all select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
        and proname in ('lexical_search', 'selected_memories', 'resolve_namespace')
      union all select 'alter table memories enable row level security'`,
  )
  return rows.map(({ statement }) => statement)
}

/**
 * Words are protected from other namespaces twice: by the number before each in the index, and by the condition next to
 * it.
 */
const UNNUMBERED = [
  'create or replace function namespaced_lexeme(namespace_id int, lexeme text) returns text language sql immutable ' +
    'parallel safe as $$ select left(lexeme, 500) $$',
  'reindex index memory_words_idx',
]
const UNCONDITIONAL = ['best_of_round', 'candidate_source'].map(
  (name) =>
    `do $do$ begin execute regexp_replace(pg_get_functiondef('${name}'::regproc), 'w\\.namespace_id \\+ 0 = ` +
    `(target|%1\\$s)', 'true', 'g'); end $do$`,
)

test.each([
  ['both walls', [], ['mine']],
  ['the condition alone', UNNUMBERED, ['mine']],
  ['the number alone', UNCONDITIONAL, ['mine']],
  ['neither', [...UNNUMBERED, ...UNCONDITIONAL], ['mine', 'theirs']],
])('the words of a namespace lead to its own memories: %s', async (_walls, statements, reached) => {
  await using t = await start()
  const secret = await t.secret({ own: 'read_write' })
  await t.client(secret).storeMemory('own', { id: 'mine', content: 'The heron nests.' })
  await t.admin.storeMemory('other', { id: 'theirs', content: 'The heron nests.' })
  await asSuperuser(t, statements)
  const [found] = await t.as(
    secret,
    (sql) => sql`select ids from lexical_search((select id from namespaces), 'heron', null, 25, null, 3000)`,
  )
  expect(((found?.['ids'] ?? []) as string[]).toSorted()).toEqual(reached)
  // The ids that lexical_search returns are read under the caller's own policy.
  expect((await t.client(secret).recall('own', 'heron')).map(({ id }) => id)).toEqual(['mine'])
})

test('nobody, and anything that is no hash of an active key, sees no row of any table', async () => {
  await using t = await start()
  const expired = await t.secret({ researcher: 'read_write' })
  await t.admin.storeMemory('researcher', { content: 'private' })
  await t.admin.startSession('researcher')
  await t.owner((sql) => sql`update keys set expires_at = now() where id like 'key_%' and id <> 'key_root'`)
  const settings = ['', 'x', "' or true --", '0'.repeat(64), 'A'.repeat(64), 'key_root']
  for (const setting of settings) {
    await t.database.sql.begin(async (sql) => {
      await sql`select set_config('dakera.key', ${setting}, true)`
      expect(await sql`select from memories`).toHaveLength(0)
      expect(await sql`select from namespaces`).toHaveLength(0)
      expect(await sql`select from sessions`).toHaveLength(0)
      expect((await sql`select readable_namespaces() as ids`)[0]).toEqual({ ids: [] })
    })
  }
  expect(await t.database.sql`select from memories`).toHaveLength(0)
  expect(await t.as(expired, (sql) => sql`select from memories`)).toHaveLength(0)
})

test('the identity ends with its transaction', async () => {
  await using t = await start()
  const secret = await t.secret({ researcher: 'read_write' })
  const researcher = t.client(secret)
  await researcher.storeMemory('researcher', { content: 'private' })
  for (let i = 0; i < 20; i++) {
    await researcher.recall('researcher', 'private')
    expect(await t.database.sql`select from memories`).toHaveLength(0)
  }
  await expect(t.as(secret, (sql) => sql`select 1 / 0`)).rejects.toThrow()
  expect(await t.database.sql`select from memories`).toHaveLength(0)
})

test('what manages and counts keys asks for an admin in the database too', async () => {
  await using t = await start()
  const agent = await t.secret({ researcher: 'read_write' })
  for (const call of [
    "find_key('key_root')",
    'list_keys(null, null)',
    'count_keys()',
    "create_key('key_x', 'x', decode(repeat('00', 32), 'hex'), true, '{}', null)",
    "update_key('key_root', 'x', '{}', null)",
    "rotate_key('key_root', decode(repeat('00', 32), 'hex'), 0)",
    "deactivate_key('key_root')",
    "delete_key('key_root')",
    "list_key_usage('key_root')",
    "list_namespace_keys('researcher')",
    "delete_namespace_key('key_root', 'researcher')",
    "delete_namespace('researcher')",
  ])
    await expect(
      t.as(agent, (sql) => sql.unsafe(`select ${call}`)),
      call,
    ).rejects.toMatchObject({ code: 'DK000', message: 'INSUFFICIENT_SCOPE' })
})

test('dakera_app reads no key, secret, grant, reply or statistics, and stamps nothing itself', async () => {
  await using t = await start()
  const denied = async (statement: string) => {
    await expect(
      t.as('dk-admin-key', (sql) => sql.unsafe(statement)),
      statement,
    ).rejects.toMatchObject({ code: '42501' })
  }
  for (const table of [
    'keys',
    'key_secrets',
    'grants',
    'replies',
    'full_secrets',
    'reply_count',
    'key_usage',
    'namespace_statistics',
    'term_statistics',
    'statistics_deltas',
    'upkeep',
    'expired_memories',
    'upkeep_clock',
  ])
    await denied(`select * from ${table}`)
  for (const call of [
    'presented_key()',
    'require_key()',
    'require_admin()',
    "set_root_secret('\\x00')",
    "set_grants('key_root', '{}')",
    "lock_key('key_root')",
    'merge_statistics(1)',
    'merge_portion(1, 1000)',
    'move_expired(1, 1000)',
    "next_turn('expiry')",
  ])
    await denied(`select ${call}`)
  for (const column of ['author', 'created_at', 'updated_at', 'version', 'session_position', 'namespace_id', 'id'])
    await denied(`update memories set ${column} = default`)
  for (const column of ['id', 'namespace_id', 'started_at', 'ended_at', 'metadata'])
    await denied(`update sessions set ${column} = default`)
  await denied('delete from sessions')
  await denied('alter table memories disable row level security')
  await denied('create table mine ()')
  await denied('drop table memories')
})

test(
  'dakera_app makes no temporary table, which the next caller on its connection would read in place of the ' +
    'real one',
  async () => {
    await using t = await start()
    for (const statement of [
      'create temp table memories (id text)',
      'create temp view namespaces as select 1',
      'create table pg_temp.keys (id text)',
    ])
      await expect(
        t.as('dk-admin-key', (sql) => sql.unsafe(statement)),
        statement,
      ).rejects.toMatchObject({ code: '42501' })
  },
)

test("accesses are counted for a key that may read the memory, and the count's writer learns nothing", async () => {
  await using t = await start()
  const [reader, appender, stranger] = [
    await t.secret({ a: 'read' }),
    await t.secret({ a: 'write' }),
    await t.secret({ b: 'read_write' }),
  ]
  const revoked = await t.secret({ a: 'read' })
  await t.admin.storeMemory('a', { id: 'doc', content: 'private' })
  await t.owner(
    (sql) =>
      sql`update keys set active = false where id = (select key_id from key_secrets
        where secret_hash = ${hashSecret(revoked)})`,
  )
  const record = async (secret: string, id: string, count = 1) => {
    const given = [{ hash: hashSecret(secret).toString('hex'), namespace: 'a', id, count, at: 1 }]
    return t.as(undefined, (sql) => sql`select record_accesses(${JSON.stringify(given)}::jsonb) as told`)
  }
  const counted = async () =>
    (await t.owner((sql) => sql`select access_count::int as count from memory_accesses`)).map(
      (row) => row['count'] as number,
    )
  for (const secret of [stranger, appender, revoked, 'never-issued'])
    for (const id of ['doc', 'absent']) expect(await record(secret, id)).toEqual([{ told: '' }])
  expect(await counted()).toEqual([])
  expect(await record(reader, 'doc')).toEqual([{ told: '' }])
  expect(await record(ADMIN_KEY, 'doc')).toEqual([{ told: '' }])
  expect(await record(reader, 'doc', -5)).toEqual([{ told: '' }])
  expect(await counted()).toEqual([2])
})

test('usage is counted for the key whose hash is known, upwards alone, and tells nothing', async () => {
  await using t = await start()
  const secret = await t.secret({ a: 'read' })
  const record = (of: string, requests: number) => {
    const counted = [
      {
        hash: hashSecret(of).toString('hex'),
        endpoint: 'x',
        namespace: '',
        requests,
        failed: 0,
        rate_limited: 0,
        bytes: 0,
        total_ms: 1,
        at: 4e9,
      },
    ]
    return t.as(undefined, (sql) => sql`select record_key_usage(${JSON.stringify(counted)}::jsonb) as told`)
  }
  for (const [of, requests] of [
    ['never-issued', 1],
    [secret, 3],
    [secret, -2],
  ] as const)
    expect(await record(of, requests)).toEqual([{ told: '' }])
  expect(
    await t.owner((sql) => sql`select requests::int as requests, last_used <= now() as past from key_usage`),
  ).toEqual([{ requests: 3, past: true }])
})

test('what the jobs may do without a key is what is due, and they say how much it was and not whose', async () => {
  await using t = await start()
  await t.admin.storeMemory('a', { content: 'private' })
  const free = await t.owner(
    (sql) => sql<{ name: string; result: string }[]>`
    select proname as name, pg_get_function_result(p.oid) as result from pg_proc p
    where pronamespace = 'public'::regnamespace and proowner = 'dakera_owner'::regrole
      and has_function_privilege('dakera_app', p.oid, 'execute')
      and prosecdef and provolatile = 'v'
        and prosrc !~ 'require_|lock_key|presented_|readable_|writable_|resolve_namespace' and prokind = 'f'
          and prorettype <> 'trigger'::regtype
    order by 1`,
  )
  expect([...free]).toEqual([
    { name: 'count_replies', result: 'integer' },
    { name: 'delete_old_replies', result: 'integer' },
    { name: 'erase_expired', result: 'integer' },
    { name: 'merge_next', result: 'record' },
    { name: 'record_accesses', result: 'void' },
    { name: 'record_key_usage', result: 'void' },
    { name: 'renew_next', result: 'record' },
    { name: 'restore_expired', result: 'integer' },
    { name: 'sweep_next', result: 'record' },
  ])
  expect(await t.as(undefined, (sql) => sql`select * from merge_next(1000, true)`)).toEqual([
    { done: 1, failed: false },
  ])
})
