import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { SettingsError } from '../env.ts'
import { hashSecret } from '../principal.ts'
import { isPublished, isPublishedHash } from '../published-secrets.ts'
import { forgetKey, type KeptKey, keepKey, readKeptKey } from './admin-key-file.ts'
import type { Sql } from './database.ts'

export type RootKeySettings = {
  /** DAKERA_ROOT_API_KEY. */
  chosen: string | undefined
  dataDir: string
  /** True if the data directory contains the database, so that a kept key without an id belongs to this database. */
  isEmbedded: boolean
  /** --replace-root-key */
  mayReplace: boolean
}

/** The root key as a start reports it. */
export type RootKey = {
  /** Undefined if the database has a root key whose secret this server does not know. */
  secret?: string
  isNew?: boolean
  isReplaced?: boolean
  /** The file that contains the secret. */
  file?: string
  /** A kept key that does not open this database. */
  strangeFile?: string
}

type Plan = {
  given: string | undefined
  kept: KeptKey | undefined
  isKeptUsed: boolean
  isKeptStale: boolean
  action: 'nothing' | 'set' | 'supersede' | 'replace'
}

/**
 * Sets the root key: the chosen one, otherwise the one kept in the data directory, otherwise a new random one, which is
 * kept there for the operator alone. An existing root key of the database is only replaced on demand, because others
 * may be using it; the new one then also replaces the kept one. A key that is printed in our documentation does not
 * count as a root key.
 */
export async function ensureRootKey(owner: Sql, settings: RootKeySettings, log?: Logger): Promise<RootKey> {
  const { given, kept, isKeptUsed, isKeptStale, action } = await planRootKey(owner, settings)
  const known = { ...(given && { secret: given }), ...(kept && isKeptUsed && { file: kept.file }) }
  if (action === 'nothing') {
    if (given !== undefined || !kept) return known
    log?.warn({ file: kept.file }, 'the kept admin key does not open this database; it is left alone')
    return { strangeFile: kept.file }
  }
  const [row] = await owner<{ id: string }[]>`select id from installation`
  if (!row) throw new Error('installation is empty')
  const secret = given ?? `dk-${randomBytes(24).toString('base64url')}`
  const file = given === undefined ? keepKey(settings.dataDir, secret, row.id) : known.file
  await owner`select set_root_secret(${hashSecret(secret)})`
  const about = { database: row.id, from: file ?? 'DAKERA_ROOT_API_KEY' }
  if (action === 'replace')
    log?.warn(about, 'the root key was replaced (--replace-root-key); the old one is no longer valid')
  else if (action === 'supersede')
    log?.warn(about, 'the root key was replaced, because it is printed in the documentation')
  else log?.info(about, 'the root key was set')
  if (kept && isKeptStale) forget(kept, log)
  return { secret, isNew: given === undefined, isReplaced: action === 'replace', ...(file && { file }) }
}

/** Decides without changing anything, so that a start can be rejected before it has migrated. */
export async function planRootKey(
  sql: Sql,
  { chosen, dataDir, isEmbedded, mayReplace }: RootKeySettings,
): Promise<Plan> {
  const { id, hash } = await readRootKey(sql)
  const opens = (secret: string | undefined) =>
    secret !== undefined && hash !== undefined && hashSecret(secret).equals(hash)

  const kept = readKeptKey(dataDir)
  const wasMadeForThis = kept !== undefined && (kept.madeFor === undefined ? isEmbedded : kept.madeFor === id)
  const isKeptOurs = opens(kept?.secret) || wasMadeForThis
  // A key that is replaced without choosing a new one may have leaked, so the kept one is not used again.
  const isKeptUsed = chosen === undefined && !mayReplace && isKeptOurs
  const given = isKeptUsed ? kept?.secret : chosen
  const isKeptStale =
    chosen !== undefined &&
    kept?.secret !== chosen &&
    (opens(kept?.secret) || (id !== undefined && kept?.madeFor === id))
  const plan = { given, kept, isKeptUsed, isKeptStale }

  if (opens(given)) return { ...plan, action: 'nothing' }
  const isTaken = hash !== undefined && !isPublishedHash(hash)
  if (isTaken && !mayReplace) {
    if (chosen === undefined) return { ...plan, given: undefined, isKeptUsed: false, action: 'nothing' }
    const current = kept && opens(kept.secret) ? `the one in ${kept.file}` : 'its present one'
    throw new SettingsError(
      'DAKERA_ROOT_API_KEY is not the admin key of this database, and a start does not replace that one: others ' +
        'who use it would be locked out. ' +
        `Set DAKERA_ROOT_API_KEY to ${current}, or start once with --replace-root-key to replace it.`,
    )
  }
  if (isTaken && given !== undefined && isPublished(given)) {
    throw new SettingsError(
      'DAKERA_ROOT_API_KEY is printed in the documentation, so it cannot replace the admin key of a database. ' +
        'Choose a long random one.',
    )
  }
  if (given === undefined && kept && !isKeptOurs) {
    throw new SettingsError(
      `The admin key in ${kept.file} was made for another database, so it is neither used for this one nor ` +
        'overwritten. ' +
        ('Set DAKERA_ROOT_API_KEY, or give this database a DAKERA_DATA_DIR of its own; if the other database is ' +
          'gone, remove that file.'),
    )
  }
  return { ...plan, action: isTaken ? 'replace' : hash === undefined ? 'set' : 'supersede' }
}

/** Reads the root key of a database that may not have been migrated yet. */
async function readRootKey(sql: Sql): Promise<{ id: string | undefined; hash: Buffer | undefined }> {
  const [tables] = await sql<{ installation: string | null; secrets: string | null }[]>`
    select to_regclass('public.installation')::text as installation, to_regclass('public.key_secrets')::text as secrets`
  const [place] = tables?.installation ? await sql<{ id: string }[]>`select id from installation` : []
  const [root] = tables?.secrets
    ? await sql<{ hash: Buffer }[]>`select secret_hash as hash from key_secrets where key_id = 'key_root'`
    : []
  return { id: place?.id, hash: root?.hash }
}

function forget(kept: KeptKey, log: Logger | undefined): void {
  try {
    forgetKey(kept)
    log?.info({ file: kept.file }, 'the kept admin key is no longer valid and was removed')
  } catch (error) {
    log?.warn({ err: error, file: kept.file }, 'the kept admin key is no longer valid; remove it')
  }
}
