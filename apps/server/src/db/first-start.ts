import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import { SettingsError } from '../env.ts'
import { hashSecret } from '../principal.ts'

export type EmbeddingSpace = { model: string; dimension: number }

/** Of pgvector's HNSW on half vectors. */
const MAX_DIMENSION = 4000

/**
 * Notes which embedder makes this database's vectors, or refuses to mix in another one's; with mayMove that one is returned
 * instead, so that the database can be moved away from it.
 */
export async function settleEmbeddingSpace(
  sql: Sql,
  { model, dimension }: EmbeddingSpace,
  { isOwner = true, mayMove = false } = {},
): Promise<EmbeddingSpace | undefined> {
  if (dimension > MAX_DIMENSION) {
    throw new SettingsError(
      `${model} makes vectors of ${dimension} numbers; at most ${MAX_DIMENSION} can be indexed. Set DAKERA_EMBEDDING_DIMENSION, or choose another model.`,
    )
  }
  const [stored] = await sql<EmbeddingSpace[]>`select model, dimension from embedding_space`
  if (!stored) {
    if (!isOwner) throw new SettingsError('This database has not been started yet by a login that may change it. Set DAKERA_MIGRATION_URL for the first start.')
    await sql.unsafe(`alter table memories alter column v type halfvec(${Math.trunc(dimension)})`)
    await sql`insert into embedding_space (model, dimension) values (${model}, ${dimension})`
  } else if (stored.model !== model || stored.dimension !== dimension) {
    if (mayMove && isOwner) return stored
    throw new SettingsError(
      `The vectors in this database were made by ${stored.model} (${stored.dimension} dimensions), and the server is set to ${model} (${dimension}). ` +
        'Vectors of two models cannot be compared: set DAKERA_EMBEDDING_MODEL back (leave it empty for the built-in model), or start once with --reembed to move the database to the new model.',
    )
  }
  return undefined
}

export type RootKey = { secret: string; isNew: boolean; file?: string } | undefined

/**
 * Makes sure that there is a root key: the chosen one, else the one kept in the data directory, else a new random one,
 * which is kept there for the operator alone. Undefined when a root key exists whose secret nobody here knows.
 */
export async function settleRootKey(owner: Sql, chosen: string | undefined, dataDir: string): Promise<RootKey> {
  const file = join(dataDir, 'admin-key')
  const kept = chosen === undefined && existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
  const given = chosen ?? kept
  if (given) {
    await owner`select set_root_secret(${hashSecret(given)})`
    return { secret: given, isNew: false, ...(kept && { file }) }
  }
  const [opens] = await owner`select from key_secrets where key_id = 'key_root'`
  if (opens) return undefined
  const secret = `dk-${randomBytes(24).toString('base64url')}`
  try {
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(file, `${secret}\n`, { mode: 0o600 })
    chmodSync(file, 0o600) // the mode above counts only for a new file
  } catch (error) {
    throw new SettingsError(
      `Cannot keep the admin key in ${file}: ${(error as Error).message}. Set DAKERA_DATA_DIR to a folder that this user may write, or choose the key with DAKERA_ROOT_API_KEY.`,
    )
  }
  await owner`select set_root_secret(${hashSecret(secret)})`
  return { secret, isNew: true, file }
}
