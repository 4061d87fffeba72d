import type { Database } from '../../db/database.ts'

/**
 * `hash` is of the key it was last given to: the database counts what that key may read, so nobody can count for
 * others.
 */
type Access = { hash: string; namespace: string; id: string; count: number; at: number }

/**
 * With so many memories the counts are written at once and not at the next turn of the job; what comes in full while
 * they are is not counted.
 */
const MOST = 10_000

/**
 * Counts which memories were given out, and writes the counts now and then: a read must not cost a write.
 * What a killed server had not yet written is lost; the counts are a hint, not a record.
 */
export function createAccesses(database: Pick<Database, 'sql'>) {
  let waiting = new Map<string, Access>()
  let writing: Promise<void> | undefined

  async function write(): Promise<void> {
    if (waiting.size === 0) return
    const given = [...waiting.values()]
    waiting = new Map()
    await database.sql`select record_accesses(${JSON.stringify(given)}::jsonb)`
  }

  /** Writes all that was noted before. */
  async function flush(): Promise<void> {
    while (writing) await writing.catch(() => {}) // told to who began it
    writing = write().finally(() => {
      writing = undefined
    })
    await writing
  }

  return {
    note(keyHash: Buffer, namespace: string, ids: string[]): void {
      if (waiting.size >= MOST && !writing) flush().catch(() => {})
      const [hash, at] = [keyHash.toString('hex'), Date.now() / 1000]
      for (const id of ids) {
        const key = `${namespace} ${id}` // a name has no space
        const access = waiting.get(key)
        if (access) Object.assign(access, { hash, count: access.count + 1, at })
        else if (waiting.size < MOST) waiting.set(key, { hash, namespace, id, count: 1, at })
      }
    },
    flush,
  }
}
export type Accesses = ReturnType<typeof createAccesses>
