import type { Logger } from 'pino'
import type { AccessCounter } from './db/counters/access.ts'
import type { UsageCounter } from './db/counters/usage.ts'
import type { Database } from './db/database.ts'
import type { Embedder } from './embedding/embedder.ts'
import type { ServeMcp } from './http/mcp.ts'

/** Everything the app needs from outside; server.ts builds it. */
export type Deps = {
  database: Database
  embedder: Embedder
  accesses: AccessCounter
  usage: UsageCounter
  log: Logger
  maxBodyBytes: number
  /** The maximum number of bytes of request bodies in memory; one key may use a quarter of them. */
  openBodyBytes: number
  /** The maximum number of bytes of replies that are not yet sent; one key may use half of them. */
  openReplyBytes: number
  /** The maximum number of concurrent requests of one key. */
  keyConcurrency: number
  /** Proxies in front of the server whose X-Forwarded-For counts. */
  trustedProxies: number
  /** If true, requests whose Host is not this machine's loopback are rejected. */
  loopbackOnly: boolean
  corsOrigins: string[]
  serveMcp: ServeMcp
  /**
   * Whether a key may get a secret that is printed in the documentation: only if nobody else reaches this server or its
   * database.
   */
  acceptsPublished: boolean
  /** Aborted when the server drains: it finishes the requests under way, ends streams, and rejects new ones. */
  draining: AbortSignal
}
