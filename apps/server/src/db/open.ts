import type { Logger } from 'pino'
import type { Env } from '../env.ts'
import type { Bootstrap, Database, Gate } from './database.ts'
import { refuseNewerSchema } from './migrate.ts'
import { openPostgres } from './postgres.ts'

/** The gate of a database that no other program uses. */
const OPEN_GATE: Gate = { check: async () => {}, meetNewerSchema: refuseNewerSchema }

export async function openDatabase(
  settings: Env['database'],
  log: Logger,
  bootstrap: Bootstrap,
  gate = OPEN_GATE,
): Promise<Database> {
  if (settings.engine === 'postgres') return openPostgres(settings, log, bootstrap, gate)
  const { openEmbedded } = await import('./embedded.ts') // 20 MB of WebAssembly that a server on Postgres never needs
  return openEmbedded(settings, log, bootstrap, gate)
}
