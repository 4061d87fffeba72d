import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SettingsError } from '../env.ts'

/**
 * A generated admin key, kept in the data directory for the operator alone, and the id of the database that it was made
 * for.
 */
export type KeptKey = { file: string; secret: string; madeFor: string | undefined }

const fileIn = (dataDir: string) => join(dataDir, 'admin-key')
/**
 * Returns the file with the id of the database. It is separate from the key, so that a shell can read the key with cat.
 */
const noteOf = (file: string) => `${file}.database`

/** Returns the kept key; undefined if there is none. A key of an earlier release has no id of a database. */
export function readKeptKey(dataDir: string): KeptKey | undefined {
  const file = fileIn(dataDir)
  const secret = read(file)
  return secret ? { file, secret, madeFor: read(noteOf(file)) } : undefined
}

/**
 * Writes the key to the disk, before the database knows it: a crash in between must not leave the database with a key
 * that nobody has.
 */
export function keepKey(dataDir: string, secret: string, database: string): string {
  const file = fileIn(dataDir)
  try {
    mkdirSync(dataDir, { recursive: true })
    replaceFile(noteOf(file), database)
    replaceFile(file, secret)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const advice =
      code === 'ENOSPC'
        ? 'The disk is full: make room, or choose the key with DAKERA_ROOT_API_KEY.'
        : 'Set DAKERA_DATA_DIR to a folder that this user may write, or choose the key with DAKERA_ROOT_API_KEY.'
    throw new SettingsError(`Cannot keep the admin key in ${file}: ${message}. ${advice}`)
  }
  return file
}

/** Removes a key that is no longer valid. */
export function forgetKey({ file }: KeptKey): void {
  rmSync(file, { force: true })
  rmSync(noteOf(file), { force: true })
}

function read(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  try {
    return readFileSync(file, 'utf8').trim() || undefined
  } catch (error) {
    throw new SettingsError(`Cannot read ${file}: ${(error as Error).message}. Let this user read it, or move it away.`)
  }
}

/** Replaces a file completely or not at all, because half a key would be taken for a whole one. */
function replaceFile(file: string, line: string): void {
  const unfinished = `${file}.new`
  writeFileSync(unfinished, `${line}\n`, { mode: 0o600, flush: true })
  chmodSync(unfinished, 0o600) // the mode above counts only for a new file
  renameSync(unfinished, file)
}
