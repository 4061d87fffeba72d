import type { ListedNamespace, Namespace, NamespaceAccess, VectorIndex, Weights } from '@dakera-ai/protocol'
import { sql } from 'drizzle-orm'
import { countMemories, type MemoryCounts } from '../../db/count-memories.ts'
import { unixSeconds } from '../../db/time.ts'
import type { AdminTx, Tx, WriteTx } from '../../db/tx.ts'

type Row = {
  id: number
  name: string
  description: string | null
  dimension: number
  text_config: string
  weights: Weights
  metadata: Record<string, unknown>
  policy: Record<string, unknown>
  created_at: number
  updated_at: number
}
type Language = Namespace['language']
export type Settings = {
  description?: string | null | undefined
  dimension?: number | null | undefined
  metadata?: Record<string, unknown> | null | undefined
  policy?: Record<string, unknown> | null | undefined
  language?: Language | null | undefined
  weights?: Weights | null | undefined
}

/** The dimension of vectors that callers supply, if they declare none. */
const DEFAULT_DIMENSION = 256

const toNamespace = (row: Row, counts: MemoryCounts | undefined, index: VectorIndex): Namespace => ({
  namespace: row.name,
  dimension: row.dimension,
  distance: 'cosine',
  ...(counts && { memory_count: counts.documents, vector_count: counts.vectors, vector_index: index }),
  description: row.description,
  metadata: row.metadata,
  policy: row.policy,
  language: row.text_config as Language,
  weights: row.weights,
  created_at: row.created_at,
  updated_at: row.updated_at,
})

/** Finds a namespace. Undefined also if it exists and the caller has no grant on it. */
export async function findNamespace(tx: Tx, name: string): Promise<Namespace | undefined> {
  const [row] = await tx.execute<Row>(sql`
    select id, name, description, dimension, text_config, weights, metadata, policy,
      ${sql.raw(unixSeconds('created_at'))} as created_at, ${sql.raw(unixSeconds('updated_at'))} as updated_at
    from namespaces where name = ${name}`)
  return row && toNamespace(row, await countMemories(tx, row.id), await findVectorIndex(tx, row.id))
}

async function findVectorIndex(tx: Tx, namespaceId: number): Promise<VectorIndex> {
  const [found] = await tx.execute<{ is_ready: boolean; progress: number }>(
    sql`select is_ready, progress from vector_indexes where namespace_id = ${namespaceId}`,
  )
  return { state: !found ? 'none' : found.is_ready ? 'ready' : 'building', progress: found?.progress ?? 0 }
}

/** Creates a namespace if it does not exist. Returns whether it did. */
export async function insertNamespace(
  tx: WriteTx<AdminTx>,
  name: string,
  { description, dimension, language, weights, metadata, policy }: Settings,
): Promise<boolean> {
  const inserted = await tx.execute(sql`
    insert into namespaces (name, description, dimension, text_config, weights, metadata, policy)
    values (
      ${name}, ${description ?? null}, ${dimension ?? DEFAULT_DIMENSION}, ${language ?? 'english'},
      ${JSON.stringify(weights ?? {})}::jsonb, ${JSON.stringify(metadata ?? {})}::jsonb,
      ${JSON.stringify(policy ?? {})}::jsonb)
    on conflict (name) do nothing returning id`)
  return inserted.length > 0
}

/** Changes the given settings; null and undefined leave a setting unchanged. */
export async function updateNamespace(
  tx: WriteTx<AdminTx>,
  name: string,
  { description, dimension, language, weights, metadata, policy }: Settings,
): Promise<void> {
  if ([description, dimension, language, weights, metadata, policy].every((value) => value == null)) return
  const json = (value: object | null | undefined) => (value == null ? null : JSON.stringify(value))
  await tx.execute(sql`
    update namespaces set
      description = coalesce(${description ?? null}, description),
      dimension = coalesce(${dimension ?? null}::int, dimension),
      text_config = coalesce(${language ?? null}, text_config),
      weights = coalesce(${json(weights)}::jsonb, weights),
      metadata = coalesce(${json(metadata)}::jsonb, metadata),
      policy = coalesce(${json(policy)}::jsonb, policy),
      updated_at = now()
    where name = ${name}`)
}

type SummaryRow = {
  name: string
  description: string | null
  created_at: number
  can_read: boolean
  can_write: boolean
  documents: string | null
}

type Part = { prefix: string | undefined; after: string | undefined; limit: number | undefined }

/** Lists namespaces by name, after `after`, in one round trip. */
export async function listNamespaces(tx: Tx, { prefix, after, limit }: Part): Promise<ListedNamespace[]> {
  const rows = await tx.execute<SummaryRow>(sql`
    with page as (
      select id, name, description, ${sql.raw(unixSeconds('created_at'))} as created_at,
        id in (select unnest(readable_namespaces())) as can_read,
        id in (select unnest(writable_namespaces())) as can_write
      from namespaces
      where (${after ?? null}::text is null or name > ${after ?? null}) and starts_with(name, ${prefix ?? ''})
      order by name limit ${limit ?? null}::int)
    select page.*, c.documents
    from page left join count_memories(array(select id from page)) c on c.namespace_id = page.id
    order by page.name`)
  return rows.map(({ name, description, created_at, can_read, can_write, documents }) => ({
    name,
    description,
    ...(documents !== null && { memory_count: Number(documents) }),
    created_at,
    access: accessWord(can_read, can_write),
  }))
}

const accessWord = (canRead: boolean, canWrite: boolean): NamespaceAccess =>
  canRead && canWrite ? 'read_write' : canRead ? 'read' : 'write'

/** Deletes a namespace. Returns how many vectors were deleted with it; undefined if the namespace does not exist. */
export async function deleteNamespace(tx: WriteTx<AdminTx>, name: string): Promise<number | undefined> {
  const [row] = await tx.execute<{ deleted: string | null }>(sql`select delete_namespace(${name}) as deleted`)
  return row?.deleted == null ? undefined : Number(row.deleted)
}
