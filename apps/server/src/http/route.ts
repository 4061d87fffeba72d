import type { Endpoint, Method } from '@dakera-ai/protocol'
import type * as z from 'zod'
import type { AdminCaller, KeyCaller } from '../db/caller.ts'

type Out<S> = S extends z.ZodType ? z.output<S> : undefined
type Params<P extends string> = P extends `${string}{${infer K}}${infer Rest}`
  ? { [k in K]: string } & Params<Rest>
  : {}
/** The operations that the contract allows the caller of an endpoint. */
type CallerOf<E extends Endpoint> = E extends { access: 'public' }
  ? object
  : E extends { access: 'admin' }
    ? AdminCaller
    : KeyCaller
export type Input<E extends Endpoint> = CallerOf<E> & {
  params: Params<E['path']>
  query: Out<E['query']>
  body: Out<E['body']>
  /** The version in If-Match, if the caller sent one. */
  ifVersion: number | undefined
  /** Adds a warning to the reply. */
  warn(message: string): void
  /** Aborts when the client hangs up, the database is gone, or a stream has to end. */
  signal: AbortSignal
}

/** A reply with a status or headers of its own. */
export class Reply<T> {
  readonly status: 200 | 201 | 503
  readonly value: T
  readonly headers: Record<string, string>
  constructor(status: 200 | 201 | 503, value: T, headers: Record<string, string> = {}) {
    this.status = status
    this.value = value
    this.headers = headers
  }
}

/**
 * A reply that is sent in chunks, as they come. It ends early if the client hangs up or the server drains; a source
 * that waits must stop when the `signal` of its input aborts.
 */
export class StreamReply {
  readonly contentType: string
  readonly chunks: AsyncIterable<string | Uint8Array>
  constructor(contentType: string, chunks: AsyncIterable<string | Uint8Array>) {
    this.contentType = contentType
    this.chunks = chunks
  }
}

export type Route = { endpoint: Endpoint; handle(input: never): Promise<unknown> }

/** Binds a handler to its endpoint. The handler gets parsed values and returns the value of the reply. */
export const route = <E extends Endpoint>(
  endpoint: E,
  handle: (input: Input<E>) => Promise<z.input<E['response']> | Reply<z.input<E['response']>> | StreamReply>,
): Route => ({ endpoint, handle })

/** Returns method and path of an endpoint and of its aliases. */
export const addresses = ({ method, path, aliases = [] }: Endpoint): [Method, string][] => [
  [method, path],
  ...aliases.map((alias) => alias.split(' ') as [Method, string]),
]

/** Returns the path as Hono writes it: `:id` in place of `{id}`. */
export const toPattern = (path: string) => path.replaceAll(/\{(\w+)\}/g, ':$1')
