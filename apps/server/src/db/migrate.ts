import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { Sql } from 'postgres'
import { SettingsError } from '../env.ts'
import { PACKAGE } from '../layout.ts'

type Migration = { name: string; text: string; checksum: string }

export const MIGRATIONS = new URL('src/db/migrations/', PACKAGE)

export function readMigrations(): Migration[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => {
      const text = readFileSync(new URL(name, MIGRATIONS), 'utf8')
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') }
    })
}

/**
 * Returns the checksums of every migration that has ever landed, by name, including those whose files were replaced by
 * later ones.
 */
export function readLanded(): Map<string, string> {
  const lines = readFileSync(new URL('landed.sha256', MIGRATIONS), 'utf8').trim().split('\n')
  return new Map(lines.map((line) => line.split('  ').reverse() as [string, string]))
}

const knownNames = () => new Set([...readLanded().keys(), ...readMigrations().map(({ name }) => name)])

/**
 * Rejects a database of a newer release. Older code does not know the rules of newer migrations: it could store what
 * they forbid, or replace a new function by an old one.
 */
export function refuseNewerSchema(newest: string): never {
  throw new SettingsError(
    `This database was migrated by a newer release of Dakera (${newest} is unknown here). Start that release or ` +
      'a newer one, or restore a dump from before. ' +
      'To start this one anyway, add --allow-newer-schema; docs/operating.md describes the risks.',
  )
}

type Before = { check?: () => Promise<void>; meetNewerSchema?: (newest: string) => void }

/**
 * Brings the schema up to date. `sql` must be a single connection of a login that may migrate. Servers that start at
 * the same time wait for each other here; `check` and `afterwards` run under the lock.
 */
export async function migrate<T>(
  sql: Sql,
  afterwards: () => Promise<T>,
  { check, meetNewerSchema = refuseNewerSchema }: Before = {},
): Promise<T> {
  await sql`select pg_advisory_lock(hashtext('dakera_migrations'))`
  try {
    await requirePgvector(sql)
    const applied = await readApplied(sql)
    const newest = newestUnknown(applied)
    if (newest) meetNewerSchema(newest)
    await check?.()
    if (!newest) await applyMissing(sql, applied)
    await refuseTemporaryTables(sql)
    return await afterwards()
  } finally {
    // the connection itself may have failed
    await sql`select pg_advisory_unlock(hashtext('dakera_migrations'))`.catch(() => {})
  }
}

async function applyMissing(sql: Sql, applied: Map<string, string>): Promise<void> {
  await sql`create table if not exists migrations (name text primary key, checksum text not null,
    applied_at timestamptz not null default now())`.simple()
  // Loads the library of pgvector. Without it only a superuser may name its settings, as functions do.
  if (applied.size > 0) await sql`select '[1]'::halfvec`
  for (const migration of readMigrations()) {
    const checksum = applied.get(migration.name)
    if (checksum === migration.checksum) continue
    if (checksum)
      throw new SettingsError(
        `The migration ${migration.name} was changed after this database had applied it. Use the release that ` +
          'made the database, or a new database.',
      )
    await sql.begin(async (tx) => {
      await tx.unsafe(migration.text)
      await tx`insert into migrations (name, checksum) values (${migration.name}, ${migration.checksum})`
    })
  }
  await sql`grant select on migrations to dakera_app, dakera_owner`.simple() // the owner makes dumps
}

/**
 * Revokes the right to create temporary tables, because the next user of the connection would find such a table before
 * a real one. This happens at each start, because a copy of a database does not include its rights. If the login may
 * not, the operator does it: docs/postgres.md.
 */
async function refuseTemporaryTables(sql: Sql): Promise<void> {
  if (await mayMakeTemporaryTables(sql))
    await sql`do $$ begin execute format('revoke temporary on database %I from public, dakera_app', current_database());
      exception when insufficient_privilege then null; end $$`.simple()
}

export async function mayMakeTemporaryTables(sql: Sql): Promise<boolean> {
  const [row] = await sql<
    { may: boolean }[]
  >`select has_database_privilege('dakera_app', current_database(), 'temporary') as may`
  return row?.may === true
}

/** Checks, for a login that may not migrate, that another login has migrated the database. */
export async function requireMigrated(sql: Sql, meetNewerSchema: (newest: string) => void): Promise<void> {
  const applied = await readApplied(sql)
  const newest = newestUnknown(applied)
  if (newest) return meetNewerSchema(newest)
  if (readMigrations().some(({ name }) => !applied.has(name))) {
    throw new SettingsError(
      'The schema is older than this release, and this login cannot change it. Set DAKERA_MIGRATION_URL to a ' +
        'login that owns the database.',
    )
  }
}

/** Returns the checksums of the applied migrations, by name; none if no migration was ever applied. */
async function readApplied(sql: Sql): Promise<Map<string, string>> {
  const [table] = await sql`select to_regclass('public.migrations') as found`
  if (!table?.['found']) return new Map()
  return new Map(
    (await sql<{ name: string; checksum: string }[]>`select name, checksum from migrations`).map((row) => [
      row.name,
      row.checksum,
    ]),
  )
}

function newestUnknown(applied: Map<string, string>): string | undefined {
  const known = knownNames()
  return [...applied.keys()]
    .filter((name) => !known.has(name))
    .sort()
    .at(-1)
}

async function requirePgvector(sql: Sql): Promise<void> {
  const [server] = await sql<{ number: number; version: string | null }[]>`
    select current_setting('server_version_num')::int as number,
      (select coalesce(installed_version, default_version) from pg_available_extensions
        where name = 'vector') as version`
  if (!server || server.number < 160_000)
    throw new SettingsError('This Postgres is too old: Dakera needs version 16 or newer.')
  if (!server.version) {
    throw new SettingsError(
      'This Postgres has no pgvector. Install the extension "vector" 0.8 or newer on the database server, or use ' +
        'the image pgvector/pgvector:pg17.',
    )
  }
  const [major = 0, minor = 0] = server.version.split('.').map(Number)
  if (major === 0 && minor < 8)
    throw new SettingsError(
      `This Postgres has pgvector ${server.version}; Dakera needs 0.8 or newer. After an upgrade of the package, ` +
        'run: alter extension vector update',
    )
}
