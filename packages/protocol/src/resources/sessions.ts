import * as z from 'zod'
import { endpoint } from '../endpoint.ts'
import { fromQuery, JsonObject, offsetPage, text, UnixSeconds } from '../fields.ts'
import { closed } from '../known.ts'
import { Memory } from './memories.ts'
import { NamespaceName } from './namespaces.ts'

const AgentId = NamespaceName.meta({ description: 'The namespace.' })

export const Session = z
  .object({
    id: z.string().meta({ description: 'Unique within its namespace. Memories refer to it as `session_id`.' }),
    agent_id: z.string().meta({ description: 'The namespace of the session.' }),
    started_at: UnixSeconds,
    ended_at: UnixSeconds.nullable(),
    summary: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()),
    memory_count: z.int().meta({ description: 'Number of memories in this session that have not expired.' }),
  })
  .meta({ id: 'Session', description: 'A period of work of an agent, with a start and an end.' })
export type Session = z.output<typeof Session>

export const StartSessionRequest = z
  .object({
    agent_id: AgentId,
    metadata: JsonObject.default({}).meta({ description: 'Any JSON object. The server does not use it.' }),
    id: text(1, 200).nullish().meta({
      description: 'Chosen by the caller. Requires a read-write grant, because an id that is taken is rejected.',
    }),
  })
  .meta({ id: 'StartSessionRequest' })
export type StartSessionRequest = z.input<typeof StartSessionRequest>

export const StartSessionResponse = z.object({ session: Session }).meta({ id: 'StartSessionResponse' })
export type StartSessionResponse = z.output<typeof StartSessionResponse>

export const EndSessionRequest = z
  .object({
    agent_id: AgentId.nullish(),
    summary: text(0, 100_000)
      .nullish()
      .meta({ description: 'The outcome of the session. If omitted, the previous summary stays.' }),
  })
  .meta({ id: 'EndSessionRequest' })
export type EndSessionRequest = z.input<typeof EndSessionRequest>

export const EndSessionResponse = z
  .object({ session: Session, memory_count: z.int() })
  .meta({ id: 'EndSessionResponse' })
export type EndSessionResponse = z.output<typeof EndSessionResponse>

export const SessionQuery = z.object({ agent_id: AgentId.optional() })

export const ListSessionsQuery = closed(
  z.object({
    agent_id: AgentId.optional().meta({ description: 'The namespace. By default, all namespaces this key can read.' }),
    active_only: fromQuery('boolean', z.boolean().default(false)).meta({
      description: 'Excludes sessions that have ended.',
    }),
    ...offsetPage,
  }),
)
export const ListSessionsResponse = z
  .object({
    sessions: z.array(Session),
    total: z.int().meta({ description: 'Number of matching sessions on all pages.' }),
  })
  .meta({ id: 'ListSessionsResponse', description: 'Newest first.' })
export type ListSessionsResponse = z.output<typeof ListSessionsResponse>

export const SessionMemoriesQuery = closed(SessionQuery.extend(offsetPage))
export const SessionMemoriesResponse = z
  .object({
    session: Session,
    memories: z.array(Memory),
    total: z.int().meta({ description: 'Number of memories in the session, on all pages.' }),
  })
  .meta({ id: 'SessionMemoriesResponse', description: 'Oldest first.' })
export type SessionMemoriesResponse = z.output<typeof SessionMemoriesResponse>

const refusals = [
  'INVALID_REQUEST',
  'AUTHENTICATION_REQUIRED',
  'INVALID_API_KEY',
  'API_KEY_EXPIRED',
  'INSUFFICIENT_SCOPE',
  'NAMESPACE_ACCESS_DENIED',
] as const

export const sessionEndpoints = {
  start: endpoint({
    id: 'sessions.start',
    flat: 'startSession',
    method: 'POST',
    path: '/v1/sessions/start',
    summary: 'Start a session. Memories are added to it by `session_id`.',
    body: StartSessionRequest,
    response: StartSessionResponse,
    returns: 'session',
    errors: [...refusals, 'CONFLICT', 'PAYLOAD_TOO_LARGE'],
  }),
  end: endpoint({
    id: 'sessions.end',
    flat: 'endSession',
    method: 'POST',
    path: '/v1/sessions/{session_id}/end',
    summary: 'End a session. If it has ended already, only its summary changes.',
    query: SessionQuery,
    body: EndSessionRequest,
    response: EndSessionResponse,
    returns: 'session',
    errors: [...refusals, 'NOT_FOUND', 'CONFLICT', 'PAYLOAD_TOO_LARGE'],
  }),
  get: endpoint({
    id: 'sessions.get',
    flat: 'getSession',
    method: 'GET',
    path: '/v1/sessions/{session_id}',
    summary: 'Fetch one session.',
    query: SessionQuery,
    response: Session,
    errors: [...refusals, 'NOT_FOUND', 'CONFLICT'],
  }),
  list: endpoint({
    id: 'sessions.list',
    flat: 'listSessions',
    method: 'GET',
    path: '/v1/sessions',
    isStrict: true,
    summary: 'List the sessions of one namespace, or of all namespaces this key can read, newest first.',
    query: ListSessionsQuery,
    response: ListSessionsResponse,
    returns: 'sessions',
    errors: refusals,
  }),
  memories: endpoint({
    id: 'sessions.memories',
    flat: 'sessionMemories',
    method: 'GET',
    path: '/v1/sessions/{session_id}/memories',
    isStrict: true,
    summary: 'List the memories of a session in the order they were stored.',
    query: SessionMemoriesQuery,
    response: SessionMemoriesResponse,
    returns: 'memories',
    errors: [...refusals, 'NOT_FOUND', 'CONFLICT'],
  }),
}
