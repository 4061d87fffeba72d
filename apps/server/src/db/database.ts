import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Sql } from 'postgres'

export type { Sql } from 'postgres'
export type Db = PostgresJsDatabase

/** A migrated database. `sql` and `db` act as dakera_app: without a principal they see nothing. */
export type Database = {
  engine: 'postgres' | 'pglite'
  /** For the hot functions, which carry the identity themselves. */
  sql: Sql
  /** The same for recall and search, whose statements end after a second: a search that takes longer helps nobody and holds up all others. */
  searches: Sql
  /** For everything else, through withPrincipal. */
  db: Db
  /** Runs jobs on a connection that acts as dakera_owner; undefined where the login may not. */
  maintain: Maintain | undefined
  /** Whether it answers within some 3 seconds. A network that loses every packet makes no error by itself. */
  check(): Promise<Condition>
  /** Resolves with the reason when the database is gone for good: started again and again in vain. Never on Postgres. */
  givenUp?: Promise<Error>
  close(): Promise<void>
}

/** Whether a part of the server works; `warning` is for the operator to look at although it does. */
export type Condition = { ok: true; warning?: string | undefined } | { ok: false; message: string }

/** `aside` is another connection, to look on with while a long statement keeps the first; the embedded database has none. */
export type Maintain = <T>(fn: (sql: Sql, aside: Sql | undefined) => Promise<T>) => Promise<T>

/** What is done once per start, under the lock of the migrations where the login may change things: see first-start.ts. */
export type FirstStart = (sql: Sql, isOwner: boolean) => Promise<void>

/** What may refuse a start before it changes anything. */
export type Gate = {
  /** Under the same lock, before the migrations; the schema may be older, or not be there. */
  check(sql: Sql, isOwner: boolean): Promise<void>
  /** The database has applied migrations that this release does not know; the newest is named. */
  meetNewerSchema(newest: string): void
}

export const asDb = (sql: Sql): Db => drizzle({ client: sql })
