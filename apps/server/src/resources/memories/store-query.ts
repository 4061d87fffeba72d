import type { KeyCaller } from '../../db/caller.ts'
import { msColumns } from '../../db/time.ts'

export type StoreCall = {
  namespace: string
  memories: object[]
  vectors: (string | null)[]
  supplied: (string | null)[]
  embedder: string
}
/** `created` is the name of the namespace if this write created it. */
export type StoredRow = {
  id: string
  author: string | null
  created_at: number
  expires_at: number | null
  created: string | null
}

/**
 * Stores memories in one round trip: the SQL function store() sets the identity, checks the grant, claims the
 * idempotency key and inserts.
 */
export function storeMemories({ call }: Pick<KeyCaller, 'call'>, asked: StoreCall): Promise<StoredRow[]> {
  const { namespace, memories, vectors, embedder } = asked
  const supplied = asked.supplied.some((vector) => vector !== null) ? asked.supplied : null
  return call(
    'calls',
    'write',
    async (sql, { keyHash, key, fingerprint }) => sql<StoredRow[]>`
      select id, author, ${msColumns(sql, ['created_at', 'expires_at'])},
        nullif(current_setting('dakera.created', true), '') as created
      from store(
        ${keyHash}::bytea, ${namespace}::text, ${JSON.stringify(memories)}::jsonb, ${vectors}::text[]::halfvec[],
        ${supplied}::text[]::halfvec[], ${key ?? null}::text, ${fingerprint}::bytea, ${embedder}::text)`,
  )
}
