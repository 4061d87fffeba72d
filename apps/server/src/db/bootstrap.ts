import { SettingsError } from '../env.ts'
import { hashSecret } from '../principal.ts'
import { isLoopback, PUBLISHED_SECRETS } from '../published-secrets.ts'
import type { Sql } from './database.ts'
import { requireOnlyDemo } from './demo.ts'
import { planRootKey, type RootKeySettings } from './root-key.ts'

export type EmbeddingSpace = { model: string; dimension: number }

/** The maximum dimension that pgvector's HNSW supports for half vectors. */
const MAX_DIMENSION = 4000

/**
 * Records the embedder that makes the vectors of this database, and rejects another one. With `mayMove` it returns the
 * recorded one instead, so that the database can be moved to the new one.
 */
export async function ensureEmbeddingSpace(
  sql: Sql,
  { model, dimension }: EmbeddingSpace,
  { isOwner = true, mayMove = false } = {},
): Promise<EmbeddingSpace | undefined> {
  const wanted = { model, dimension }
  requireIndexable(wanted)
  const [stored] = await sql<EmbeddingSpace[]>`select model, dimension from embedding_space`
  if (!stored) {
    if (!isOwner)
      throw new SettingsError(
        'This database has not been set up yet by a login that may change it. Set DAKERA_MIGRATION_URL for the ' +
          'first start.',
      )
    await sql.unsafe(`alter table memories alter column v type halfvec(${Math.trunc(dimension)})`)
    await sql`insert into embedding_space (model, dimension) values (${model}, ${dimension})`
  } else if (mayMove && isOwner) {
    return isSame(stored, wanted) ? undefined : stored
  } else {
    requireSame(stored, wanted)
  }
  return undefined
}

function requireIndexable({ model, dimension }: EmbeddingSpace): void {
  if (dimension <= MAX_DIMENSION) return
  throw new SettingsError(
    `${model} makes vectors of ${dimension} numbers; at most ${MAX_DIMENSION} can be indexed. Set ` +
      'DAKERA_EMBEDDING_DIMENSION, or choose another model.',
  )
}

const isSame = (one: EmbeddingSpace, other: EmbeddingSpace) =>
  one.model === other.model && one.dimension === other.dimension

function requireSame(stored: EmbeddingSpace, wanted: EmbeddingSpace): void {
  if (isSame(stored, wanted)) return
  throw new SettingsError(
    `The vectors in this database were made by ${stored.model} (${stored.dimension} dimensions), and the server ` +
      `is set to ${wanted.model} (${wanted.dimension}). ` +
      ('Vectors of two models cannot be compared: set DAKERA_EMBEDDING_MODEL back (leave it empty for the ' +
        'built-in model), or start once with --reembed to move the database to the new model.'),
  )
}

export type StartSettings = RootKeySettings & {
  host: string
  isDemo: boolean
  embedding: EmbeddingSpace
  mayMove: boolean
}

/** Rejects a start that would take over or weaken a database, before anything is changed. */
export async function checkStart(sql: Sql, isOwner: boolean, settings: StartSettings): Promise<void> {
  const { host, isDemo, isEmbedded, mayReplace } = settings
  if (!isOwner && (isDemo || mayReplace)) {
    throw new SettingsError(
      `${isDemo ? '--demo' : '--replace-root-key'} needs a login that owns the database, and this one can only ` +
        'serve. Set DAKERA_MIGRATION_URL, or leave it out.',
    )
  }
  await checkEmbeddingSpace(sql, isOwner, settings)
  if (isDemo) return isEmbedded ? undefined : requireOnlyDemo(sql)
  if (!isLoopback(host)) await requireNothingPublished(sql, isOwner, host)
  if (isOwner) await planRootKey(sql, settings)
}

async function checkEmbeddingSpace(sql: Sql, isOwner: boolean, { embedding, mayMove }: StartSettings): Promise<void> {
  requireIndexable(embedding)
  const [tables] = await sql<{ space: string | null }[]>`select to_regclass('public.embedding_space')::text as space`
  const [stored] = tables?.space ? await sql<EmbeddingSpace[]>`select model, dimension from embedding_space` : []
  if (stored && !(mayMove && isOwner)) requireSame(stored, embedding)
}

/** Rejects a database that has keys with a published secret, except those of the demo if the start will remove them. */
async function requireNothingPublished(sql: Sql, isOwner: boolean, host: string): Promise<void> {
  const [identity] = await sql<{ whoami: string | null }[]>`select to_regprocedure('public.whoami()')::text as whoami`
  if (!identity?.whoami) return
  const open: string[] = []
  for (const secret of PUBLISHED_SECRETS) {
    const key = await whoOpens(sql, secret)
    if (key && !(isOwner && /^key_(root$|demo_)/.test(key.id))) open.push(`${key.name} (${key.id})`)
  }
  if (open.length === 0) return
  const remedy = isOwner
    ? 'Rotate or delete them through a server on loopback (--host 127.0.0.1)'
    : 'Start a server with DAKERA_MIGRATION_URL and without --demo once, and rotate or delete the keys that it keeps'
  throw new SettingsError(
    `Keys of this database have a secret that is printed in the documentation: ${open.join(', ')}. The ` +
      `server would listen on ${host}, where others could use them. ${remedy}, then start again.`,
  )
}

/** Returns the active key of a secret. */
async function whoOpens(sql: Sql, secret: string): Promise<{ id: string; name: string } | undefined> {
  return sql.begin(async (tx) => {
    await tx`select set_config('dakera.key', ${hashSecret(secret).toString('hex')}, true)`
    // Without a key whoami() fails, and caller_name() does not.
    const [found] = await tx<
      { key: { id: string; name: string } | null }[]
    >`select case when caller_name() is not null then whoami() end as key`
    return found?.key ?? undefined
  })
}
