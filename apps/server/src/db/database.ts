import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Sql } from 'postgres'

export type { Sql } from 'postgres'
export type Db = PostgresJsDatabase

/** A migrated database. `sql` and `db` act as dakera_app: without a principal they see nothing. */
export type Database = {
  engine: 'postgres' | 'pglite'
  /** For the hot functions, which carry the identity themselves. */
  sql: Sql
  /** For everything else, through withPrincipal. */
  db: Db
  /** Runs jobs on a connection that acts as dakera_owner; undefined where the login may not. */
  maintain: (<T>(fn: (sql: Sql) => Promise<T>) => Promise<T>) | undefined
  /** Whether a connection made now gets an answer, within some 3 seconds. A network that loses every packet makes no error by itself. */
  answers(): Promise<boolean>
  close(): Promise<void>
}

/** What is done once per start, under the lock of the migrations where the login may change things: see first-start.ts. */
export type FirstStart = (sql: Sql, isOwner: boolean) => Promise<void>

export const asDb = (sql: Sql): Db => drizzle({ client: sql })
