import { pino } from 'pino'
import { openDatabase } from '../src/db/open.ts'

/** node make-database.ts <folder>: creates an embedded database there and migrates it. */
const [dataDir = ''] = process.argv.slice(2)
const settings = { engine: 'pglite' as const, dataDir, durability: 'relaxed' as const }
const database = await openDatabase(settings, pino({ level: 'silent' }), async () => {})
await database.close()
