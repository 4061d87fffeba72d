import { DEFAULT_WEIGHTS, REPLY_BYTES, type Weights } from '@dakera-ai/protocol'
import type { KeyCaller } from '../../../db/caller.ts'
import { msColumns } from '../../../db/time.ts'
import type { MemoryRow } from '../repo.ts'
import type { Selection } from '../selection.ts'

export type RecallRow = MemoryRow & {
  exact: boolean
  score: number
  text_score: number
  vector_score: number
  explain: Record<string, unknown> | null
  highlights: string[] | null
  /** The approximate size in a reply. */
  bytes: number
}
/**
 * The options of recall() in SQL, which reads these names. A weight that is left out has the default of the namespace,
 * and otherwise DEFAULT_WEIGHTS.
 */
export type RecallOptions = Weights & {
  /** The lowest score that is returned. */
  min_score?: number
  /** Returns the parts of each score. */
  explain?: boolean
  /** Returns pieces of the content around the matches. */
  highlight?: boolean
  /** Returns the vectors. */
  vectors?: boolean
  /** The literal parts of a search. */
  search?: {
    all: string[]
    prefixes: string[]
    none: string[]
    none_prefixes: string[]
    /** Tolerates wrong letters. */
    typos: boolean
    /** Leaves out memories that do not contain all parts. */
    only: boolean
  }
  /** The model that made `vector`: the call is rejected if it is no longer the model of the database. */
  embedder?: string
  /** `vector` is the caller's own, and is compared with the vectors of callers. */
  supplied?: boolean
  /** The number of candidates of each arm. */
  pool?: number
  /** The maximum number of memories that the lexical arm visits. */
  budget?: number
}

export type RecallCall = {
  namespace: string
  query: string
  /** As pgvector's text; if null, only words count. */
  vector: string | null
  topK: number
  /** The maximum number of bytes of the hits; the best hit is returned in any case. */
  mostBytes?: number
  selection: Selection
  options: RecallOptions
}

/** Recalls in one round trip: the SQL function recall() sets the identity, checks the grant and ranks. */
export function recallMemories({ call }: Pick<KeyCaller, 'call'>, asked: RecallCall): Promise<RecallRow[]> {
  const { namespace, query, vector, topK, mostBytes = REPLY_BYTES } = asked
  const selection = JSON.stringify(asked.selection)
  const options = JSON.stringify({ defaults: DEFAULT_WEIGHTS, ...asked.options })
  return call(
    'searches',
    'read',
    async (sql, { keyHash }) => sql<RecallRow[]>`
      select id, content, memory_type, importance, tags, metadata, session_id, author, version, access_count::float8,
        exact, score, text_score, vector_score, explain, highlights, bytes::float8,
        ${msColumns(sql, ['valid_from', 'created_at', 'updated_at', 'expires_at', 'last_accessed_at'])}
      from (
        select *, row_number() over () as place, sum(bytes) over (rows unbounded preceding) as bytes_so_far
        from recall(
          ${keyHash}::bytea, ${namespace}::text, ${query}::text, ${vector}::text::halfvec, ${topK}::int,
          ${selection}::text::jsonb, ${options}::text::jsonb) found
        cross join lateral (
          select reply_bytes(content, metadata, tags) + coalesce(octet_length(explain::text), 0)
            + coalesce(octet_length(to_json(highlights)::text), 0)
        ) measured(bytes)) ranked
      where bytes_so_far <= ${mostBytes}::bigint or place = 1`,
  )
}
