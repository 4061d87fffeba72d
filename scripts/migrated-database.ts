// A migrated embedded database that was never started, for tests to copy: creating one takes seconds of both cores.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const root = dirname(import.meta.dirname)
const cache = join(root, 'node_modules/.cache/dakera')
const migrations = join(root, 'apps/server/src/db/migrations')

/** Returns a data directory to copy. It is created again if the migrations or the engine have changed. */
async function migratedDatabase(): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(join(root, 'pnpm-lock.yaml')))
  for (const file of readdirSync(migrations)) hash.update(file).update(readFileSync(join(migrations, file)))
  const name = `migrated-${hash.digest('hex').slice(0, 12)}`
  const folder = join(cache, name)
  if (!existsSync(folder)) await make(folder)
  for (const other of readdirSync(cache)) {
    if (/^migrated-\w{12}$/.test(other) && other !== name) rmSync(join(cache, other), { recursive: true, force: true })
  }
  return folder
}

/** Copies a database that was never started into a data directory. */
export async function copyMigratedDatabase(dataDir: string): Promise<void> {
  cpSync(await migratedDatabase(), dataDir, { recursive: true })
}

/**
 * Creates it beside its final place first, because another process may create it at the same time, or this one may be
 * ended.
 */
async function make(folder: string): Promise<void> {
  const making = `${folder}-${process.pid}`
  mkdirSync(cache, { recursive: true })
  await promisify(execFile)(process.execPath, [join(root, 'apps/server/test/make-database.ts'), making])
  try {
    renameSync(making, folder)
  } catch {
    rmSync(making, { recursive: true, force: true }) // the other process was faster
  }
}
