import { type Memory, REPLY_BYTES } from '@dakera-ai/protocol'
import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { memories } from '../../db/schema/memories.ts'
import type { NamespaceRef, Tx } from '../../db/tx.ts'
import type { MemoryRow } from './hot.ts'
import type { Selection } from './selection.ts'

/** What a store answers: clients in the field compare it whole. */
export const toStoredMemory = (row: MemoryRow, namespace: string): Memory => ({
  id: row.id,
  agent_id: namespace,
  namespace,
  content: row.content,
  memory_type: row.memory_type,
  importance: row.importance,
  tags: row.tags,
  metadata: row.metadata,
  session_id: row.session_id,
  author: row.author,
  derived_from: [],
  valid_from: inSeconds(row.valid_from),
  created_at: inSeconds(row.created_at),
  updated_at: inSeconds(row.updated_at),
  last_accessed_at: inSeconds(row.last_accessed_at ?? null),
  access_count: row.access_count ?? 0,
  expires_at: inSeconds(row.expires_at),
  version: row.version,
})

const inSeconds = <M extends number | null>(ms: M) => (ms === null ? null : Math.floor(ms / 1000)) as M

export const toMemory = (row: MemoryRow, namespace: string): Memory => ({
  ...toStoredMemory(row, namespace),
  valid_from_ms: row.valid_from,
  created_at_ms: row.created_at,
  updated_at_ms: row.updated_at,
  expires_at_ms: row.expires_at,
})

const ms = (column: string) => sql.raw(`floor(1000 * extract(epoch from ${column}))::float8`)
const columns = sql`m.id, m.content, m.memory_type, m.importance, m.tags, m.metadata, m.session_id, m.author, m.version,
  ${ms('m.valid_from')} as valid_from, ${ms('m.created_at')} as created_at, ${ms('m.updated_at')} as updated_at, ${ms('m.expires_at')} as expires_at,
  a.access_count::float8, ${ms('a.last_accessed_at')} as last_accessed_at`
// "offset 0": one look-up for each memory. A join read all that was ever recalled in the namespace, as how many rows a
// function gives is not known.
const accesses = sql`left join lateral (
  select access_count, last_accessed_at from memory_accesses x
    where x.namespace_id = m.namespace_id and x.id = m.id offset 0) a on true`

export type Located = { memory: Memory; namespace: NamespaceRef }

/** Every memory of that id which the caller may read; ids are unique per namespace, so there can be several. */
export async function findMemories(tx: Tx, id: string, namespaceId?: number): Promise<Located[]> {
  const within = namespaceId === undefined ? sql`true` : sql`m.namespace_id = ${namespaceId}`
  const rows = await tx.execute<MemoryRow & { namespace_id: number; namespace: string; dimension: number }>(sql`
    select ${columns}, m.namespace_id, n.name as namespace, n.dimension from memories m
      join namespaces n on n.id = m.namespace_id ${accesses}
    where m.id = ${id} and ${within} limit 2`)
  return rows.map((row) => ({
    memory: toMemory(row, row.namespace),
    namespace: { id: row.namespace_id, name: row.namespace, dimension: row.dimension },
  }))
}

/** Those of these ids that a memory has. */
export async function findIds(tx: Tx, namespaceId: number, ids: string[]): Promise<string[]> {
  const rows = await tx.execute<{ id: string }>(
    sql`select id from memories where namespace_id = ${namespaceId} and id = any(${sql.param(ids)}::text[])`,
  )
  return rows.map(({ id }) => id)
}

/** The vectors of these memories, as pgvector's text, in their order; null for one that has none or is gone. */
export async function findVectors(
  tx: Tx,
  found: { namespace: string; id: string }[],
  column: 'v' | 'supplied_v',
): Promise<(string | null)[]> {
  const rows = await tx.execute<{ vector: string | null }>(sql`
    select m.vector from unnest(${sql.param(found.map(({ namespace }) => namespace))}::text[], 
      ${sql.param(found.map(({ id }) => id))}::text[])
      with ordinality as f(namespace, id, position)
    left join lateral (select id from namespaces x where x.name = f.namespace offset 0) n on true
    left join lateral (select ${sql.raw(column)}::text as vector from memories x
      where x.namespace_id = n.id and x.id = f.id offset 0) m on true
    order by f.position`)
  return rows.map(({ vector }) => vector)
}

/**
 * Before a write: refuses vectors of an embedder that is no longer the database's, and keeps it from moving until the
 * end.
 */
export async function requireEmbedder(tx: Tx, model: string): Promise<void> {
  await tx.execute(sql`select require_embedder(${model}, true)`)
}

export type MemoryChanges = {
  content?: string | undefined
  metadata?: Record<string, unknown> | undefined
  memoryType?: string | undefined
  importance?: number | undefined
  tags?: string[] | undefined
  sessionId?: string | null | undefined
  validFrom?: Date | null | undefined
  /** null: it never expires. */
  expiresAt?: Date | null | undefined
  /** From now on; expiresAt wins. */
  ttlSeconds?: number | null | undefined
  /** As pgvector's text; the caller's own. */
  supplied?: string | null | undefined
  /** As pgvector's text; of the new content. */
  vector?: string | null | undefined
}

/** False when there is no such memory, or its version is not the one expected. */
export async function updateMemory(
  tx: Tx,
  namespaceId: number,
  id: string,
  { vector, supplied, ttlSeconds, ...changes }: MemoryChanges,
  ifVersion: number | undefined,
): Promise<boolean> {
  const set = {
    ...(ttlSeconds != null && { expiresAt: sql`now() + ${ttlSeconds}::float8 * interval '1 second'` }),
    ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
    // The caller's own vector of another content would be a false one.
    ...(vector !== undefined && { v: toVector(vector), suppliedV: null }),
    ...(supplied !== undefined && { suppliedV: toVector(supplied) }),
  }
  const updated = await tx
    .update(memories)
    .set(set as never)
    .where(
      and(
        eq(memories.namespaceId, namespaceId),
        eq(memories.id, id),
        ifVersion === undefined ? undefined : eq(memories.version, ifVersion),
      ),
    )
    .returning({ id: memories.id })
  return updated.length > 0
}

const toVector = (text: string | null): SQL | null => (text === null ? null : sql`${text}::text::halfvec`)

/** How many of these memories there are, and got the importance. */
export async function setImportance(tx: Tx, namespaceId: number, ids: string[], importance: number): Promise<number> {
  const updated = await tx
    .update(memories)
    .set({ importance })
    .where(and(eq(memories.namespaceId, namespaceId), inArray(memories.id, ids)))
    .returning({ id: memories.id })
  return updated.length
}

export type Position = { time: string; id: string }

export type Part = {
  limit: number
  offset?: number
  after?: Position | undefined
  order?: 'newest first' | 'as stored in the session'
}
/** `isFull`: it ended early, and there is more. */
export type Page = { found: { memory: Memory; position: Position }[]; isFull: boolean }

/**
 * Newest first unless said. The position is the exact time, to the microsecond, which the memory's own seconds are not.
 */
export async function listMemories(
  tx: Tx,
  { id, name }: NamespaceRef,
  selection: Selection,
  part: Part,
): Promise<Page> {
  const { limit, offset = 0, after, order = 'newest first' } = part
  const rows = await tx.execute<MemoryRow & { time: string }>(sql`
    select ${columns}, m.created_at::text as time
    from list_memories(${id}::int, 
      ${JSON.stringify(selection)}::jsonb, 
      ${order !== 'newest first'}::boolean, 
      ${after?.time ?? null}::timestamptz,
      ${after?.id ?? null}::text, 
        ${offset}::bigint, 
        ${limit}::int, 
        ${REPLY_BYTES}::bigint) with ordinality m ${accesses}
    order by m.ordinality`)
  const found = rows.filter((row) => row.id !== null)
  return {
    found: found.map((row) => ({ memory: toMemory(row, name), position: { time: row.time, id: row.id } })),
    isFull: found.length < rows.length,
  }
}

export async function countMemories(tx: Tx, namespaceId: number): Promise<number> {
  const [row] = await tx.execute<{ documents: string }>(
    sql`select documents from count_memories(array[${namespaceId}::int])`,
  )
  return Number(row?.documents ?? 0)
}

export async function countMatching(tx: Tx, namespaceId: number, selection: Selection): Promise<number> {
  const [row] = await tx.execute<{ count: string }>(
    sql`select count_matching(${namespaceId}::int, ${JSON.stringify(selection)}::jsonb) as count`,
  )
  return Number(row?.count)
}

export async function deleteMatching(tx: Tx, namespaceId: number, selection: Selection): Promise<number> {
  const [row] = await tx.execute<{ count: string }>(
    sql`select forget_matching(${namespaceId}::int, ${JSON.stringify(selection)}::jsonb) as count`,
  )
  return Number(row?.count)
}
