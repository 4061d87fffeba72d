import { parseExactly } from '@dakera-ai/protocol'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Sql } from 'postgres'
import type { Seat } from './session.ts'
import type { Turns } from './turns.ts'

export type { Sql } from 'postgres'
export type Db = PostgresJsDatabase

/** A migrated database. Everything here but `maintain` acts as dakera_app: without a principal it sees nothing. */
export type Database = {
  engine: 'postgres' | 'pglite'
  /**
   * Sessions for the work of callers, each in its turn: tx.ts. `searches` has a shorter time limit; the embedded
   * database has one session for both, and two turns.
   */
  turns: { calls: Pool; searches: Pool }
  /** For what the server does by itself; another client after a check() that found this one silent. */
  readonly sql: Sql
  /** Runs jobs on a connection that acts as dakera_owner; undefined where the login may not. */
  maintain: Maintain | undefined
  /**
   * Whether anything that callers are served through answers within some 3 seconds; what does not is replaced. A
   * network that loses every packet makes no error by itself.
   */
  check(): Promise<Condition>
  /**
   * Resolves with the reason when the database is gone for good: started again and again in vain. Never on Postgres.
   */
  givenUp?: Promise<Error>
  close(): Promise<void>
}

export type Pool = Pick<Turns<Seat>, 'run'>

/**
 * Of a session. The catalog comes first unless named, and what is temporary last, so that nothing left in a session is
 * taken for one of our tables.
 */
export const SEARCH_PATH = 'public, pg_temp'

/** Whether a part of the server works; `warning` is for the operator to look at although it does. */
export type Condition = { ok: true; warning?: string | undefined } | { ok: false; message: string }

/**
 * `aside` is another connection, to look on with while a long statement keeps the first; the embedded database has
 * none. After
 * `limitMs` the connection is given up: the database itself would have ended what runs there (the embedded one does).
 */
export type Maintain = <T>(fn: (sql: Sql, aside: Sql | undefined) => Promise<T>, limitMs?: number) => Promise<T>

/**
 * What is done once per start, under the lock of the migrations where the login may change things: see first-start.ts.
 */
export type FirstStart = (sql: Sql, isOwner: boolean) => Promise<void>

/** What may refuse a start before it changes anything. */
export type Gate = {
  /** Under the same lock, before the migrations; the schema may be older, or not be there. */
  check(sql: Sql, isOwner: boolean): Promise<void>
  /** The database has applied migrations that this release does not know; the newest is named. */
  meetNewerSchema(newest: string): void
}

/** Postgres' numbers of the types json and jsonb. */
const JSON_TYPES = [114, 3802]

export function asDb(sql: Sql): Db {
  const db = drizzle({ client: sql })
  for (const type of JSON_TYPES) sql.options.parsers[type] = parseExactly
  return db
}
