import { ServerError } from '../errors.ts'
import type { Health, Liveness, Readiness } from '../models.ts'
import { type RequestOptions, request } from '../request.ts'
import type { Transport } from '../transport.ts'

/** Health of the server. Needs no key, and sends none. `client.health()` is short for `client.health.get()`. */
export type HealthChecks = {
  (options?: RequestOptions): Promise<Health>
  /** Report that the server responds. */
  get(options?: RequestOptions): Promise<Health>
  /**
   * Report, part by part, whether requests will succeed. A server that is not ready is a result, not an error, and is
   * asked once.
   */
  ready(options?: RequestOptions): Promise<Readiness>
  /** Report that the process is running. */
  live(options?: RequestOptions): Promise<Liveness>
}

/**
 * Returns a function that has the other checks as methods, because the flat `health()` and the resource share one name.
 */
export function healthChecks(transport: Transport): HealthChecks {
  const ask = <T>(operation: string, path: string, options?: RequestOptions) =>
    request<T>(transport, { operation, method: 'GET', path, isPublic: true, options })
  const get = (options?: RequestOptions) => ask<Health>('health.get', '/health', options)
  const live = (options?: RequestOptions) => ask<Liveness>('health.live', '/health/live', options)
  const ready = (options?: RequestOptions) =>
    ask<Readiness>('health.ready', '/health/ready', { maxRetries: 0, ...options }).catch((error: unknown) => {
      if (error instanceof ServerError && isReadiness(error.body)) return error.body
      throw error
    })
  return Object.assign((options?: RequestOptions) => get(options), { get, ready, live })
}

const isReadiness = (body: unknown): body is Readiness => typeof (body as Readiness | undefined)?.ready === 'boolean'
