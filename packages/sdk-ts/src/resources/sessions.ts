// @generated from packages/protocol by packages/codegen; do not edit.
import { expectPart, pageOf } from '../decode.ts'
import { type List, listByOffset, type OffsetOptions } from '../list.ts'
import type {
  EndSessionRequest,
  EndSessionResponse,
  ListSessionsResponse,
  Memory,
  Session,
  SessionMemoriesResponse,
  StartSessionRequest,
  StartSessionResponse,
} from '../models.ts'
import { type OwnerOptions, path, type RequestOptions, request } from '../request.ts'
import { toWire } from '../spelling.ts'
import type { Transport } from '../transport.ts'

/** The options of `sessions.list`. */
export type ListSessionsOptions = OffsetOptions & {
  /** The namespace. By default, all namespaces this key can read. */
  namespace?: string | undefined
  /** Excludes sessions that have ended. */
  activeOnly?: boolean | undefined
}

/** Stretches of work of an agent, and the memories that belong to them. */
export class Sessions {
  readonly #transport: Transport
  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Start a session. Memories are added to it by `sessionId`. */
  start(namespace: string, session?: StartSessionRequest, options?: RequestOptions): Promise<Session> {
    return request(this.#transport, {
      operation: 'sessions.start',
      method: 'POST',
      path: '/v1/sessions/start',
      body: { ...toWire(session), agent_id: namespace },
      options,
      decode: ({ session }: StartSessionResponse) => expectPart(session, 'session', 'id'),
    })
  }

  /** End a session. If it has ended already, only its summary changes. */
  async end(id: string, how?: EndSessionRequest, { namespace, ...options }: OwnerOptions = {}): Promise<Session> {
    return request(this.#transport, {
      operation: 'sessions.end',
      method: 'POST',
      path: path`/v1/sessions/${id}/end`,
      query: { agent_id: namespace },
      body: toWire(how),
      options,
      decode: ({ session }: EndSessionResponse) => expectPart(session, 'session', 'id'),
    })
  }

  /** Fetch one session. Rejects with `NOT_FOUND` if there is none this key may read. */
  async get(id: string, { namespace, ...options }: OwnerOptions = {}): Promise<Session> {
    return request(this.#transport, {
      operation: 'sessions.get',
      method: 'GET',
      path: path`/v1/sessions/${id}`,
      query: { agent_id: namespace },
      options,
    })
  }

  /**
   * List the sessions of one namespace, or of all namespaces this key can read, newest first. Await it for one page, or
   * `for await` over it for all.
   */
  list(
    { namespace, activeOnly, limit, offset: from = 0 }: ListSessionsOptions = {},
    options?: RequestOptions,
  ): List<Session> {
    return listByOffset(from, (offset) =>
      request(this.#transport, {
        operation: 'sessions.list',
        method: 'GET',
        path: '/v1/sessions',
        query: { agent_id: namespace, active_only: activeOnly, limit, offset },
        options,
        decode: (reply: ListSessionsResponse) => pageOf(reply.sessions, reply),
      }),
    )
  }

  /**
   * List the memories of a session in the order they were stored. Await it for one page, or `for await` over it for
   * all.
   */
  memories(
    id: string,
    { limit, offset: from = 0 }: OffsetOptions = {},
    { namespace, ...options }: OwnerOptions = {},
  ): List<Memory> {
    return listByOffset(from, async (offset) =>
      request(this.#transport, {
        operation: 'sessions.memories',
        method: 'GET',
        path: path`/v1/sessions/${id}/memories`,
        query: { agent_id: namespace, limit, offset },
        options,
        decode: (reply: SessionMemoriesResponse) => pageOf(reply.memories, reply),
      }),
    )
  }
}
