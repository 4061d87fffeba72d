import type { Sql } from '../db/database.ts'

/** Above it a namespace gets its own HNSW index, and loses it again below half. Exact scans are as fast under it. */
const THRESHOLD = { postgres: 5_000, pglite: 10_000 }
const LOCK = 'dakera_vector_indexes'

type Namespace = { id: number; memories: number; is_indexed: boolean }

/**
 * Builds and drops the partial vector indexes, one per large namespace, and removes what an interrupted build left.
 * On Postgres concurrently, so that nobody waits. Says what it did, undefined for nothing.
 */
export async function buildVectorIndexes(owner: Sql, engine: 'postgres' | 'pglite'): Promise<{ built: number; dropped: number } | undefined> {
  const [lock] = await owner<{ taken: boolean }[]>`select pg_try_advisory_lock(hashtext(${LOCK})) as taken`
  if (!lock?.taken) return undefined
  try {
    let dropped = await dropRemains(owner)
    let built = 0
    for (const { id, memories, is_indexed } of await listNamespaces(owner)) {
      if (!is_indexed && memories > THRESHOLD[engine]) {
        await owner.unsafe(createIndex(id, engine, await dimensionOf(owner)))
        built++
      } else if (is_indexed && memories < THRESHOLD[engine] / 2) {
        await owner.unsafe(`drop index ${engine === 'postgres' ? 'concurrently' : ''} if exists memories_v_${id}`)
        dropped++
      }
    }
    return built + dropped > 0 ? { built, dropped } : undefined
  } finally {
    await owner`select pg_advisory_unlock(hashtext(${LOCK}))`
  }
}

const listNamespaces = (owner: Sql) => owner<Namespace[]>`
  select n.id, (coalesce(s.vectors, 0) + coalesce((select sum(d.sign * d.vectors) from statistics_deltas d where d.namespace_id = n.id), 0))::int as memories,
    to_regclass('public.memories_v_' || n.id) is not null as is_indexed
  from namespaces n left join namespace_statistics s on s.namespace_id = n.id`

/** Indexes that a killed build left invalid, and those of namespaces that are gone. */
async function dropRemains(owner: Sql): Promise<number> {
  const remains = await owner<{ name: string }[]>`
    select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = 'public.memories'::regclass and c.relname ~ '^memories_v_[0-9]+$'
      and (not i.indisvalid or not exists (select from namespaces n where 'memories_v_' || n.id = c.relname))`
  for (const { name } of remains) await owner.unsafe(`drop index if exists ${name}`)
  return remains.length
}

async function dimensionOf(owner: Sql): Promise<number> {
  const [space] = await owner<{ dimension: number }[]>`select dimension from embedding_space`
  if (!space) throw new Error('embedding_space is empty')
  return space.dimension
}

/** PGlite has no half-precision arithmetic in hardware: there the index is on the cast, as recall's distance is. */
const createIndex = (id: number, engine: 'postgres' | 'pglite', dimension: number) =>
  engine === 'postgres'
    ? `create index concurrently memories_v_${id} on memories using hnsw (v halfvec_cosine_ops) where namespace_id = ${id}`
    : `create index memories_v_${id} on memories using hnsw ((v::vector(${dimension})) vector_cosine_ops) where namespace_id = ${id}`
