import type { Logger } from 'pino'
import type { Env } from '../env.ts'
import type { Database, FirstStart } from './database.ts'
import { openPostgres } from './postgres.ts'

export async function openDatabase(settings: Env['database'], log: Logger, firstStart: FirstStart): Promise<Database> {
  if (settings.engine === 'postgres') return openPostgres(settings, log, firstStart)
  const { openEmbedded } = await import('./embedded.ts') // 20 MB of WebAssembly that a server on Postgres never needs
  return openEmbedded(settings, log, firstStart)
}
