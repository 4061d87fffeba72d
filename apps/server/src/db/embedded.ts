import { join } from 'node:path'
import type { Logger } from 'pino'
import postgres, { type Options, type ReservedSql, type Sql } from 'postgres'
import { SettingsError } from '../env.ts'
import type { Database, FirstStart } from './database.ts'
import { migrate } from './migrate.ts'
import { openPglite, type Pglite, PgliteError } from './pglite/open.ts'
import { Session } from './session.ts'
import { turnsOver } from './turns.ts'

type Settings = { dataDir: string; durability: 'full' | 'relaxed' }

/** Opens the database in this process. It has one session, which belongs to the app's role once the schema is up to date. */
export async function openEmbedded({ dataDir, durability }: Settings, log: Logger, firstStart: FirstStart): Promise<Database> {
  const pglite = await openFolder(join(dataDir, 'db'), durability, log)
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
  const turns = turnsOver([new Session({ open: () => sql })])
  return {
    engine: 'pglite',
    sql,
    turns: { calls: turns, searches: turns }, // one session, and no statement of it can be cancelled
    maintain: async <T>(fn: (sql: Sql, aside: undefined) => Promise<T>) => {
      const session: ReservedSql = await sql.reserve()
      try {
        await session`set role dakera_owner`
        return await fn(session, undefined)
      } finally {
        await session`set role dakera_app`
        session.release()
      }
    },
    answers: async () => true, // it lives in this process
    async close() {
      await sql.end({ timeout: 5 })
      await pglite.close()
    },
  }
}

/** `socket` is how postgres.js is handed a connection; its types do not know that option. */
const connect = ({ socket }: Pglite, application_name: string, settings: { role?: string } = {}): Sql =>
  postgres({ socket, max: 1, max_lifetime: null, idle_timeout: 0, onnotice: () => {}, connection: { application_name, ...settings } } as Options<{}>) as Sql

async function openFolder(dataDir: string, durability: Settings['durability'], log: Logger): Promise<Pglite> {
  try {
    return await openPglite({ dataDir, durability, log })
  } catch (error) {
    throw error instanceof PgliteError ? new SettingsError(error.message) : error
  }
}
