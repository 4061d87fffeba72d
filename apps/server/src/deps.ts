import type { Logger } from 'pino'
import type { AccessCounter } from './db/counters/access.ts'
import type { UsageCounter } from './db/counters/usage.ts'
import type { Database } from './db/database.ts'
import type { Embedder } from './embedding/embedder.ts'

/** Everything the server needs from outside. `main.ts` builds it; tests build another. */
export type Deps = {
  database: Database
  embedder: Embedder
  accesses: AccessCounter
  usage: UsageCounter
  log: Logger
  maxBodyBytes: number
  /** Bytes of request bodies that are held at once; a quarter of it of one key. */
  openBodyBytes: number
  /** Bytes of replies that are not yet sent; half of it of one key. */
  openReplyBytes: number
  /** Requests of one key that may be under way at once. */
  keyConcurrency: number
  /** Proxies in front of the server whose X-Forwarded-For counts. */
  trustedProxies: number
  /** Answers only requests that name this machine's loopback in Host. */
  loopbackOnly: boolean
  corsOrigins: string[]
  /**
   * Whether a key may get a secret that is printed in the documentation: where nobody else comes, nor a server for
   * others shares the database.
   */
  acceptsPublished: boolean
  /** True while the server drains: it finishes what it has and takes nothing new. */
  isDraining: () => boolean
}
