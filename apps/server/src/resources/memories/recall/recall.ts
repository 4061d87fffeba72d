import {
  REPLY_BYTES,
  type RecalledMemory,
  type RecallRequest,
  type RecallResponse,
  type SearchRequest,
} from '@dakera-ai/protocol'
import type * as z from 'zod'
import type { KeyCaller } from '../../../db/caller.ts'
import type { Deps } from '../../../deps.ts'
import { Fault, toFault } from '../../../fault.ts'
import { embedFor, round, suppliedVector } from '../embed.ts'
import { findVectors, toMemory } from '../repo.ts'
import { recallSelection } from '../selection.ts'
import { directionOf, pickDiverse } from './diversity.ts'
import { type RecallCall, type RecallOptions, type RecallRow, recallMemories } from './recall-query.ts'
import { excess, parseSearch, type SearchQuery } from './search-query.ts'

type Recall = z.output<typeof RecallRequest> | z.output<typeof SearchRequest>
type Found = { namespace: string; row: RecallRow }
type Picked = Found & { diversity?: { weight: number; similarity: number; value: number } }

/**
 * Runs recall and search. Search also reads the syntax of its query and ranks exact hits first. Scores are absolute, so
 * several namespaces make one ranking.
 */
export async function recall(
  deps: Pick<Deps, 'embedder' | 'accesses'>,
  caller: KeyCaller,
  kind: 'recall' | 'search',
  body: Recall,
  signal: AbortSignal,
): Promise<RecallResponse> {
  const started = performance.now()
  const { agent_id, top_k: topK, routing, embedding, skip_denied, mmr } = body
  const namespaces = [...new Set(body.namespaces ?? [agent_id as string])]
  const search = kind === 'search' ? readSearch(body.query) : undefined
  const query = search?.text ?? body.query
  const own = suppliedVector(embedding)
  const isByMeaning = routing !== 'bm25' && query !== ''
  const embedded =
    isByMeaning && own === null
      ? await embedFor(deps, caller, namespaces, 'read', [query], () => 'query', signal)
      : undefined
  const isSupplied = own !== null && isByMeaning
  const vector = isByMeaning ? (own ?? embedded?.vectors[0] ?? null) : null
  const tags = search ? { tags: [...(body.tags ?? []), ...search.tags], tags_none: search.noneTags } : {}
  const call = {
    query,
    vector,
    topK: mmr ? poolOf(topK) : topK,
    // If a few of many namespaces contain all of the best, each may take twice its share.
    mostBytes: Math.min(REPLY_BYTES, Math.ceil((2 * REPLY_BYTES) / namespaces.length)),
    selection: recallSelection({ ...body, ...tags }),
    options: { ...optionsOf(body, search, isSupplied), ...(embedded && { embedder: embedded.embedder }) },
  }

  const denied: string[] = []
  const parts = await Promise.all(
    namespaces.map((namespace) =>
      recallIn(caller, { ...call, namespace }).catch((error: unknown) => {
        if (!skip_denied || !isDenial(error)) throw error
        denied.push(namespace)
        return []
      }),
    ),
  )
  const ranked = parts.flat().sort(byRank)
  const column = isSupplied ? 'supplied_v' : 'v'
  const picked = mmr ? await diversify(caller, ranked.slice(0, poolOf(topK)), column, mmr, topK) : ranked.slice(0, topK)
  const memories = whatFits(picked).map(toRecalled)
  for (const namespace of namespaces) {
    const ids = memories.filter(({ memory }) => memory.agent_id === namespace).map(({ memory }) => memory.id)
    deps.accesses.record(caller.keyHash, namespace, ids)
  }
  return {
    memories,
    total_found: memories.length,
    query_time_ms: round(performance.now() - started),
    ...(denied.length > 0 && { denied: denied.sort() }),
  }
}

/** Returns how many hits diversity picks from: its work grows with their number times how many it picks. */
const poolOf = (topK: number) => Math.min(100, Math.max(50, 4 * topK))

function readSearch(query: string): SearchQuery {
  const search = parseSearch(query)
  const message = excess(search)
  if (message)
    throw new Fault(
      'INVALID_REQUEST',
      { issues: [{ path: 'query', message }] },
      { message: `query: ${message}. Leave some out, or use recall.` },
    )
  return search
}

async function recallIn(caller: KeyCaller, call: RecallCall): Promise<Found[]> {
  const rows = await recallMemories(caller, call)
  return rows.map((row) => ({ namespace: call.namespace, row }))
}

const isDenial = (error: unknown) => ['NAMESPACE_ACCESS_DENIED', 'INSUFFICIENT_SCOPE'].includes(toFault(error).code)

/** Sorts as the database does within one namespace. */
const byRank = ({ row: a }: Found, { row: b }: Found) =>
  Number(b.exact) - Number(a.exact) ||
  b.score - a.score ||
  b.importance - a.importance ||
  b.created_at - a.created_at ||
  (a.id < b.id ? 1 : -1)

/** Returns the first hits that fit into a reply, at least one. */
function whatFits(picked: Picked[]): Picked[] {
  let room = REPLY_BYTES
  const end = picked.findIndex(({ row }) => {
    room -= row.bytes
    return room < 0
  })
  return end < 0 ? picked : picked.slice(0, Math.max(1, end))
}

/**
 * Ranks near-copies of better hits lower, among the exact hits and among the others. Vectors are read only here,
 * because a vector can be longer than its memory, and most hits of twenty namespaces are not in the pool.
 */
async function diversify(
  { read }: KeyCaller,
  pool: Found[],
  column: 'v' | 'supplied_v',
  weight: number,
  topK: number,
): Promise<Picked[]> {
  const ids = pool.map(({ namespace, row }) => ({ namespace, id: row.id }))
  const vectors = await read((tx) => findVectors(tx, ids, column))
  const hits = pool.map((found, at) => {
    const vector = vectors[at]
    return {
      found,
      score: found.row.score,
      content: found.row.content,
      direction: vector ? directionOf(JSON.parse(vector) as number[]) : undefined,
    }
  })
  const exact = pickDiverse(
    hits.filter(({ found }) => found.row.exact),
    weight,
    topK,
  )
  const rest = pickDiverse(
    hits.filter(({ found }) => !found.row.exact),
    weight,
    topK - exact.length,
  )
  return [...exact, ...rest].map(({ hit, similarity, value }) => ({
    ...hit.found,
    diversity: { weight, similarity, value },
  }))
}

const NOTHING_ELSE = { context: 0, speaker: 0, question: 0 }

function optionsOf(body: Recall, search: SearchQuery | undefined, isSupplied: boolean): RecallOptions {
  const { routing, weights, vector_weight, min_score, explain } = body
  return {
    ...(vector_weight != null && { vector: vector_weight }),
    ...weights,
    // A request for one arm gets the scores of that arm alone.
    ...(routing === 'bm25' && { vector: 0, ...NOTHING_ELSE }),
    ...(routing === 'vector' && { vector: 1, ...NOTHING_ELSE }),
    ...(min_score != null && { min_score }),
    ...(explain && { explain }),
    ...(isSupplied && { supplied: true }),
    ...(search && 'mode' in body && searchOptions(search, body)),
  }
}

/** Returns the options of a search. An exact search tolerates no wrong letters. */
export const searchOptions = (
  { all, prefixes, none, nonePrefixes }: SearchQuery,
  { mode, highlight }: Pick<z.output<typeof SearchRequest>, 'mode' | 'highlight'>,
) => ({
  search: { all, prefixes, none, none_prefixes: nonePrefixes, typos: mode !== 'exact', only: mode === 'exact' },
  ...(highlight && { highlight }),
})

const toRecalled = ({ namespace, row, diversity }: Picked): RecalledMemory => ({
  memory: toMemory(row, namespace),
  score: row.score,
  weighted_score: row.score,
  smart_score: diversity?.value ?? row.score,
  vector_score: row.vector_score,
  text_score: row.text_score,
  ...(row.explain && { explain: { ...row.explain, ...(diversity && { mmr: diversity }) } }),
  ...(row.highlights && { highlights: row.highlights }),
})
