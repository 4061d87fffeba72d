import { expectPart, pageOf } from '../decode.ts'
import { type List, list, withNames } from '../list.ts'
import type {
  ForgetBatchResponse,
  ForgetRequest,
  ForgetResponse,
  ListMemoriesRequest,
  ListMemoriesResponse,
  Memory,
  MemoryFilter,
  NewMemory,
  RecalledMemory,
  RecallRequest,
  RecallResponse,
  SearchRequest,
  SetImportanceResponse,
  StoreMemoriesResponse,
  StoreMemoryResponse,
  UpdateMemoryRequest,
  UpdateMemoryResponse,
} from '../models.ts'
import { type OwnerOptions, path, type RequestOptions, request } from '../request.ts'
import { toWire } from '../spelling.ts'
import type { Transport } from '../transport.ts'
import { PrintedMemories } from './memories-printed.ts'

/** Options of recall: all fields except the namespace and the query. */
export type RecallOptions = Omit<RecallRequest, 'query' | Place>
/** Options of search: all fields except the namespace and the query. */
export type SearchOptions = Omit<SearchRequest, 'query' | Place>
type Place = 'agentId' | 'agent_id' | 'namespaces'
/** Changes of a memory; omitted fields stay unchanged. */
export type MemoryChanges = UpdateMemoryRequest
/** Conditions on memories to forget: at least one is required, and a memory must match all of them. */
export type ForgetSelector = ForgetRequest & {
  /** Short for `beforeTimestamp`. */ before?: ForgetRequest['beforeTimestamp']
}
/** Conditions on memories to list. */
export type ListMemoriesOptions = ListMemoriesRequest

/** A memory as recall and search return it: its own fields, and how well it matches the query. */
export type FoundMemory = Memory & {
  /** From 0 to 1. Comparable between queries. */
  score: number
  /** How well its words match. */
  textScore?: number
  /** How similar its meaning is. */
  vectorScore?: number
  /** The parts of the score, if `explain` was set. */
  explain?: Record<string, unknown>
  /** Pieces of the content with matches between ** and **, if a search set `highlight`. */
  highlights?: string[]
}

/** The result of recall and search: an array, best first. */
export type FoundMemories = FoundMemory[] & {
  readonly memories: FoundMemory[]
  readonly totalFound: number
  readonly queryTimeMs: number
  /** With `skipDenied`: the skipped namespaces. */
  readonly denied: string[]
}

/** A stored memory: its fields at top level, and again under `memory`. */
export type StoredMemory = Memory & StoreMemoryResponse

/** Store, find, change and forget what agents know. */
export class Memories extends PrintedMemories {
  readonly #transport: Transport
  constructor(transport: Transport) {
    super(transport)
    this.#transport = transport
  }

  /** Store one memory. Recall and search find it from the next call on. */
  store(namespace: string, memory: NewMemory, options?: RequestOptions): Promise<StoredMemory> {
    const body = { ...toWire(memory), agent_id: namespace }
    return request(this.#transport, {
      operation: 'memories.store',
      method: 'POST',
      path: '/v1/memory/store',
      body,
      options,
      decode: flattenStored,
    })
  }

  /** Store up to 1000 memories: either all or none. */
  storeBatch(
    namespace: string,
    memories: readonly NewMemory[],
    options?: RequestOptions,
  ): Promise<StoreMemoriesResponse> {
    const body = { agent_id: namespace, memories: memories.map(toWire) }
    return request(this.#transport, {
      operation: 'memories.storeBatch',
      method: 'POST',
      path: '/v1/memories/store/batch',
      body,
      options,
    })
  }

  /**
   * Find the memories that best answer a query, by meaning and by words together. Several namespaces make one ranking.
   */
  recall(
    namespace: string | readonly string[],
    query: string,
    how?: RecallOptions,
    options?: RequestOptions,
  ): Promise<FoundMemories> {
    const body = { ...toWire(how), ...inNamespaces(namespace), query }
    return request(this.#transport, {
      operation: 'memories.recall',
      method: 'POST',
      path: '/v1/memory/recall',
      body,
      isRead: true,
      options,
      decode: flattenFound,
    })
  }

  /**
   * Find memories by their words: `word "a phrase" -excluded tag:name prefix*`. Memories that match all of them come
   * first.
   */
  search(
    namespace: string | readonly string[],
    query: string,
    how?: SearchOptions,
    options?: RequestOptions,
  ): Promise<FoundMemories> {
    const body = { ...toWire(how), ...inNamespaces(namespace), query }
    return request(this.#transport, {
      operation: 'memories.search',
      method: 'POST',
      path: '/v1/memory/search',
      body,
      isRead: true,
      options,
      decode: flattenFound,
    })
  }

  /**
   * Change a memory. With `ifVersion` only if it still has this version; otherwise the call rejects with `CONFLICT`.
   */
  async update(
    id: string,
    changes: MemoryChanges,
    { namespace, ifVersion, ...options }: OwnerOptions & { ifVersion?: number | undefined } = {},
  ): Promise<UpdateMemoryResponse> {
    return request(this.#transport, {
      operation: 'memories.update',
      method: 'PUT',
      path: path`/v1/memory/update/${id}`,
      query: { agent_id: namespace },
      headers: ifVersion === undefined ? undefined : { 'if-match': `"${ifVersion}"` },
      body: toWire(changes),
      options,
    })
  }

  /** Set the importance of one or more memories: either all or none. */
  setImportance(
    namespace: string,
    ids: string | readonly string[],
    importance: number,
    options?: RequestOptions,
  ): Promise<SetImportanceResponse> {
    const body = {
      agent_id: namespace,
      ...(typeof ids === 'string' ? { memory_id: ids } : { memory_ids: ids }),
      importance,
    }
    return request(this.#transport, {
      operation: 'memories.setImportance',
      method: 'POST',
      path: '/v1/memory/importance',
      body,
      options,
    })
  }

  /** Forget memories by id, by ids, or by tags, session or age. */
  forget(
    namespace: string,
    which: string | readonly string[] | ForgetSelector,
    options?: RequestOptions,
  ): Promise<ForgetResponse> {
    const body = { ...toSelector(which), agent_id: namespace }
    return request(this.#transport, {
      operation: 'memories.forget',
      method: 'POST',
      path: '/v1/memory/forget',
      body,
      options,
    })
  }

  /** Forget every memory that matches a filter; `dryRun` only counts them. */
  forgetBatch(
    namespace: string,
    filter: MemoryFilter,
    { dryRun, ...options }: RequestOptions & { dryRun?: boolean | undefined } = {},
  ): Promise<ForgetBatchResponse> {
    const body = { agent_id: namespace, filter: toWire(filter), dry_run: dryRun }
    // POST instead of DELETE, because some proxies drop the body of a DELETE.
    return request(this.#transport, {
      operation: 'memories.forgetBatch',
      method: 'POST',
      path: '/v1/memories/forget/batch',
      body,
      options,
    })
  }

  /** List the memories that match a filter, newest first. Await it for one page, or `for await` over it for all. */
  list(namespace: string, which: ListMemoriesOptions = {}, options?: RequestOptions): List<Memory> {
    const { filter, cursor: from, ...rest } = which
    return list((cursor) => {
      const body = {
        ...toWire(rest),
        agent_id: namespace,
        ...(filter && { filter: toWire(filter) }),
        cursor: cursor ?? from,
      }
      return request(this.#transport, {
        operation: 'memories.list',
        method: 'POST',
        path: '/v1/memories/recall/batch',
        body,
        isRead: true,
        options,
        decode: (reply: ListMemoriesResponse) => pageOf(reply.memories, reply),
      })
    })
  }
}

const flattenStored = (reply: StoreMemoryResponse): StoredMemory => ({
  ...expectPart(reply.memory, 'memory', 'id'),
  ...reply,
})

function flattenFound({ memories, total_found, query_time_ms, denied = [] }: RecallResponse): FoundMemories {
  const found = memories.map(flatten)
  return withNames(found, { memories: found, totalFound: total_found, queryTimeMs: query_time_ms, denied })
}

const flatten = ({ memory, score, text_score, vector_score, explain, highlights }: RecalledMemory): FoundMemory => ({
  ...expectPart(memory, 'memory', 'id'),
  score,
  ...(text_score !== undefined && { textScore: text_score }),
  ...(vector_score !== undefined && { vectorScore: vector_score }),
  ...(explain !== undefined && { explain }),
  ...(highlights !== undefined && { highlights }),
})

function toSelector(which: string | readonly string[] | ForgetSelector): Record<string, unknown> {
  if (typeof which === 'string') return { memory_ids: [which] }
  if (isList(which)) return { memory_ids: which }
  const { before, ...selector } = which ?? {}
  return toWire({ ...(before != null && { beforeTimestamp: before }), ...selector })
}

const inNamespaces = (namespace: string | readonly string[]) =>
  isList(namespace) ? { namespaces: namespace } : { agent_id: namespace }

const isList = (value: unknown): value is readonly string[] => Array.isArray(value)
