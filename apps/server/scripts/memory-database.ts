import { PGlite } from '@electric-sql/pglite'
import { btree_gin } from '@electric-sql/pglite/contrib/btree_gin'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { vector } from '@electric-sql/pglite-pgvector'
import type { Run } from './catalog.ts'

/** Opens an empty embedded database in memory. */
export async function openInMemory(): Promise<{ run: Run; close(): Promise<void> }> {
  const database = await PGlite.create({ extensions: { vector, btree_gin, pg_trgm } })
  return {
    run: async (text) => ((await database.exec(text)).at(-1)?.rows ?? []) as Record<string, unknown>[],
    close: () => database.close(),
  }
}
