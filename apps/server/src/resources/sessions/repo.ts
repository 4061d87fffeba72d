import { REPLY_BYTES, type Session } from '@dakera-ai/protocol'
import { sql } from 'drizzle-orm'
import { unixSeconds } from '../../db/time.ts'
import type { NamespaceRef, Tx, WriteTx } from '../../db/tx.ts'

type Row = {
  id: string
  started_at: number
  ended_at: number | null
  summary: string | null
  metadata: Record<string, unknown>
  memory_count: number
  namespace_id: number
  namespace: string
  dimension: number
}
export type Located = { session: Session; namespace: NamespaceRef }

const toLocated = ({ namespace, namespace_id, dimension, ...row }: Row): Located => ({
  session: {
    id: row.id,
    agent_id: namespace,
    started_at: row.started_at,
    ended_at: row.ended_at,
    summary: row.summary,
    metadata: row.metadata,
    memory_count: row.memory_count,
  },
  namespace: { id: namespace_id, name: namespace, dimension },
})

const memoryCount = sql`(
  select count(*) from memories m where m.namespace_id = s.namespace_id and m.session_id = s.id
)::float8 as memory_count`
const columns = sql`
  s.id, s.summary, s.metadata, ${sql.raw(unixSeconds('s.started_at'))} as started_at,
  ${sql.raw(unixSeconds('s.ended_at'))} as ended_at, ${memoryCount}, s.namespace_id, n.name as namespace, n.dimension`

export type NewSession = { id: string | null | undefined; metadata: Record<string, unknown> }

/**
 * Inserts a session, without RETURNING, which needs the select policy: a write-only key does not pass it, and counts no
 * memories either.
 */
export async function insertSession(
  tx: WriteTx,
  { id: namespaceId, name }: NamespaceRef,
  { id, metadata }: NewSession,
): Promise<Session> {
  const [row] = await tx.execute<{ id: string; started_at: number; memory_count: number }>(sql`
    with s as materialized (
      select ${namespaceId}::int as namespace_id, coalesce(${id ?? null}, new_session_id()) as id),
    inserted as (
      insert into sessions (namespace_id, id, metadata)
      select namespace_id, id, ${JSON.stringify(metadata)}::jsonb from s)
    select id, ${sql.raw(unixSeconds('now()'))} as started_at, ${memoryCount} from s`)
  if (!row) throw new Error('nothing was inserted')
  return {
    id: row.id,
    agent_id: name,
    started_at: row.started_at,
    ended_at: null,
    summary: null,
    metadata,
    memory_count: row.memory_count,
  }
}

/** Returns the sessions of an id that the caller may read: ids are unique within a namespace only. */
export async function findSessions(tx: Tx, id: string, namespaceId?: number): Promise<Located[]> {
  const rows = await tx.execute<Row>(sql`
    select ${columns} from sessions s join namespaces n on n.id = s.namespace_id
    where s.id = ${id} and ${within(namespaceId)} limit 2`)
  return rows.map(toLocated)
}

/** Ends a session at the time of the database. One that has ended keeps its first end. */
export async function endSession(
  tx: WriteTx,
  namespaceId: number,
  id: string,
  summary: string | null | undefined,
): Promise<void> {
  await tx.execute(sql`
    update sessions set summary = coalesce(${summary ?? null}, summary)
    where namespace_id = ${namespaceId} and id = ${id}`)
}

export type Listing = { namespaceId: number | undefined; activeOnly: boolean; limit: number; offset: number }

/** Lists sessions, newest first, and counts all that match. */
export async function listSessions(
  tx: Tx,
  { namespaceId, activeOnly, limit, offset }: Listing,
): Promise<{ sessions: Session[]; total: number }> {
  const rows = await tx.execute<Row>(sql`
    select ${columns}
    from list_sessions(
      ${namespaceId ?? null}::int, ${activeOnly}::boolean, ${offset}::bigint, ${limit}::int, ${REPLY_BYTES}::bigint) s
    join namespaces n on n.id = s.namespace_id order by s.started_at desc, s.id desc`)
  const [count] = await tx.execute<{ total: number }>(sql`
    select count(*)::float8 as total from sessions s
    where ${within(namespaceId)} and ${activeOnly ? sql`s.ended_at is null` : sql`true`}`)
  return { sessions: rows.map((row) => toLocated(row).session), total: count?.total ?? 0 }
}

const within = (namespaceId: number | undefined) =>
  namespaceId === undefined ? sql`true` : sql`s.namespace_id = ${namespaceId}`
