import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { ERRORS } from '@dakera-ai/protocol'
import { pino } from 'pino'
import postgres, { type Sql } from 'postgres'
import { expect, test } from 'vitest'
import { compareFunctions, type Run, readCatalog } from '../scripts/catalog.ts'
import { readFunctions } from '../scripts/functions.ts'
import { handWritten, printFunctions } from '../scripts/migration.ts'
import { printSchema, SCHEMA } from '../scripts/schema.ts'
import type { Database } from '../src/db/database.ts'
import { readMigrations, refuseNewerSchema } from '../src/db/migrate.ts'
import { openDatabase } from '../src/db/open.ts'
import { ensureRootKey } from '../src/db/root-key.ts'
import { hashSecret } from '../src/principal.ts'
import { ADMIN_KEY, emptyPostgres, engine, start } from './harness.ts'

const NOTHING = { changed: [], refused: [], removed: [] }
const log = pino({ level: 'silent' })

/** Runs SQL as the superuser of the tests. */
async function asSuperuser<T>({ asOwner }: Pick<Database, 'asOwner'>, fn: (run: Run) => Promise<T>): Promise<T> {
  if (!asOwner) throw new Error('this login may not maintain')
  return asOwner(async (sql) => {
    await sql`set role none`
    try {
      return await fn((text) => sql.unsafe(text).simple())
    } finally {
      await sql`set role dakera_owner`
    }
  })
}

test('db/functions contains every function: its definition, settings, owner and rights', async () => {
  await using t = await start()
  expect(new Set(readFunctions().map(({ name }) => name)).size).toBe(readFunctions().length)
  expect(await asSuperuser(t.database, compareFunctions)).toEqual(NOTHING)
})

test('db/schema.sql contains every table: its columns, indexes, triggers, policies and rights', async () => {
  await using t = await start()
  expect(await asSuperuser(t.database, printSchema)).toBe(readFileSync(SCHEMA, 'utf8'))
})

/** Changes in the database, each with the differences that the comparison must report. */
const CHANGES: [change: string, statement: string, differs: object][] = [
  [
    'a setting',
    'alter function nearest_memories set hnsw.ef_search = 100',
    { changed: [{ fn: { name: 'nearest_memories' }, revoked: [] }] },
  ],
  [
    'the owner',
    'alter function lock_key owner to dakera_search',
    { refused: [{ name: 'lock_key', advice: expect.stringContaining('owner to dakera_owner;') }] },
  ],
  [
    'a missing right',
    'revoke execute on function recall from dakera_app',
    { changed: [{ fn: { name: 'recall' }, revoked: [] }] },
  ],
  [
    'a right too many',
    'grant execute on function set_grants to dakera_app',
    { changed: [{ fn: { name: 'set_grants' }, revoked: ['dakera_app'] }] },
  ],
  ['the volatility', 'alter function caller_name volatile', { changed: [{ fn: { name: 'caller_name' } }] }],
  [
    'the security',
    'alter function list_memories security definer',
    { changed: [{ fn: { name: 'list_memories' }, revoked: [] }] },
  ],
  [
    'a function that the folder does not have',
    'create function extra(int) returns int language sql return 1',
    { removed: ['extra(integer)'] },
  ],
  [
    'a function that the database does not have',
    'drop function words_left',
    { changed: [{ fn: { name: 'words_left' } }] },
  ],
  [
    'other arguments',
    'drop function words_left; create function words_left(int) returns int language sql return 1',
    { refused: [{ name: 'words_left', advice: expect.stringContaining('drop function words_left(integer);') }] },
  ],
  [
    'another result',
    'drop function words_left; create function words_left() returns bigint language sql return 1; ' +
      'alter function words_left owner to dakera_owner',
    { refused: [{ name: 'words_left', advice: expect.stringContaining('drop function words_left();') }] },
  ],
]

test('every error that a function raises is one of the contract', () => {
  const calls = readFunctions().flatMap(({ name, text }) =>
    [...text.matchAll(/perform raise_api_error\(/g)].map(({ 0: call, index }) => {
      const codes = [...firstArgument(text.slice(index + call.length)).matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code)
      return { name, codes }
    }),
  )
  expect(calls.length).toBeGreaterThan(20)
  expect(calls.filter(({ codes }) => codes.length === 0)).toEqual([])
  expect(calls.filter(({ codes }) => codes.some((code) => !((code as string) in ERRORS)))).toEqual([])
})

/** SQL up to the first comma or parenthesis that is not inside of others. */
function firstArgument(sql: string): string {
  let depth = 0
  for (let i = 0; i < sql.length; i++) {
    if (sql[i] === '(') depth += 1
    else if (sql[i] === ')') depth -= 1
    if (depth < 0 || (depth === 0 && sql[i] === ',')) return sql.slice(0, i)
  }
  return sql
}

test('the comparison reports each kind of change, and nothing else', async () => {
  await using t = await start()
  await asSuperuser(t.database, async (run) => {
    for (const [change, statement, differs] of CHANGES) {
      await run(`begin; grant create on schema public to dakera_search; ${statement}`) // the comparison rolls it back
      expect(await compareFunctions(run), change).toMatchObject({ ...NOTHING, ...differs })
    }
  })
})

test('a migration keeps what is written by hand, and takes away the rights that the folder no longer gives', () => {
  const fn = { name: 'f', owner: 'dakera_search', text: 'create or replace function f() …;' }
  const generated = printFunctions({ changed: [{ fn, revoked: ['dakera_app'] }] })
  expect(generated.split('\n\n').slice(1)).toEqual([
    'grant create on schema public to dakera_search;\nset role dakera_search;',
    `${fn.text}\nrevoke all on function f from dakera_app;`,
    'reset role;\nrevoke create on schema public from dakera_search;',
  ])
  expect(handWritten(`-- Why.\n\n${generated}\n`)).toBe('-- Why.')
  expect(handWritten('-- Why.\n')).toBe('-- Why.')
})

/** The last migrations of two commits that have been installed. */
test.each([
  ['d172af1', '0015_recall.sql'],
  ['a6620b0', '0017_typos.sql'],
])('a database that %s migrated upgrades to exactly the functions and tables of a new one', async (_commit, last) => {
  const place = engine === 'postgres' ? await emptyPostgres() : emptyPglite()
  const older = readMigrations().filter(({ name }) => name <= last)
  const stop = new Error('migrated as far as that commit does')
  const migrateOlder = async (sql: Sql) => {
    await sql`create table migrations (name text primary key, checksum text not null,
      applied_at timestamptz not null default now())`
    for (const { name, checksum, text } of older) {
      await sql.unsafe(text)
      await sql`insert into migrations (name, checksum) values (${name}, ${checksum})`
    }
    await sql`select set_root_secret(${hashSecret(ADMIN_KEY)})`
    await sql`insert into namespaces (name) values ('old')`
    await sql`insert into memories (namespace_id, id, content) select id, 'm', 'The heron nests.' from namespaces`
    throw stop
  }
  try {
    const gate = { check: migrateOlder, meetNewerSchema: refuseNewerSchema }
    await expect(openDatabase(place.settings, log, async () => {}, gate)).rejects.toBe(stop)
    // A server of that release that is still running; the embedded database has only one.
    await using running = engine === 'postgres' ? openSession((place.settings as { url: string }).url) : undefined
    const before = await running?.storeAndRecall()
    const database = await openDatabase(place.settings, log, setRootKey)
    try {
      await using fresh = await start()
      for (const read of [readCatalog, printSchema])
        expect(await asSuperuser<unknown>(database, read)).toEqual(await asSuperuser<unknown>(fresh.database, read))
      expect((await storeAndRecall(database.sql)).at(0)).toBe('m')
      if (running) expect(await running.storeAndRecall()).toContain(before?.at(-1))
    } finally {
      await database.close()
    }
  } finally {
    await place.remove()
  }
})

/** Stores a memory, and returns the ids of all of them. */
async function storeAndRecall(sql: Sql): Promise<string[]> {
  const key = hashSecret(ADMIN_KEY)
  const [stored] = await sql`
    select id from store(${key}, 'old', '[{"content": "Another heron nests."}]', array[null]::halfvec[])`
  const found = await sql`select id from recall(${key}, 'old', 'heron', null, 100) order by created_at, id`
  const ids = found.map(({ id }) => id as string)
  expect(ids).toContain(stored?.['id'])
  return ids
}

function openSession(url: string) {
  const sql = postgres(url, { max: 1, connection: { role: 'dakera_app' } })
  return { storeAndRecall: () => storeAndRecall(sql), [Symbol.asyncDispose]: () => sql.end() }
}

async function setRootKey(owner: Sql): Promise<void> {
  const isEmbedded = engine === 'pglite'
  await ensureRootKey(owner, { chosen: ADMIN_KEY, dataDir: tmpdir(), isEmbedded, mayReplace: false })
}

function emptyPglite() {
  const dataDir = mkdtempSync(`${tmpdir()}/dakera-test-`)
  return {
    settings: { engine: 'pglite' as const, dataDir, durability: 'relaxed' as const },
    remove: async () => rmSync(dataDir, { recursive: true, force: true }),
  }
}
