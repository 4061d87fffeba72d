import type { AsOwner, Sql } from '../../db/database.ts'
import { toHalfvec } from '../../db/halfvec.ts'
import { type Embedder, SERVER, TextRefused } from '../../embedding/embedder.ts'
import { createVectorIndex, isLarge } from '../vector-indexes.ts'

type Place = { engine: 'postgres' | 'pglite'; asOwner: AsOwner }
type Row = { namespace_id: number; id: string; version: number; content: string }
export type ReembedProgress = { done: number; total: number }
type Onlooker = { say?: (progress: ReembedProgress) => void; signal?: AbortSignal }

const BATCH = 256
/** The maximum number of memories that are left for the transaction in which writers wait. */
const LAST = 500

/**
 * Moves a database to another embedder while servers continue with the old one: every memory gets its new vector in a
 * second column, then the columns are swapped in one short transaction. Memories that are stored or changed in the
 * meantime are included, because their version differs from the embedded one. `onSwitched` is called once the database
 * has switched. Rejects if the signal aborts or the embedder cannot respond; the next call continues where this one
 * stopped.
 */
export async function reembed(
  { engine, asOwner }: Place,
  embedder: Embedder,
  onSwitched: () => void,
  { say, signal }: Onlooker = {},
): Promise<void> {
  await asOwner((owner) => begin(owner, embedder))
  while (true) {
    const left = await pass({ asOwner, embedder, say, signal })
    if (left > LAST) continue
    for (const id of await asOwner(listLarge))
      await asOwner((owner) => indexNext(owner, id, engine, embedder.dimension))
    if (await asOwner((owner) => finish(owner, embedder))) break
  }
  onSwitched()
}

async function begin(owner: Sql, { model, dimension }: Embedder): Promise<void> {
  await owner`begin`
  try {
    const [space] = await owner<
      { next_model: string | null; next_dimension: number | null }[]
    >`select next_model, next_dimension from embedding_space for update`
    if (space?.next_model !== model || space.next_dimension !== dimension) {
      await owner`update embedding_space set next_model = ${model}, next_dimension = ${dimension}`
      await renewNext(owner, dimension)
    }
    await owner`commit`
  } catch (error) {
    await owner`rollback`
    throw error
  }
}

/** Drops and adds the columns, which changes no row; emptying them would rewrite every row. */
async function renewNext(owner: Sql, dimension?: number): Promise<void> {
  const type = `halfvec${dimension === undefined ? '' : `(${Math.trunc(dimension)})`}`
  await owner.unsafe(`alter table memories
    drop column if exists next_v, drop column if exists next_v_version,
    add column next_v ${type}, add column next_v_version int`)
}

type Pass = { asOwner: AsOwner; embedder: Embedder; say: Onlooker['say']; signal: AbortSignal | undefined }

/** Embeds all memories that have no new vector yet, and returns how many had none at the end. */
async function pass({ asOwner, embedder, say, signal }: Pass): Promise<number> {
  let [lastNamespace, lastId] = [0, '']
  for (;;) {
    signal?.throwIfAborted()
    const rows = await asOwner(
      (owner) => owner<Row[]>`
        select namespace_id, id, version, content from memories
        where next_v_version is distinct from version and (namespace_id, id) > (${lastNamespace}, ${lastId})
        order by namespace_id, id limit ${BATCH}`,
    )
    const last = rows.at(-1)
    if (last) await embedRows(asOwner, embedder, rows, signal)
    if (say) {
      const { total, left } = await count(asOwner)
      say({ done: total - left, total })
    }
    // Memories that arrive while the last few are embedded are left for the next pass; otherwise this one might never
    // end.
    if (!last || rows.length < BATCH) return (await count(asOwner)).left
    ;[lastNamespace, lastId] = [last.namespace_id, last.id]
  }
}

/** Embeds rows outside any transaction. A memory that changed in the meantime is left for the next pass. */
async function embedRows(asOwner: AsOwner, embedder: Embedder, rows: Row[], signal?: AbortSignal): Promise<void> {
  const vectors = await embedAll(embedder, rows, signal)
  await asOwner((owner) => writeNext(owner, rows, vectors))
}

/**
 * A memory whose text the provider of the new model rejects gets no vector and is found by its words only: it must not
 * block the others.
 */
async function embedAll(embedder: Embedder, rows: Row[], signal?: AbortSignal): Promise<(Float32Array | null)[]> {
  try {
    return await embedder.embed(
      rows.map(({ content }) => content),
      { owner: SERVER, signal },
    )
  } catch (error) {
    if (!(error instanceof TextRefused)) throw error
    const refused = new Set(error.at)
    const taken = await embedAll(
      embedder,
      rows.filter((_, at) => !refused.has(at)),
      signal,
    )
    return rows.map((_, at) => (refused.has(at) ? null : (taken.shift() as Float32Array | null)))
  }
}

async function writeNext(owner: Sql, rows: Row[], vectors: (Float32Array | null)[]): Promise<void> {
  await owner`
    update memories m set next_v = n.v::halfvec, next_v_version = n.version
    from unnest(${rows.map(({ namespace_id }) => namespace_id)}::int[],
      ${rows.map(({ id }) => id)}::text[],
      ${rows.map(({ version }) => version)}::int[],
      ${vectors.map((vector) => (vector ? toHalfvec(vector) : null))}::text[]) as n(namespace_id, id, version, v)
    where m.namespace_id = n.namespace_id and m.id = n.id and m.version = n.version`
}

async function count(asOwner: AsOwner): Promise<{ total: number; left: number }> {
  const [found] = await asOwner(
    (owner) => owner<{ total: number; left: number }[]>`
      select count(*)::int as total, (count(*) filter (where next_v_version is distinct from version))::int as left
        from memories`,
  )
  return found ?? { total: 0, left: 0 }
}

async function listLarge(owner: Sql): Promise<number[]> {
  const rows = await owner<
    { namespace_id: number; vectors: number }[]
  >`select namespace_id, count(next_v)::int as vectors from memories group by namespace_id`
  return rows.filter(({ vectors }) => isLarge(vectors)).map(({ namespace_id }) => namespace_id)
}

/** Builds the index of a namespace on the new column. An index that an interrupted build left is built again. */
async function indexNext(owner: Sql, id: number, engine: Place['engine'], dimension: number): Promise<void> {
  const name = `memories_next_v_${id}`
  const [valid] = await owner`select from pg_index where indexrelid = to_regclass(${`public.${name}`}) and indisvalid`
  if (valid) return
  await owner.unsafe(`drop index if exists ${name}`)
  await owner.unsafe(createVectorIndex(name, 'next_v', id, engine, dimension))
}

/**
 * Swaps the columns. Writers wait for this, readers only for its last moment. Returns false if too many memories have
 * arrived to make writers wait.
 */
async function finish(owner: Sql, embedder: Embedder): Promise<boolean> {
  await owner`begin`
  try {
    // waits for writers that have checked the model: require_embedder()
    await owner`select pg_advisory_xact_lock(hashtext('dakera_embedding_space'))`
    await owner`lock table memories in share row exclusive mode`
    const rows = await owner<
      Row[]
    >`select namespace_id, id, version, content from memories where next_v_version is distinct from version
      limit ${LAST + 1}`
    if (rows.length > LAST) {
      await owner`rollback`
      return false
    }
    if (rows.length > 0) await writeNext(owner, rows, await embedAll(embedder, rows))
    const indexes = await owner<{ id: string }[]>`
      select substring(c.relname from '[0-9]+$') as id from pg_index i join pg_class c on c.oid = i.indexrelid
      where i.indrelid = 'public.memories'::regclass and c.relname ~ '^memories_next_v_[0-9]+$'`
    await owner.unsafe('alter table memories drop column v') // and with it the indexes on it
    await owner.unsafe('alter table memories rename column next_v to v')
    for (const { id } of indexes) await owner.unsafe(`alter index memories_next_v_${id} rename to memories_v_${id}`)
    await renewNext(owner)
    await owner.unsafe('grant insert (v), update (v) on memories to dakera_app')
    await owner`delete from vector_indexes where to_regclass('public.memories_v_' || namespace_id) is null`
    await owner`insert into vector_indexes (namespace_id, is_ready, progress) select id::int, true, 1
      from unnest(${indexes.map(({ id }) => id)}::text[]) id
      on conflict (namespace_id) do update set is_ready = true, progress = 1`
    await recount(owner)
    await owner`update embedding_space
      set model = ${embedder.model}, dimension = ${embedder.dimension}, next_model = null, next_dimension = null`
    await owner`commit`
    return true
  } catch (error) {
    await owner`rollback`
    throw error
  }
}

/** Counts the vectors again: another embedder knows other words, so another number of memories has a vector. */
async function recount(owner: Sql): Promise<void> {
  await owner`select merge_statistics(namespace_id) from (select distinct namespace_id from statistics_deltas) waiting`
  await owner`
    update namespace_statistics s set vectors = coalesce((select count(m.v) from memories m
      where m.namespace_id = s.namespace_id), 0)`
}
