import type { Database } from '../../db/database.ts'

/** One request of a key, once its reply is known. */
export type Asked = { keyHash: Buffer; endpoint: string; namespace: string; status: number; bytes: number; ms: number }

type Counted = {
  hash: string
  endpoint: string
  namespace: string
  requests: number
  failed: number
  rate_limited: number
  bytes: number
  total_ms: number
  /** Unix seconds of the last one. */
  at: number
}

/** Beyond this many counts they are written at once and not at the next turn of the job. */
const MOST = 10_000

/**
 * Counts what is asked with each key, and writes the counts now and then: a request must not cost a write.
 * What a killed server had not yet written is lost.
 */
export function createUsage(database: Pick<Database, 'sql'>) {
  let waiting = new Map<string, Counted>()
  let writing: Promise<void> | undefined

  function add(counted: Counted): void {
    const name = `${counted.hash} ${counted.endpoint} ${counted.namespace}`
    const sum = waiting.get(name)
    if (!sum) {
      if (waiting.size < MOST) waiting.set(name, counted)
      return
    }
    sum.requests += counted.requests
    sum.failed += counted.failed
    sum.rate_limited += counted.rate_limited
    sum.bytes += counted.bytes
    sum.total_ms += counted.total_ms
    sum.at = Math.max(sum.at, counted.at)
  }

  async function write(): Promise<void> {
    if (waiting.size === 0) return
    const counted = [...waiting.values()]
    waiting = new Map()
    try {
      await database.sql`select record_key_usage(${JSON.stringify(counted)}::jsonb)`
    } catch (error) {
      for (const count of counted) add(count) // for the next turn
      throw error
    }
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
    /** Notes a request. One with a secret that nobody issued is left out when the counts are written. */
    note({ keyHash, endpoint, namespace, status, bytes, ms }: Asked): void {
      if (waiting.size >= MOST && !writing) flush().catch(() => {}) // put back, and tried again by the job
      const [failed, rate_limited] = [Number(status >= 400), Number(status === 429)]
      add({
        hash: keyHash.toString('hex'),
        endpoint,
        namespace,
        requests: 1,
        failed,
        rate_limited,
        bytes,
        total_ms: ms,
        at: Date.now() / 1000,
      })
    },
    flush,
  }
}
export type Usage = ReturnType<typeof createUsage>
