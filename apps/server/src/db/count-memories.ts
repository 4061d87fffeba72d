import { sql } from 'drizzle-orm'
import type { Tx } from './tx.ts'

export type MemoryCounts = { documents: number; vectors: number }

/** Counts the memories of a namespace, and those with a vector; undefined if the caller may not read it. */
export async function countMemories(tx: Tx, namespaceId: number): Promise<MemoryCounts | undefined> {
  const [row] = await tx.execute<{ documents: string; vectors: string }>(
    sql`select documents, vectors from count_memories(array[${namespaceId}]::int[])`,
  )
  return row && { documents: Number(row.documents), vectors: Number(row.vectors) }
}
