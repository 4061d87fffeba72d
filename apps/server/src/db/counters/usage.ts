import type { Database } from '../database.ts'
import { CountBuffer } from './buffer.ts'

/** A request of a key, recorded once its reply is known. */
export type KeyRequest = {
  keyHash: Buffer
  endpoint: string
  namespace: string
  status: number
  bytes: number
  ms: number
}

type UsageCount = {
  hash: string
  endpoint: string
  namespace: string
  requests: number
  failed: number
  rate_limited: number
  bytes: number
  total_ms: number
  /** Unix seconds of the last request. */
  at: number
}

const SUMMED = ['requests', 'failed', 'rate_limited', 'bytes', 'total_ms'] as const

/** Counts the requests of each key. The database leaves out secrets that were never issued. */
export class UsageCounter {
  readonly #buffer: CountBuffer<UsageCount>

  constructor(database: Pick<Database, 'sql'>) {
    this.#buffer = new CountBuffer<UsageCount>({
      keyOf: ({ hash, endpoint, namespace }) => `${hash} ${endpoint} ${namespace}`,
      add(sum, count) {
        for (const name of SUMMED) sum[name] += count[name]
        sum.at = Math.max(sum.at, count.at)
      },
      write: async (counts) => database.sql`select record_key_usage(${JSON.stringify(counts)}::jsonb)`,
    })
  }

  record({ keyHash, endpoint, namespace, status, bytes, ms }: KeyRequest): void {
    const count: UsageCount = {
      hash: keyHash.toString('hex'),
      endpoint,
      namespace,
      requests: 1,
      failed: Number(status >= 400),
      rate_limited: Number(status === 429),
      bytes,
      total_ms: ms,
      at: Date.now() / 1000,
    }
    this.#buffer.record([count])
  }

  flush(): Promise<void> {
    return this.#buffer.flush()
  }
}
