import { REPLY_BYTES } from '@dakera-ai/protocol'
import type { Database } from '../../db/database.ts'
import { callFunction } from '../../db/tx.ts'
import type { Principal } from '../../principal.ts'
import type { Selection } from './selection.ts'

// The hot operations: one SQL function each, and so one round trip. The function sets the identity, checks the grant
// and answers.

/** Moments are unix milliseconds. */
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
export type RecallRow = MemoryRow & {
  exact: boolean
  score: number
  text_score: number
  vector_score: number
  explain: Record<string, unknown> | null
  highlights: string[] | null
  /** What it takes in a reply, about. */
  bytes: number
}
export type RecallCall = {
  namespace: string
  query: string
  /** As pgvector's text; null: words only. */
  vector: string | null
  topK: number
  /** What comes may be so long; the best comes whatever its length. */
  mostBytes?: number
  selection: Selection
  options: Record<string, unknown>
}

export function recallMemories({ turns }: Database, principal: Principal, call: RecallCall): Promise<RecallRow[]> {
  const { keyHash } = principal
  return callFunction(
    turns.searches,
    principal,
    'read',
    async (sql) => sql<RecallRow[]>`
    select id, content, memory_type, importance, tags, metadata, session_id, author, version, access_count::float8,
      exact, score, text_score, vector_score, explain, highlights, bytes::float8,
      floor(1000 * extract(epoch from valid_from))::float8 as valid_from, floor(1000 * extract(epoch
        from created_at))::float8 as created_at,
      floor(1000 * extract(epoch from updated_at))::float8 as updated_at, floor(1000 * extract(epoch
        from expires_at))::float8 as expires_at,
      floor(1000 * extract(epoch from last_accessed_at))::float8 as last_accessed_at
    from (
      select *, row_number() over () as place, sum(bytes) over (rows unbounded preceding) as bytes_so_far
      from recall(${keyHash}::bytea, 
        ${call.namespace}::text, 
        ${call.query}::text, 
        ${call.vector}::text::halfvec, 
        ${call.topK}::int,
        ${JSON.stringify(call.selection)}::text::jsonb, ${JSON.stringify(call.options)}::text::jsonb) found
      cross join lateral (
        select reply_bytes(content, metadata, tags) + coalesce(octet_length(explain::text), 
          0) + coalesce(octet_length(to_json(highlights)::text), 0)
      ) measured(bytes)) ranked
    where bytes_so_far <= ${call.mostBytes ?? REPLY_BYTES}::bigint or place = 1`,
  )
}

export type StoreCall = {
  namespace: string
  memories: object[]
  vectors: (string | null)[]
  supplied: (string | null)[]
  embedder: string
  idempotencyKey: string | undefined
  fingerprint: Buffer
}
/** `created` names the namespace, where an admin's write made it. */
export type StoredRow = {
  id: string
  author: string | null
  created_at: number
  expires_at: number | null
  created: string | null
}

export function storeMemories({ turns }: Database, principal: Principal, call: StoreCall): Promise<StoredRow[]> {
  const { keyHash } = principal
  const supplied = call.supplied.some((vector) => vector !== null) ? call.supplied : null
  return callFunction(
    turns.calls,
    principal,
    'write',
    async (sql) => sql<StoredRow[]>`
    select id, author, floor(1000 * extract(epoch from created_at))::float8 as created_at, floor(1000 * extract(epoch
      from expires_at))::float8 as expires_at,
      nullif(current_setting('dakera.created', true), '') as created
    from store(${keyHash}::bytea, 
      ${call.namespace}::text, 
      ${JSON.stringify(call.memories)}::jsonb, 
      ${call.vectors}::text[]::halfvec[],
      ${supplied}::text[]::halfvec[], 
        ${call.idempotencyKey ?? null}::text, 
        ${call.fingerprint}::bytea, 
        ${call.embedder}::text)`,
  )
}
