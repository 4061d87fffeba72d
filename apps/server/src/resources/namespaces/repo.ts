import type { ListedNamespace, Namespace, NamespaceAccess, VectorIndex, Weights } from '@dakera-ai/protocol'
import { eq, sql } from 'drizzle-orm'
import { namespaces } from '../../db/schema/namespaces.ts'
import type { Tx } from '../../db/tx.ts'

type Row = typeof namespaces.$inferSelect
type Counts = { documents: number; vectors: number }
type Language = Namespace['language']
export type Settings = {
  description?: string | null | undefined
  dimension?: number | null | undefined
  metadata?: Record<string, unknown> | null | undefined
  policy?: Record<string, unknown> | null | undefined
  language?: Language | null | undefined
  weights?: Weights | null | undefined
}

/** Of vectors that callers supply, where they declare none. */
const DEFAULT_DIMENSION = 256

const unixSeconds = (date: Date) => Math.floor(date.getTime() / 1000)

const toNamespace = (row: Row, counts: Counts | undefined, index: VectorIndex): Namespace => ({
  namespace: row.name,
  dimension: row.dimension,
  distance: 'cosine',
  ...(counts && { memory_count: counts.documents, vector_count: counts.vectors, vector_index: index }),
  description: row.description,
  metadata: row.metadata,
  policy: row.policy,
  language: row.textConfig as Language,
  weights: row.weights,
  created_at: unixSeconds(row.createdAt),
  updated_at: unixSeconds(row.updatedAt),
})

/** Undefined for a namespace that the caller may not read. */
async function countMemories(tx: Tx, namespaceId: number): Promise<Counts | undefined> {
  const [row] = await tx.execute<{ documents: string; vectors: string }>(
    sql`select documents, vectors from count_memories(array[${namespaceId}]::int[])`,
  )
  return row && { documents: Number(row.documents), vectors: Number(row.vectors) }
}

/** Undefined also when the namespace exists but the caller has no grant on it. */
export async function findNamespace(tx: Tx, name: string): Promise<Namespace | undefined> {
  const [row] = await tx.select().from(namespaces).where(eq(namespaces.name, name))
  return row && toNamespace(row, await countMemories(tx, row.id), await findVectorIndex(tx, row.id))
}

async function findVectorIndex(tx: Tx, namespaceId: number): Promise<VectorIndex> {
  const [found] = await tx.execute<{ is_ready: boolean; progress: number }>(
    sql`select is_ready, progress from vector_indexes where namespace_id = ${namespaceId}`,
  )
  return { state: !found ? 'none' : found.is_ready ? 'ready' : 'building', progress: found?.progress ?? 0 }
}

/** Returns whether it is new. In words, as drizzle names every column, and the app may set only these. */
export async function insertNamespace(
  tx: Tx,
  name: string,
  { description, dimension, language, weights, metadata, policy }: Settings,
): Promise<boolean> {
  const inserted = await tx.execute(sql`
    insert into namespaces (name, description, dimension, text_config, weights, metadata, policy)
    values (${name}, ${description ?? null}, 
      ${dimension ?? DEFAULT_DIMENSION}, 
      ${language ?? 'english'}, 
      ${JSON.stringify(weights ?? {})}::jsonb,
      ${JSON.stringify(metadata ?? {})}::jsonb, ${JSON.stringify(policy ?? {})}::jsonb)
    on conflict (name) do nothing returning id`)
  return inserted.length > 0
}

export async function updateNamespace(
  tx: Tx,
  name: string,
  { language: textConfig, ...settings }: Settings,
): Promise<void> {
  const changes = given({ ...settings, textConfig })
  if (Object.keys(changes).length === 0) return
  await tx
    .update(namespaces)
    .set({ ...changes, updatedAt: sql`now()` } as never)
    .where(eq(namespaces.name, name))
}

const given = (settings: object) =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined && value !== null))

type SummaryRow = {
  name: string
  description: string | null
  created_at: number
  can_read: boolean
  can_write: boolean
  documents: string | null
}

type Part = { prefix: string | undefined; after: string | undefined; limit: number | undefined }

/** In order of name, from behind `after`; in one round trip. */
export async function listNamespaces(tx: Tx, { prefix, after, limit }: Part): Promise<ListedNamespace[]> {
  const rows = await tx.execute<SummaryRow>(sql`
    with page as (
      select id, name, description, floor(extract(epoch from created_at))::float8 as created_at,
        id in (select unnest(readable_namespaces())) as can_read, id in (select unnest(writable_namespaces()))
          as can_write
      from namespaces where (${after ?? null}::text is null
        or name > ${after ?? null}) and starts_with(name, 
        ${prefix ?? ''}) order by name limit ${limit ?? null}::int)
    select page.*, c.documents from page left join count_memories(array(select id
      from page)) c on c.namespace_id = page.id order by page.name`)
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

/** How many vectors went with it; undefined when there is no such namespace. */
export async function deleteNamespace(tx: Tx, name: string): Promise<number | undefined> {
  const [row] = await tx.execute<{ deleted: string | null }>(sql`select delete_namespace(${name}) as deleted`)
  return row?.deleted == null ? undefined : Number(row.deleted)
}
