import { parseExactly } from '@dakera-ai/protocol'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Sql } from 'postgres'
import type { FairPool } from './fair-pool.ts'
import type { Executor } from './session.ts'

export type { Sql } from 'postgres'
export type Db = PostgresJsDatabase

/** A migrated database. Everything except `asOwner` acts as dakera_app, which sees nothing without a principal. */
export type Database = {
  engine: 'postgres' | 'pglite'
  /**
   * The sessions for the work of callers, shared fairly: tx.ts. `searches` has a shorter time limit. The embedded
   * database has one session, which counts as two.
   */
  pools: { calls: Pool; searches: Pool }
  /** The client for the server's own work. It is replaced when check() finds it silent. */
  readonly sql: Sql
  /** Runs jobs on a connection that acts as dakera_owner; undefined if the login may not. */
  asOwner: AsOwner | undefined
  /**
   * Returns whether the sessions for callers answer within about 3 seconds, and replaces those that do not. A network
   * that loses every packet causes no error by itself.
   */
  check(): Promise<Condition>
  /** Resolves with the reason if the database is gone for good, after failed restarts. Undefined on Postgres. */
  givenUp?: Promise<Error>
  close(): Promise<void>
}

export type Pool = Pick<FairPool<Executor>, 'run'>

/**
 * The search path of a session. The catalog comes first implicitly, and temporary objects last, so that an object left
 * in a session is not taken for one of our tables.
 */
export const SEARCH_PATH = 'public, pg_temp'

/** Whether a part of the server works. `warning` is for the operator: it works, but something needs attention. */
export type Condition = { ok: true; warning?: string | undefined } | { ok: false; message: string }

/**
 * Runs work as the owner. `observer` is another connection, to watch a long statement on the first; the embedded
 * database has none. After `limitMs` the connection is cut; the embedded database enforces a limit of its own.
 */
export type AsOwner = <T>(fn: (sql: Sql, observer: Sql | undefined) => Promise<T>, limitMs?: number) => Promise<T>

/** Runs once per start, under the lock of the migrations if the login may change the database: bootstrap.ts. */
export type Bootstrap = (sql: Sql, isOwner: boolean) => Promise<void>

/** Can reject a start before it changes anything. */
export type Gate = {
  /** Runs under the same lock, before the migrations: the schema may be older, or missing. */
  check(sql: Sql, isOwner: boolean): Promise<void>
  /** Called if the database has migrations that this release does not know, with the newest of them. */
  meetNewerSchema(newest: string): void
}

/** The type numbers of json and jsonb in Postgres. */
const JSON_TYPES = [114, 3802]

export function asDb(sql: Sql): Db {
  const db = drizzle({ client: sql })
  for (const type of JSON_TYPES) sql.options.parsers[type] = parseExactly
  return db
}
