import { join } from 'node:path'
import type { Logger } from 'pino'
import postgres, { type ReservedSql, type Sql } from 'postgres'
import { asDb, type Database, type FirstStart } from './database.ts'
import { migrate } from './migrate.ts'
import { openPglite } from './pglite/open.ts'

type Settings = { dataDir: string; durability: 'full' | 'relaxed' }

/** Opens the database in this process. It has one session, so that session takes the app's role when the schema is up to date. */
export async function openEmbedded({ dataDir, durability }: Settings, log: Logger, firstStart: FirstStart): Promise<Database> {
  const pglite = await openPglite({ dataDir: join(dataDir, 'db'), durability, log })
  const sql = postgres({ socket: pglite.socket, max: 1, max_lifetime: null, idle_timeout: 0, onnotice: () => {} } as never) as Sql

  const close = async () => {
    await sql.end({ timeout: 5 })
    await pglite.close()
  }
  try {
    await migrate(sql, () => firstStart(sql))
    await sql`set role dakera_app`
  } catch (error) {
    await close()
    throw error
  }

  return {
    engine: 'pglite',
    sql,
    db: asDb(sql),
    maintain: async <T>(fn: (sql: Sql) => Promise<T>) => {
      const session: ReservedSql = await sql.reserve()
      try {
        await session`set role dakera_owner`
        return await fn(session)
      } finally {
        await session`set role dakera_app`
        session.release()
      }
    },
    close,
  }
}
