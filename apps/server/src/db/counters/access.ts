import type { Database } from '../database.ts'
import { CountBuffer } from './buffer.ts'

/** `hash` is of the key that read the memory last: the database counts only memories that this key may read. */
type AccessCount = { hash: string; namespace: string; id: string; count: number; at: number }

/** Counts how often each memory is returned. */
export class AccessCounter {
  readonly #buffer: CountBuffer<AccessCount>

  constructor(database: Pick<Database, 'sql'>) {
    this.#buffer = new CountBuffer<AccessCount>({
      keyOf: ({ namespace, id }) => `${namespace} ${id}`, // a name contains no space
      add(sum, { hash, count, at }) {
        sum.count += count
        if (at >= sum.at) Object.assign(sum, { hash, at })
      },
      write: async (counts) => database.sql`select record_accesses(${JSON.stringify(counts)}::jsonb)`,
    })
  }

  record(keyHash: Buffer, namespace: string, ids: string[]): void {
    const [hash, at] = [keyHash.toString('hex'), Date.now() / 1000]
    this.#buffer.record(ids.map((id) => ({ hash, namespace, id, count: 1, at })))
  }

  flush(): Promise<void> {
    return this.#buffer.flush()
  }
}
