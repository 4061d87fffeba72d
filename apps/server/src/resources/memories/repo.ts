import { type Memory, REPLY_BYTES } from '@dakera-ai/protocol'
import { sql } from 'drizzle-orm'
import { unixMs } from '../../db/time.ts'
import type { NamespaceRef, Tx, WriteTx } from '../../db/tx.ts'
import type { Selection } from './selection.ts'

/** A memory; its times are unix milliseconds. */
export type MemoryRow = {
  id: string
  content: string
  memory_type: string
  importance: number
  tags: string[]
  metadata: Record<string, unknown>
  session_id: string | null
  author: string | null
  valid_from: number | null
  created_at: number
  updated_at: number
  expires_at: number | null
  version: number
  access_count?: number | null
  last_accessed_at?: number | null
}

/** Returns the reply of a store. Published clients compare it as a whole. */
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

const ms = (column: string) => sql.raw(unixMs(column))
const columns = sql`
  m.id, m.content, m.memory_type, m.importance, m.tags, m.metadata, m.session_id, m.author, m.version,
  ${ms('m.valid_from')} as valid_from, ${ms('m.created_at')} as created_at, ${ms('m.updated_at')} as updated_at,
  ${ms('m.expires_at')} as expires_at, a.access_count::float8, ${ms('a.last_accessed_at')} as last_accessed_at`
// "offset 0" makes it one look-up per memory. A join read every access of the namespace, because the planner does not
// know how many rows a function returns.
const accesses = sql`left join lateral (
  select access_count, last_accessed_at from memory_accesses x
    where x.namespace_id = m.namespace_id and x.id = m.id offset 0) a on true`

export type Located = { memory: Memory; namespace: NamespaceRef }

/** Returns the memories of an id that the caller may read: ids are unique within a namespace only. */
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

/** Returns the ids that are taken. */
export async function findIds(tx: Tx, namespaceId: number, ids: string[]): Promise<string[]> {
  const rows = await tx.execute<{ id: string }>(
    sql`select id from memories where namespace_id = ${namespaceId} and id = any(${sql.param(ids)}::text[])`,
  )
  return rows.map(({ id }) => id)
}

/** Returns the vectors of memories in their order, as pgvector's text; null for a memory that has none or is gone. */
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

/** Rejects vectors of a former embedder, and keeps the database from switching to another one until the write ends. */
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
  /** If null, the memory never expires. */
  expiresAt?: Date | null | undefined
  /** Seconds from now; expiresAt wins. */
  ttlSeconds?: number | undefined
  /** The caller's own vector, as pgvector's text. */
  supplied?: string | null | undefined
  /** The vector of the new content, as pgvector's text. */
  vector?: string | null | undefined
}

/** Changes the given fields. Returns false if the memory does not exist, or if its version is not the expected one. */
export async function updateMemory(
  tx: WriteTx,
  namespaceId: number,
  id: string,
  changes: MemoryChanges,
  ifVersion: number | undefined,
): Promise<boolean> {
  const { content, metadata, memoryType, importance, tags, sessionId, validFrom, expiresAt, ttlSeconds } = changes
  const { supplied, vector } = changes
  const expiry =
    expiresAt === undefined && ttlSeconds !== undefined
      ? sql`now() + ${ttlSeconds}::float8 * interval '1 second'`
      : expiresAt && sql`${expiresAt.toISOString()}::timestamptz`
  // A vector that the caller supplied for the old content would be wrong for the new one.
  const own = supplied === undefined && vector !== undefined ? null : supplied
  const assignments = Object.entries({
    content,
    metadata: metadata && sql`${JSON.stringify(metadata)}::jsonb`,
    memory_type: memoryType,
    importance,
    tags: tags && sql`${sql.param(tags)}::text[]`,
    session_id: sessionId,
    valid_from: validFrom && sql`${validFrom.toISOString()}::timestamptz`,
    expires_at: expiry,
    v: vector && sql`${vector}::text::halfvec`,
    supplied_v: own && sql`${own}::text::halfvec`,
  }).flatMap(([column, value]) => (value === undefined ? [] : [sql`${sql.identifier(column)} = ${value}`]))
  const isExpected = ifVersion === undefined ? sql`true` : sql`version = ${ifVersion}`
  const updated = await tx.execute(sql`
    update memories set ${sql.join(assignments, sql`, `)}
    where namespace_id = ${namespaceId} and id = ${id} and ${isExpected} returning id`)
  return updated.length > 0
}

/** Sets the importance, and returns how many of these memories exist. */
export async function setImportance(
  tx: WriteTx,
  namespaceId: number,
  ids: string[],
  importance: number,
): Promise<number> {
  const updated = await tx.execute(sql`
    update memories set importance = ${importance}
    where namespace_id = ${namespaceId} and id = any(${sql.param(ids)}::text[]) returning id`)
  return updated.length
}

export type Position = { time: string; id: string }

export type Part = {
  limit: number
  offset?: number
  after?: Position | undefined
  order?: 'newest first' | 'as stored in the session'
}
/** `isFull`: the page ended before the limit, because the reply would become too long. */
export type Page = { found: { memory: Memory; position: Position }[]; isFull: boolean }

/** Lists memories. Their position is the exact time, to the microsecond, which the times of a memory are not. */
export async function listMemories(
  tx: Tx,
  { id, name }: NamespaceRef,
  selection: Selection,
  part: Part,
): Promise<Page> {
  const { limit, offset = 0, after, order = 'newest first' } = part
  const rows = await tx.execute<MemoryRow & { time: string }>(sql`
    select ${columns}, m.created_at::text as time
    from list_memories(
      ${id}::int, ${JSON.stringify(selection)}::jsonb, ${order !== 'newest first'}::boolean,
      ${after?.time ?? null}::timestamptz, ${after?.id ?? null}::text, ${offset}::bigint, ${limit}::int,
      ${REPLY_BYTES}::bigint) with ordinality m ${accesses}
    order by m.ordinality`)
  const found = rows.filter((row) => row.id !== null)
  return {
    found: found.map((row) => ({ memory: toMemory(row, name), position: { time: row.time, id: row.id } })),
    isFull: found.length < rows.length,
  }
}

export async function countMatching(tx: Tx, namespaceId: number, selection: Selection): Promise<number> {
  const [row] = await tx.execute<{ count: string }>(
    sql`select count_matching(${namespaceId}::int, ${JSON.stringify(selection)}::jsonb) as count`,
  )
  return Number(row?.count)
}

export async function deleteMatching(tx: WriteTx, namespaceId: number, selection: Selection): Promise<number> {
  const [row] = await tx.execute<{ count: string }>(
    sql`select forget_matching(${namespaceId}::int, ${JSON.stringify(selection)}::jsonb) as count`,
  )
  return Number(row?.count)
}
