import { REPLY_BYTES } from '@dakera-ai/protocol'
import type { KeyCaller } from '../../db/caller.ts'
import type { Sql } from '../../db/database.ts'
import { unixMs } from '../../db/time.ts'
import type { Selection } from './selection.ts'

// The hot operations: one SQL function each, and so one round trip. The function sets the identity, checks the grant,
// claims the idempotency key and answers.

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
export type RecallRow = MemoryRow & {
  exact: boolean
  score: number
  text_score: number
  vector_score: number
  explain: Record<string, unknown> | null
  highlights: string[] | null
  /** About what it takes in a reply. */
  bytes: number
}
export type RecallCall = {
  namespace: string
  query: string
  /** As pgvector's text; null: only words count. */
  vector: string | null
  topK: number
  /** The most bytes that the hits may take; the best hit comes in any case. */
  mostBytes?: number
  selection: Selection
  options: Record<string, unknown>
}

export function recallMemories({ call }: Pick<KeyCaller, 'call'>, asked: RecallCall): Promise<RecallRow[]> {
  const { namespace, query, vector, topK, mostBytes = REPLY_BYTES, selection, options } = asked
  return call(
    'searches',
    'read',
    async (sql, { keyHash }) => sql<RecallRow[]>`
      select id, content, memory_type, importance, tags, metadata, session_id, author, version, access_count::float8,
        exact, score, text_score, vector_score, explain, highlights, bytes::float8,
        ${times(sql, ['valid_from', 'created_at', 'updated_at', 'expires_at', 'last_accessed_at'])}
      from (
        select *, row_number() over () as place, sum(bytes) over (rows unbounded preceding) as bytes_so_far
        from recall(
          ${keyHash}::bytea, ${namespace}::text, ${query}::text, ${vector}::text::halfvec, ${topK}::int,
          ${JSON.stringify(selection)}::text::jsonb, ${JSON.stringify(options)}::text::jsonb) found
        cross join lateral (
          select reply_bytes(content, metadata, tags) + coalesce(octet_length(explain::text), 0)
            + coalesce(octet_length(to_json(highlights)::text), 0)
        ) measured(bytes)) ranked
      where bytes_so_far <= ${mostBytes}::bigint or place = 1`,
  )
}

const times = (sql: Sql, columns: string[]) =>
  sql.unsafe(columns.map((column) => `${unixMs(column)} as ${column}`).join(', '))

export type StoreCall = {
  namespace: string
  memories: object[]
  vectors: (string | null)[]
  supplied: (string | null)[]
  embedder: string
}
/** `created` names the namespace, if this write created it. */
export type StoredRow = {
  id: string
  author: string | null
  created_at: number
  expires_at: number | null
  created: string | null
}

export function storeMemories({ call }: Pick<KeyCaller, 'call'>, asked: StoreCall): Promise<StoredRow[]> {
  const { namespace, memories, vectors, embedder } = asked
  const supplied = asked.supplied.some((vector) => vector !== null) ? asked.supplied : null
  return call(
    'calls',
    'write',
    async (sql, { keyHash, key, fingerprint }) => sql<StoredRow[]>`
      select id, author, ${times(sql, ['created_at', 'expires_at'])},
        nullif(current_setting('dakera.created', true), '') as created
      from store(
        ${keyHash}::bytea, ${namespace}::text, ${JSON.stringify(memories)}::jsonb, ${vectors}::text[]::halfvec[],
        ${supplied}::text[]::halfvec[], ${key ?? null}::text, ${fingerprint}::bytea, ${embedder}::text)`,
  )
}
