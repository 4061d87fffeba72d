import type { Database, Sql } from '../db/database.ts'

/**
 * The number of vectors above which a namespace gets its own HNSW index. The index is dropped after the namespace has
 * been below half of it for an hour, so that one that shrinks and grows does not rebuild it each time. Below the
 * threshold exact scans are as fast.
 */
const THRESHOLD = 5_000
const SMALL_FOR = '1 hour'
const LOCK = 'dakera_vector_indexes'

type Engine = Database['engine']
type Namespace = { id: number; memories: number; is_indexed: boolean; is_long_small: boolean }
type Progress = { namespace_id: number; progress: number }
type Onlooker = { observer?: Sql | undefined; say?: (progress: Progress) => void }

/**
 * Builds and drops the partial vector indexes, one per large namespace, and removes what an interrupted build left.
 * On Postgres indexes are built concurrently, so that nobody waits; on the embedded database one is built per turn.
 * Returns what was done; undefined for nothing.
 */
export async function buildVectorIndexes(
  owner: Sql,
  engine: Engine,
  onlooker: Onlooker = {},
): Promise<{ built: number; dropped: number } | undefined> {
  const [lock] = await owner<{ taken: boolean }[]>`select pg_try_advisory_lock(hashtext(${LOCK})) as taken`
  if (!lock?.taken) return undefined
  try {
    let dropped = await dropRemains(owner)
    // If a server was killed during a build, the session of the database has continued and finished it.
    await owner`update vector_indexes set is_ready = true, progress = 1 where not is_ready`
    await noteSmall(owner)
    let built = 0
    for (const { id, memories, is_indexed, is_long_small } of await listNamespaces(owner)) {
      if (!is_indexed && isLarge(memories)) {
        if (engine === 'pglite' && built > 0) return { built, dropped } // frees the only session in between
        await build(owner, id, engine, onlooker)
        built++
      } else if (is_indexed && is_long_small) {
        await owner.unsafe(`drop index ${engine === 'postgres' ? 'concurrently' : ''} if exists memories_v_${id}`)
        await owner`delete from vector_indexes where namespace_id = ${id}`
        dropped++
      }
    }
    return built + dropped > 0 ? { built, dropped } : undefined
  } finally {
    await owner`select pg_advisory_unlock(hashtext(${LOCK}))`
  }
}

/** Records since when a namespace has been too small for its index. */
const noteSmall = (owner: Sql) => owner`
  update vector_indexes v set small_since = case when is_small then now() end
  from (
    select n.id, coalesce(s.vectors, 0) < ${THRESHOLD / 2} as is_small
    from namespaces n left join namespace_statistics s on s.namespace_id = n.id
  ) n
  where n.id = v.namespace_id and is_small <> coalesce(v.small_since <= now(), false)`

async function build(owner: Sql, id: number, engine: Engine, { observer, say }: Onlooker): Promise<void> {
  await owner`insert into vector_indexes (namespace_id) select id from namespaces
    where id = ${id}
    on conflict (namespace_id) do update set is_ready = false, progress = 0`
  const watching = new AbortController()
  const watch = observer && follow(observer, id, watching.signal, say)
  try {
    await owner.unsafe(createVectorIndex(`memories_v_${id}`, 'v', id, engine, await dimensionOf(owner)))
  } finally {
    watching.abort()
    await watch
  }
  await owner`update vector_indexes set is_ready = true, progress = 1 where namespace_id = ${id}`
}

const LOOK_EVERY_MS = 1_000

/** Records the progress of a build, for responses about the namespace. A failed look says nothing about the build. */
async function follow(observer: Sql, id: number, signal: AbortSignal, say: Onlooker['say']): Promise<void> {
  while (!signal.aborted) {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_EVERY_MS)
      signal.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true })
    })
    if (signal.aborted) return
    try {
      const [seen] = await observer<{ progress: number }[]>`
        update vector_indexes v set progress = p.blocks_done::real / p.blocks_total from pg_stat_progress_create_index p
        where v.namespace_id = ${id} and not v.is_ready
          and p.index_relid = to_regclass(${`public.memories_v_${id}`})
          and p.blocks_total > 0
        returning v.progress`
      if (seen) say?.({ namespace_id: id, progress: Math.round(seen.progress * 100) / 100 })
    } catch {
      // The next look may succeed.
    }
  }
}

/** Counts as of the last merge: newer writes make no difference that matters here. */
const listNamespaces = (owner: Sql) => owner<Namespace[]>`
  select n.id, coalesce(s.vectors, 0)::int as memories, to_regclass('public.memories_v_' || n.id) is not null
    as is_indexed,
    coalesce(v.small_since < now() - ${SMALL_FOR}::interval, false) as is_long_small
  from namespaces n left join namespace_statistics s on s.namespace_id = n.id left
    join vector_indexes v on v.namespace_id = n.id`

/** Drops indexes that a killed build left invalid, and those of deleted namespaces. */
async function dropRemains(owner: Sql): Promise<number> {
  const remains = await owner<{ name: string }[]>`
    select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = 'public.memories'::regclass and c.relname ~ '^memories_v_[0-9]+$'
      and (not i.indisvalid or not exists (select from namespaces n where 'memories_v_' || n.id = c.relname))`
  for (const { name } of remains) await owner.unsafe(`drop index if exists ${name}`)
  await owner`delete from vector_indexes v where to_regclass('public.memories_v_' || v.namespace_id) is null`
  return remains.length
}

async function dimensionOf(owner: Sql): Promise<number> {
  const [space] = await owner<{ dimension: number }[]>`select dimension from embedding_space`
  if (!space) throw new Error('embedding_space is empty')
  return space.dimension
}

/**
 * Returns the statement that builds an index. PGlite has no half-precision arithmetic in hardware: there the index is
 * on the cast, as recall's distance is.
 * m is 12 instead of pgvector's 16: an insert takes a third less time, and recall visits more nodes to find as many
 * (docs/decisions/0022).
 */
export const createVectorIndex = (
  name: string,
  column: 'v' | 'next_v',
  namespaceId: number,
  engine: Engine,
  dimension: number,
) => {
  const indexed =
    engine === 'postgres' ? `${column} halfvec_cosine_ops` : `(${column}::vector(${dimension})) vector_cosine_ops`
  return (
    `create index ${engine === 'postgres' ? 'concurrently ' : ''}${name} on memories using hnsw ` +
    `(${indexed}) with (m = 12) where namespace_id = ${namespaceId}`
  )
}

/** Returns whether a namespace with this many vectors gets an index. */
export const isLarge = (vectors: number) => vectors > THRESHOLD
