import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MiddlewareHandler } from 'hono'
import type { Deps } from '../deps.ts'
import type { Fault } from '../fault.ts'
import type { Admitted } from './admission.ts'
import { addressOf } from './client.ts'
import { newRequestId } from './request-id.ts'

/** The request of a key, for the log and the usage count. */
export type Call = {
  keyHash: Buffer
  keyId: string
  endpoint: string
  namespace: string
  bytes: number
  /** The status of the last request that the server sent to itself for this one. */
  within?: number
}

/** A request that the server sends to itself for another one belongs to that one, which is admitted and counted. */
export type Within = { admitted: Admitted; giveUp: AbortController; call: Call }

/** The values that routes leave for the log. */
export type AppEnv = {
  Bindings: { incoming?: IncomingMessage; outgoing?: ServerResponse; within?: Within }
  Variables: {
    requestId: string
    fault?: Fault
    call?: Call
    /** Resolves when a streamed reply has ended. */
    streamed?: Promise<void>
  }
}

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/

/** Gives each request an id, sets the headers that all replies share, and records the request: log and usage. */
export function observe({ log, usage, draining, trustedProxies }: Deps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const started = performance.now()
    const given = c.req.header('x-request-id')
    const requestId = given && REQUEST_ID.test(given) ? given : newRequestId()
    c.set('requestId', requestId)
    await next()

    const { headers } = c.res // c.header() would copy the finished response each time
    headers.set('x-request-id', requestId)
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
    headers.append('vary', 'Authorization, X-API-Key')
    headers.set('x-content-type-options', 'nosniff')
    if (draining.aborted) headers.set('connection', 'close')

    const { status } = c.res
    const record = () => {
      const ms = performance.now() - started
      const { call, fault } = c.var
      const within = c.env?.within
      if (within) within.call.within = status
      else if (call) usage.record({ ...call, status: call.within ?? status, ms })
      // The path without its query string, which contains memory content or, on event streams, a key.
      const entry = {
        request_id: requestId,
        method: c.req.method,
        path: c.req.path,
        status,
        ms: Math.round(ms * 100) / 100,
        ...(call && { key_id: call.keyId }),
        ...(call?.namespace && { namespace: call.namespace }),
        client: addressOf(c, trustedProxies),
        user_agent: c.req.header('user-agent')?.slice(0, 200),
        ...(fault && { code: fault.code }),
      }
      if (fault && c.req.raw.signal.aborted) log.info({ ...entry, hung_up: true }, 'request')
      else if (fault && (status >= 500 || c.var.streamed))
        log.error({ ...entry, err: withoutContent(fault.cause ?? fault) }, 'request failed')
      else log[c.req.path.startsWith('/health') ? 'debug' : 'info'](entry, 'request')
    }
    const { streamed } = c.var
    if (streamed) void streamed.then(record)
    else record()
  }
}

/** Strips an error of memory content, which Postgres repeats in `detail`, `parameters` and some messages. */
function withoutContent(error: unknown): object {
  const cause = (error as { cause?: unknown }).cause
  const { name, message, code, stack, routine, constraint_name } = error as Record<string, unknown>
  const quotes = /^(Failed query|duplicate key|invalid input)/.test(String(message))
  return {
    type: name,
    message: quotes ? undefined : message,
    code,
    routine,
    constraint: constraint_name,
    stack: quotes ? undefined : stack,
    ...(cause ? { cause: withoutContent(cause) } : {}),
  }
}
