import * as z from 'zod'
import { endpoint } from '../endpoint.ts'
import { offsetPage, text } from '../fields.ts'
import { closed } from '../known.ts'
import { Memory } from './memories.ts'

export const Agent = z
  .object({
    agent_id: z.string().meta({ description: 'The namespace.' }),
    memory_count: z.int(),
    session_count: z.int(),
    active_sessions: z.int().meta({ description: 'Sessions that have not ended.' }),
  })
  .meta({ id: 'Agent', description: 'A namespace as the memory of one agent.' })
export type Agent = z.output<typeof Agent>

const Moment = z.iso.datetime().nullable().meta({ description: 'ISO-8601. null if there are no memories.' })

export const AgentStats = z
  .object({
    agent_id: z.string(),
    total_memories: z.int(),
    memories_by_type: z.record(z.string(), z.int()),
    total_sessions: z.int(),
    active_sessions: z.int(),
    avg_importance: z.number().meta({ description: '0 if there are no memories.' }),
    oldest_memory_at: Moment,
    newest_memory_at: Moment,
  })
  .meta({ id: 'AgentStats' })
export type AgentStats = z.output<typeof AgentStats>

export const AgentMemoriesQuery = closed(
  z.object({ memory_type: text(1, 50).optional().meta({ description: 'Only memories of this type.' }), ...offsetPage }),
)

const refusals = ['AUTHENTICATION_REQUIRED', 'INVALID_API_KEY', 'API_KEY_EXPIRED'] as const
const refusalsByName = ['INVALID_REQUEST', ...refusals, 'INSUFFICIENT_SCOPE', 'NAMESPACE_ACCESS_DENIED'] as const

export const agentEndpoints = {
  list: endpoint({
    id: 'agents.list',
    flat: 'listAgents',
    method: 'GET',
    path: '/v1/agents',
    summary: 'List the namespaces this key can read, with counts of memories and sessions.',
    response: z.array(Agent),
    errors: refusals,
  }),
  stats: endpoint({
    id: 'agents.stats',
    flat: 'agentStats',
    method: 'GET',
    path: '/v1/agents/{agent_id}/stats',
    summary: 'Return statistics of one namespace.',
    response: AgentStats,
    errors: refusalsByName,
  }),
  memories: endpoint({
    id: 'agents.memories',
    flat: 'agentMemories',
    method: 'GET',
    path: '/v1/agents/{agent_id}/memories',
    isStrict: true,
    summary: 'List the memories of one namespace, newest first.',
    query: AgentMemoriesQuery,
    response: z.array(Memory),
    errors: refusalsByName,
  }),
}
