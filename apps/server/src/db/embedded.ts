import { join } from 'node:path'
import type { Logger } from 'pino'
import postgres, { type Options, type ReservedSql, type Sql } from 'postgres'
import { SettingsError } from '../env.ts'
import { connectionIsLost } from '../fault.ts'
import { type Bootstrap, type Database, type Gate, type Pool, SEARCH_PATH } from './database.ts'
import { fairPool } from './fair-pool.ts'
import { migrate } from './migrate.ts'
import { PgliteError } from './pglite/error.ts'
import { type Supervised, type SupervisorOptions, superviseEmbedded } from './pglite/supervisor.ts'
import { Pipeline } from './pipeline.ts'
import { type Executor, Session } from './session.ts'

type Settings = { dataDir: string; durability: 'full' | 'relaxed' }

/**
 * Time limits of a statement: of the app; of a search, for which WebAssembly takes about five times as long as
 * Postgres, and whose termination costs everybody a restart of the thread; of the jobs, which build indexes and rewrite
 * tables.
 */
const STATEMENT_MS = 30_000
const SEARCH_MS = 10_000
const JOB_STATEMENT_MS = 10 * 60_000
const NEVER = new AbortController().signal
const ANSWER_MS = 3_000

/**
 * `crash` ends the thread of the database in the middle of its work, as a fault of the engine would. The database
 * restarts by itself.
 */
export type EmbeddedDatabase = Database & { crash(): Promise<void> }

/**
 * Opens the database in a thread of this process. It has one session, which belongs to the app's role once the schema
 * is up to date.
 */
export async function openEmbedded(
  { dataDir, durability }: Settings,
  log: Logger,
  bootstrap: Bootstrap,
  gate: Gate,
): Promise<EmbeddedDatabase> {
  const gone = Promise.withResolvers<Error>()
  const pglite = await openFolder({ dataDir: join(dataDir, 'db'), durability, log, onGivenUp: gone.resolve })
  try {
    const migrating = connect(pglite, 'dakera-migrations')
    await migrate(migrating, () => bootstrap(migrating, true), { ...gate, check: () => gate.check(migrating, true) })
    await migrating.end({ timeout: 5 })
  } catch (error) {
    await pglite.close()
    throw error
  }

  // Set in the start packet, so that a session that postgres.js reopens has the role again.
  const sql = connect(pglite, 'dakera', { role: 'dakera_app', search_path: SEARCH_PATH })
  // Its one session, whose statements cannot be cancelled, counts as two: one statement runs, the next is on its way.
  const session = new Session({ open: () => sql })
  const pool = fairPool([1, 2])
  const pipeline = new Pipeline((ms) => pglite.limitStatements(ms))
  const limitedTo = (ms: number): Pool => {
    const executor: Executor = {
      statement: (...args) => pipeline.statement(ms, () => session.statement(...args)),
      transaction: (...args) => pipeline.alone(ms, () => session.transaction(...args)),
    }
    return { run: (lane, signal, work) => pool.run(lane, signal, () => work(executor)) }
  }
  return {
    engine: 'pglite',
    sql,
    pools: { calls: limitedTo(STATEMENT_MS), searches: limitedTo(SEARCH_MS) },
    asOwner: <T>(fn: (sql: Sql, observer: undefined) => Promise<T>) =>
      pool.run('jobs', NEVER, () => pipeline.alone(JOB_STATEMENT_MS, () => runAsOwner(sql, fn, () => pglite.crash()))),
    check: () => pglite.check(ANSWER_MS),
    givenUp: gone.promise,
    crash: () => pglite.crash(),
    async close() {
      await sql.end({ timeout: 5 })
      await pglite.close()
    },
  }
}

/**
 * `spoil` ends the session, because a session that may still act as the owner must not serve callers. A session that is
 * gone already is left alone, as ending it would end the next one.
 */
async function runAsOwner<T>(
  sql: Sql,
  fn: (sql: Sql, observer: undefined) => Promise<T>,
  spoil: () => Promise<void>,
): Promise<T> {
  const session: ReservedSql = await sql.reserve()
  try {
    await session`set role dakera_owner`
    return await fn(session, undefined)
  } finally {
    await session`set role dakera_app`.catch((error) => (connectionIsLost(error) ? undefined : spoil()))
    session.release()
  }
}

/** `socket` passes postgres.js a connection; its types do not contain that option. */
const connect = ({ socket }: Supervised, application_name: string, settings: Record<string, string> = {}): Sql =>
  postgres({
    socket, // waits by itself while the database restarts
    backoff: () => 0,
    max: 1,
    max_lifetime: null,
    idle_timeout: 0,
    onnotice: () => {},
    connection: { application_name, ...settings },
  } as Options<{}>) as Sql

async function openFolder(options: SupervisorOptions): Promise<Supervised> {
  try {
    return await superviseEmbedded(options)
  } catch (error) {
    throw error instanceof PgliteError ? new SettingsError(error.message) : error
  }
}
