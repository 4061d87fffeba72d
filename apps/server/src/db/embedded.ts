import { join } from 'node:path'
import type { Logger } from 'pino'
import postgres, { type Options, type ReservedSql, type Sql } from 'postgres'
import { SettingsError } from '../env.ts'
import { asDb, type Database, type FirstStart } from './database.ts'
import { migrate } from './migrate.ts'
import { PgliteError } from './pglite/error.ts'
import { type Supervised, type SupervisorOptions, superviseEmbedded } from './pglite/supervisor.ts'

type Settings = { dataDir: string; durability: 'full' | 'relaxed' }

/** Of the app's statements, as on Postgres; and of the jobs', which build indexes and rewrite tables. */
const STATEMENT_MS = 30_000
const JOB_STATEMENT_MS = 10 * 60_000
const ANSWER_MS = 3_000

/** `crash` ends the thread of the database in whatever it does, as a fault of the engine would; it comes back by itself. */
export type EmbeddedDatabase = Database & { crash(): Promise<void> }

/** Opens the database in a thread of this process. It has one session, which belongs to the app's role once the schema is up to date. */
export async function openEmbedded({ dataDir, durability }: Settings, log: Logger, firstStart: FirstStart): Promise<EmbeddedDatabase> {
  const gone = Promise.withResolvers<Error>()
  const pglite = await openFolder({ dataDir: join(dataDir, 'db'), durability, log, onGivenUp: gone.resolve })
  try {
    const migrating = connect(pglite, 'dakera-migrations')
    await migrate(migrating, () => firstStart(migrating, true))
    await migrating.end({ timeout: 5 })
  } catch (error) {
    await pglite.close()
    throw error
  }

  // In the start packet, so that a session which postgres.js opens again has the role again.
  const sql = connect(pglite, 'dakera', { role: 'dakera_app' })
  pglite.limitStatements(STATEMENT_MS)
  return {
    engine: 'pglite',
    sql,
    searches: sql, // there is one session
    db: asDb(sql),
    maintain: async <T>(fn: (sql: Sql, aside: undefined) => Promise<T>) => {
      const session: ReservedSql = await sql.reserve()
      pglite.limitStatements(JOB_STATEMENT_MS)
      try {
        await session`set role dakera_owner`
        return await fn(session, undefined)
      } finally {
        // A session that may still act as the owner must serve nobody.
        await session`set role dakera_app`.catch(() => pglite.crash())
        pglite.limitStatements(STATEMENT_MS)
        session.release()
      }
    },
    check: () => pglite.check(ANSWER_MS),
    givenUp: gone.promise,
    crash: () => pglite.crash(),
    async close() {
      await sql.end({ timeout: 5 })
      await pglite.close()
    },
  }
}

/** `socket` is how postgres.js is handed a connection; its types do not know that option. */
const connect = ({ socket }: Supervised, application_name: string, settings: { role?: string } = {}): Sql =>
  postgres({
    socket, // waits by itself while the database is started again
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
