import type { Agent, AgentStats } from '@dakera-ai/protocol'
import { sql } from 'drizzle-orm'
import type { NamespaceRef, Tx } from '../../db/tx.ts'

/** Lists every namespace that the caller may read, by name. */
export async function listAgents(tx: Tx): Promise<Agent[]> {
  const rows = await tx.execute<Agent>(sql`
    select n.name as agent_id, c.documents::float8 as memory_count, s.started as session_count, s.active
      as active_sessions
    from count_memories(readable_namespaces()) c join namespaces n on n.id = c.namespace_id
    cross join lateral (
      select count(*)::float8 as started, count(*) filter (where ended_at is null)::float8 as active from sessions
        where namespace_id = n.id) s
    order by n.name`)
  return rows.map(({ agent_id, memory_count, session_count, active_sessions }) => ({
    agent_id,
    memory_count,
    session_count,
    active_sessions,
  }))
}

type Part = { memory_type: string; count: number; importance: number; oldest: number; newest: number }

export async function countAgent(tx: Tx, { id, name }: NamespaceRef): Promise<AgentStats> {
  const parts = await tx.execute<Part>(sql`
    select memory_type, count(*)::float8 as count, sum(importance::numeric)::float8 as importance,
      extract(epoch from min(created_at))::float8 as oldest, extract(epoch from max(created_at))::float8 as newest
    from memories where namespace_id = ${id} group by memory_type order by memory_type`)
  const [sessions] = await tx.execute<{ started: number; active: number }>(sql`
    select count(*)::float8 as started, count(*) filter (where ended_at is null)::float8 as active from sessions
      where namespace_id = ${id}`)
  const total = parts.reduce((sum, { count }) => sum + count, 0)
  return {
    ...emptyAgent(name),
    total_memories: total,
    memories_by_type: Object.fromEntries(parts.map(({ memory_type, count }) => [memory_type, count])),
    total_sessions: sessions?.started ?? 0,
    active_sessions: sessions?.active ?? 0,
    ...(total > 0 && {
      avg_importance: parts.reduce((sum, { importance }) => sum + importance, 0) / total,
      oldest_memory_at: toIso(Math.min(...parts.map(({ oldest }) => oldest))),
      newest_memory_at: toIso(Math.max(...parts.map(({ newest }) => newest))),
    }),
  }
}

/** Returns the statistics of an empty namespace. */
export const emptyAgent = (agent_id: string): AgentStats => ({
  agent_id,
  total_memories: 0,
  memories_by_type: {},
  total_sessions: 0,
  active_sessions: 0,
  avg_importance: 0,
  oldest_memory_at: null,
  newest_memory_at: null,
})

const toIso = (seconds: number) => new Date(seconds * 1000).toISOString()
