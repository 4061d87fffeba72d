import { drizzle } from 'drizzle-orm/postgres-js'
import type { Logger } from 'pino'
import type { Sql } from 'postgres'
import type { Env } from '../env.ts'
import { openPostgres } from './postgres.ts'
import type { Db } from './tx.ts'

/** A migrated database. `sql` and `db` act as dakera_app: without a principal they see nothing. */
export type Database = {
  engine: 'postgres' | 'pglite'
  /** For the hot functions, which carry the identity themselves. */
  sql: Sql
  /** For everything else, through withPrincipal. */
  db: Db
  /** Runs jobs on a connection that acts as dakera_owner; undefined where the login may not. */
  maintain: (<T>(fn: (sql: Sql) => Promise<T>) => Promise<T>) | undefined
  close(): Promise<void>
}

/** What is done once, under the lock of the migrations: see first-start.ts. */
export type FirstStart = (owner: Sql) => Promise<void>

export async function openDatabase(settings: Env['database'], log: Logger, firstStart: FirstStart): Promise<Database> {
  if (settings.engine === 'postgres') return openPostgres(settings, log, firstStart)
  const { openEmbedded } = await import('./embedded.ts') // 20 MB of WebAssembly that a server on Postgres never needs
  return openEmbedded(settings, log, firstStart)
}

export const asDb = (sql: Sql): Db => drizzle({ client: sql })
