import { type List, listByOffset, withNames } from '../list.ts'
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
import { path, type RequestOptions, request } from '../request.ts'
import { toWire } from '../spelling.ts'
import type { Transport } from '../transport.ts'
import type { OwnerOptions } from './memories.ts'

/** A page of a list by offset. */
export type OffsetOptions = {
  /** Default 100. */
  limit?: number | undefined
  /** Number of results to skip. */
  offset?: number | undefined
}
/** Which sessions to list. */
export type ListSessionsOptions = OffsetOptions & {
  /** Every namespace this key may read unless said. */
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

  /** Start a session. Memories are added to it by `session_id`. */
  start(namespace: string, session?: StartSessionRequest, options?: RequestOptions): Promise<Session> {
    const body = { ...toWire(session), agent_id: namespace }
    return request(this.#transport, {
      operation: 'sessions.start',
      method: 'POST',
      path: '/v1/sessions/start',
      body,
      options,
      decode: toSession,
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
      decode: toSession,
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

  /** List sessions, newest first. Await it for one page, or `for await` over it for all. */
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
        decode: toPage,
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
        decode: toMemories,
      }),
    )
  }
}

/** Handing on what is not there would make a session without an id. */
function toSession({ session }: StartSessionResponse | EndSessionResponse): Session {
  if (typeof session?.id !== 'string') throw new TypeError('There is no session in the reply.')
  return session
}

const toPage = ({ sessions, total }: ListSessionsResponse) => withNames([...sessions], { total })
const toMemories = ({ memories, total }: SessionMemoriesResponse) => withNames([...memories], { total })
