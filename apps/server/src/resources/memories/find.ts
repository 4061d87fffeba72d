import type { RecalledMemory, RecallRequest, RecallResponse, SearchRequest } from '@dakera-ai/protocol'
import type * as z from 'zod'
import type { Deps } from '../../deps.ts'
import { toFault } from '../../fault.ts'
import type { Principal } from '../../principal.ts'
import { type RecallCall, type RecallRow, recallMemories } from './hot.ts'
import { toMemory } from './repo.ts'
import { recallSelection } from './selection.ts'
import { embedFor, round, suppliedVector } from './vectors.ts'

type Recall = z.output<typeof RecallRequest> | z.output<typeof SearchRequest>
type Found = { namespace: string; row: RecallRow }

/** Recall and search: the same call, but for what ranks first. Scores are absolute, so several namespaces make one ranking. */
export async function find(deps: Deps, principal: Principal, kind: 'recall' | 'search', body: Recall, signal: AbortSignal): Promise<RecallResponse> {
  const started = performance.now()
  const { agent_id, query, top_k: topK, routing, embedding, skip_denied } = body
  const namespaces = [...new Set(body.namespaces ?? [agent_id as string])]
  const own = suppliedVector(embedding)
  const vector = routing === 'bm25' ? null : (own ?? (await embedFor(deps, principal, namespaces, 'read', [query], signal)).vectors[0] ?? null)
  const call = { kind, query, vector, topK, selection: recallSelection(body), options: optionsOf(body, own !== null) }

  const denied: string[] = []
  const parts = await Promise.all(
    namespaces.map((namespace) =>
      recallIn(deps, principal, { ...call, namespace }).catch((error: unknown) => {
        if (!skip_denied || !isDenial(error)) throw error
        denied.push(namespace)
        return []
      }),
    ),
  )
  const memories = parts.flat().sort(byRank).slice(0, topK).map(toRecalled)
  return { memories, total_found: memories.length, query_time_ms: round(performance.now() - started), ...(denied.length > 0 && { denied: denied.sort() }) }
}

async function recallIn(deps: Deps, principal: Principal, call: RecallCall): Promise<Found[]> {
  const rows = await recallMemories(deps.database, principal, call)
  const ids = rows.map(({ id }) => id)
  deps.accesses.note(call.namespace, ids)
  return rows.map((row) => ({ namespace: call.namespace, row }))
}

const isDenial = (error: unknown) => ['NAMESPACE_ACCESS_DENIED', 'INSUFFICIENT_SCOPE'].includes(toFault(error).code)

/** As the database sorts within one namespace. */
const byRank = ({ row: a }: Found, { row: b }: Found) =>
  Number(b.exact) - Number(a.exact) || b.score - a.score || b.importance - a.importance || b.created_at - a.created_at || (a.id < b.id ? 1 : -1)

function optionsOf({ routing, weights, vector_weight, min_score, explain, ...body }: Recall, isSupplied: boolean): Record<string, unknown> {
  return {
    ...(vector_weight != null && { vector: vector_weight }),
    ...weights,
    // Who asks for one arm wants to see that arm.
    ...(routing === 'bm25' && { vector: 0, context: 0 }),
    ...(routing === 'vector' && { vector: 1, context: 0 }),
    ...(min_score != null && { min_score }),
    ...(explain && { explain }),
    ...(isSupplied && routing !== 'bm25' && { supplied: true }),
    ...('mode' in body && body.mode === 'exact' && { exact: 'only' }),
  }
}

const toRecalled = ({ namespace, row }: Found): RecalledMemory => ({
  memory: toMemory(row, namespace),
  score: row.score,
  weighted_score: row.score,
  smart_score: row.score,
  vector_score: row.vector_score,
  text_score: row.text_score,
  ...(row.explain && { explain: row.explain }),
})
