import * as z from 'zod'
import {
  ONE_MEMORY_BYTES,
  QUESTION_BYTES,
  SEARCH_MAX_BEGINNINGS,
  SEARCH_MAX_PARTS,
  SEARCH_MAX_WORDS,
} from '../bounds.ts'
import { endpoint } from '../endpoint.ts'
import { fromQuery, Instant, JsonObject, list, text, UnixMilliseconds, UnixSeconds } from '../fields.ts'
import { MetadataFilter } from '../filter.ts'
import { closed, wary } from '../known.ts'
import { Weights } from '../weights.ts'
import { NamespaceName } from './namespaces.ts'

const Id = text(1, 200).meta({ description: 'Unique within its namespace.' })
const Content = text(1, 100_000).meta({ description: 'The text of the memory, verbatim.' })
const MemoryType = text(1, 50).meta({
  description: '`episodic`, `semantic`, `procedural`, `working`, or any other word.',
})
const Importance = z
  .number()
  .min(0)
  .max(1)
  .meta({ description: 'From 0 to 1. Recall ranks important memories higher.' })
const Tag = text(1, 200)
const Tags = list(Tag, 100).meta({ description: 'Labels to filter by.' })
const SessionId = text(1, 200).meta({ description: 'The session it belongs to.' })
const AgentId = NamespaceName.meta({ description: 'The namespace.' })
const Vector = list(z.number(), 4000).meta({
  description: 'A vector from your own embedder, with the dimension of the namespace.',
})

export const Memory = z
  .object({
    id: z.string(),
    agent_id: z.string().meta({ description: 'The namespace of the memory.' }),
    namespace: z.string().meta({ description: 'The same as `agent_id`.' }),
    content: z.string(),
    memory_type: z.string(),
    importance: z.number(),
    tags: z.array(z.string()),
    metadata: z.record(z.string(), z.unknown()),
    session_id: z.string().nullable(),
    author: z.string().nullable().meta({ description: 'Name of the key that stored it, set by the database.' }),
    derived_from: z.array(z.string()),
    valid_from: UnixSeconds.nullable().meta({
      description: 'When the content became true, according to the caller. It does not affect ranking.',
    }),
    created_at: UnixSeconds,
    updated_at: UnixSeconds,
    last_accessed_at: UnixSeconds.nullable(),
    access_count: z.int(),
    expires_at: UnixSeconds.nullable(),
    valid_from_ms: UnixMilliseconds.nullable().optional(),
    created_at_ms: UnixMilliseconds.optional(),
    updated_at_ms: UnixMilliseconds.optional(),
    expires_at_ms: UnixMilliseconds.nullable().optional(),
    version: z.int().meta({
      description: 'Incremented by every change. Send it as If-Match to update only the version you have read.',
    }),
  })
  .meta({ id: 'Memory', description: 'One memory of an agent.' })
export type Memory = z.output<typeof Memory>

// ── Store ──

export const NewMemory = z
  .object({
    content: Content,
    memory_type: MemoryType.default('episodic'),
    importance: Importance.default(0.5),
    tags: Tags.default([]),
    metadata: JsonObject.default({}).meta({
      description: 'Any JSON object. Filters can refer to it. Numbers keep their exact value.',
    }),
    session_id: SessionId.nullish(),
    ttl_seconds: z
      .number()
      .positive()
      .max(3_153_600_000)
      .nullish()
      .meta({ description: 'Seconds until it expires. `expires_at` takes precedence.' }),
    expires_at: Instant.nullish(),
    valid_from: Instant.nullish(),
    embedding: Vector.nullish(),
    id: Id.nullish().meta({
      description: 'Chosen by the caller. Requires a read-write grant, because an id that is taken is rejected.',
    }),
  })
  .meta({ id: 'NewMemory' })
export type NewMemory = z.input<typeof NewMemory>

export const StoreMemoryRequest = NewMemory.extend({ agent_id: AgentId }).meta({ id: 'StoreMemoryRequest' })
export type StoreMemoryRequest = z.input<typeof StoreMemoryRequest>

export const StoreMemoryResponse = z
  .object({ memory: Memory, embedding_time_ms: z.number() })
  .meta({ id: 'StoreMemoryResponse' })
export type StoreMemoryResponse = z.output<typeof StoreMemoryResponse>

export const StoreMemoriesRequest = z
  .object({
    agent_id: AgentId,
    memories: list(NewMemory, 1000).min(1).meta({ description: '1 to 1000 memories.' }),
  })
  .meta({ id: 'StoreMemoriesRequest', description: 'Either all memories are stored or none.' })
export type StoreMemoriesRequest = z.input<typeof StoreMemoriesRequest>

const StoredItem = Memory.pick({
  id: true,
  content: true,
  agent_id: true,
  tags: true,
  importance: true,
  created_at: true,
}).meta({ id: 'StoredItem' })

export const StoreMemoriesResponse = z
  .object({
    stored: z.array(StoredItem),
    stored_count: z.int(),
    total_embedding_time_ms: z.number(),
  })
  .meta({ id: 'StoreMemoriesResponse', description: 'In the order of the request.' })
export type StoreMemoriesResponse = z.output<typeof StoreMemoriesResponse>

// ── Recall and search ──

const Routing = z.enum(['auto', 'hybrid', 'vector', 'bm25']).meta({
  title: 'Routing',
  description: 'Which kind of search runs: by meaning (`vector`), by words (`bm25`) or both.',
})

const selection = {
  min_importance: Importance.nullish().meta({ description: 'Minimum importance.' }),
  max_importance: Importance.nullish().meta({ description: 'Maximum importance.' }),
  memory_type: MemoryType.nullish().meta({ description: 'Only memories of this type.' }),
  tags: Tags.nullish().meta({ description: 'The memory must have all of these tags.' }),
  tags_any: Tags.nullish().meta({ description: 'The memory must have at least one of these tags.' }),
  filter: MetadataFilter.nullish(),
  author: text(1, 200).nullish().meta({ description: 'Name of the key that stored it.' }),
  exclude_author: text(1, 200)
    .nullish()
    .meta({ description: 'Excludes memories stored by the key with this name; `self` is the calling key.' }),
  session_id: SessionId.nullish(),
  since: Instant.nullish(),
  until: Instant.nullish(),
}

const recallFields = {
  agent_id: AgentId.optional(),
  namespaces: list(NamespaceName, 20)
    .min(1)
    .nullish()
    .meta({ description: 'Several namespaces, ranked together, instead of `agent_id`.' }),
  skip_denied: z.boolean().default(false).meta({
    description: 'Skips namespaces without a grant and lists them in `denied`. By default they are an error.',
  }),
  query: text(1, 10_000).meta({ description: 'What to look for, in natural language.' }),
  ...selection,
  routing: Routing.default('auto'),
  weights: Weights.nullish().meta({
    description: 'Weights of the ranking. Omitted ones have the defaults of the namespace.',
  }),
  vector_weight: z
    .number()
    .min(0)
    .max(1)
    .nullish()
    .meta({ description: 'The same as `weights.vector`, which takes precedence.' }),
  min_score: z.number().min(0).max(1).nullish().meta({ description: 'Excludes hits with a lower `score`.' }),
  mmr: z
    .number()
    .min(0)
    .max(1)
    .nullish()
    .meta({
      description:
        'Diversity: how much a memory is demoted for its similarity to a higher-ranked one, so that ' +
        'near-duplicates do not fill the results. Default 0.',
    }),
  explain: z.boolean().default(false).meta({ description: 'Adds the parts of each score.' }),
  embedding: Vector.nullish(),
}
/** Requires either one namespace or several: with both, the intent would be a guess. */
const placed = <S extends z.ZodType<{ agent_id?: string | undefined; namespaces?: string[] | null | undefined }>>(
  schema: S,
) =>
  schema.refine((body) => (body.agent_id === undefined) !== (body.namespaces == null), {
    path: ['agent_id'],
    error: 'give agent_id, or namespaces instead',
  })
const topK = (by_default: number) =>
  z.int().min(1).max(100).default(by_default).meta({ description: 'Maximum number of hits.' })
const SearchText = recallFields.query.meta({
  description:
    'Words, "quoted phrases", -excluded, tag:name, -tag:name and prefixes like hnsw*: at most ' +
    `${SEARCH_MAX_PARTS}, with at most ${SEARCH_MAX_WORDS} words and ${SEARCH_MAX_BEGINNINGS} ` +
    'prefixes among them. Memories that match all of them come first.',
})
const Highlight = z
  .boolean()
  .default(false)
  .meta({ description: 'Adds `highlights`: excerpts of the content with the matched words between ** and **.' })
const Mode = z.enum(['best', 'exact']).default('best').meta({
  title: 'SearchMode',
  description: '`exact` returns only memories that contain every word, phrase and prefix.',
})

/** What other calls name these fields. */
const askedElsewhere = {
  filters: 'did you mean filter?',
  metadata: 'conditions on metadata go into filter',
  created_after: 'did you mean since?',
  created_before: 'did you mean until?',
  before_timestamp: 'did you mean until?',
  limit: 'did you mean top_k?',
}
export const RecallRequest = placed(wary(z.object({ ...recallFields, top_k: topK(5) }), askedElsewhere)).meta({
  id: 'RecallRequest',
})
export type RecallRequest = z.input<typeof RecallRequest>
export const SearchRequest = placed(
  wary(
    z.object({ ...recallFields, query: SearchText, top_k: topK(10), mode: Mode, highlight: Highlight }),
    askedElsewhere,
  ),
).meta({
  id: 'SearchRequest',
})
export type SearchRequest = z.input<typeof SearchRequest>

const queryFields = {
  ...recallFields,
  namespaces: fromQuery('list', recallFields.namespaces),
  skip_denied: fromQuery('boolean', recallFields.skip_denied),
  min_importance: fromQuery('number', recallFields.min_importance),
  max_importance: fromQuery('number', recallFields.max_importance),
  tags: fromQuery('list', recallFields.tags),
  tags_any: fromQuery('list', recallFields.tags_any),
  filter: fromQuery('json', recallFields.filter),
  since: fromQuery('number', recallFields.since),
  until: fromQuery('number', recallFields.until),
  weights: fromQuery('json', recallFields.weights),
  vector_weight: fromQuery('number', recallFields.vector_weight),
  mmr: fromQuery('number', recallFields.mmr),
  min_score: fromQuery('number', recallFields.min_score),
  explain: fromQuery('boolean', recallFields.explain),
  embedding: fromQuery('json', recallFields.embedding),
}
export const RecallQuery = placed(
  wary(z.object({ ...queryFields, top_k: fromQuery('number', topK(5)) }), askedElsewhere),
)
export const SearchQuery = placed(
  wary(
    z.object({
      ...queryFields,
      query: SearchText,
      top_k: fromQuery('number', topK(10)),
      mode: Mode,
      highlight: fromQuery('boolean', Highlight),
    }),
    askedElsewhere,
  ),
)

export const RecalledMemory = z
  .object({
    memory: Memory,
    score: z.number().meta({ description: 'From 0 to 1. Comparable between queries.' }),
    weighted_score: z.number(),
    smart_score: z
      .number()
      .meta({ description: 'Sort key: `score`, reduced under `mmr` for memories similar to a higher-ranked one.' }),
    vector_score: z.number().optional(),
    text_score: z.number().optional(),
    explain: z.record(z.string(), z.unknown()).optional(),
    highlights: z.array(z.string()).optional().meta({
      description: 'With `highlight`: up to three excerpts of the content, with the matched words between ** and **.',
    }),
  })
  .meta({ id: 'RecalledMemory' })
export type RecalledMemory = z.output<typeof RecalledMemory>

export const RecallResponse = z
  .object({
    memories: z.array(RecalledMemory),
    total_found: z.int(),
    query_time_ms: z.number(),
    denied: z
      .array(z.string())
      .optional()
      .meta({ description: 'With `skip_denied`: the namespaces that were skipped.' }),
  })
  .meta({ id: 'RecallResponse' })
export type RecallResponse = z.output<typeof RecallResponse>

// ── Change and forget ──

export const MemoryQuery = z.object({ agent_id: AgentId.optional() })

const stays = 'it is set when the memory is stored and cannot change'
export const UpdateMemoryRequest = closed(
  z.object({
    agent_id: AgentId.nullish(),
    content: Content.optional(),
    metadata: JsonObject.optional().meta({ description: 'Replaces the previous metadata.' }),
    memory_type: MemoryType.optional(),
    importance: Importance.optional(),
    tags: Tags.optional(),
    session_id: SessionId.nullish().meta({
      description: 'null removes the memory from its session. In a new session it becomes the last memory.',
    }),
    ttl_seconds: NewMemory.shape.ttl_seconds.meta({
      description: 'Seconds from now until it expires. `expires_at` takes precedence.',
    }),
    expires_at: Instant.nullish().meta({ description: 'null: it never expires.' }),
    valid_from: Instant.nullish().meta({ description: 'null: unknown.' }),
    embedding: Vector.nullish().meta({
      description:
        'A new vector from your own embedder; null removes it. If omitted, the vector stays unless `content` ' +
        'changes, because it would then belong to another text.',
    }),
  }),
  {
    id: stays,
    author: stays,
    created_at: stays,
    version: 'send it as the header If-Match',
    if_version: 'send it as the header If-Match',
  },
).meta({ id: 'UpdateMemoryRequest', description: 'Omitted fields stay unchanged.' })
export type UpdateMemoryRequest = z.input<typeof UpdateMemoryRequest>

export const UpdateMemoryResponse = Memory.extend({ memory: Memory }).meta({ id: 'UpdateMemoryResponse' })
export type UpdateMemoryResponse = z.output<typeof UpdateMemoryResponse>

const Ids = list(Id, 1000).meta({ description: 'At most 1000 ids.' })

const otherBounds = {
  before_timestamp: Instant.nullish().meta({
    description: 'Alias of `created_before`; if both are given, both apply.',
  }),
  since: Instant.nullish().meta({ description: 'Alias of `created_after`; if both are given, both apply.' }),
  until: Instant.nullish().meta({ description: 'Alias of `created_before`; if both are given, both apply.' }),
}
const listFields = {
  tags: selection.tags,
  tags_any: selection.tags_any,
  min_importance: selection.min_importance,
  max_importance: selection.max_importance,
  created_after: Instant.nullish(),
  created_before: Instant.nullish(),
  ...otherBounds,
  memory_type: selection.memory_type,
  session_id: selection.session_id,
  author: selection.author,
  exclude_author: selection.exclude_author,
  metadata: MetadataFilter.nullish(),
}
const misplaced = Object.fromEntries(Object.keys(listFields).map((name) => [name, `did you mean filter.${name}?`]))
const DryRun = z.boolean().optional().meta({ description: 'Counts the memories without deleting them.' })

export const ForgetRequest = closed(
  z.object({ agent_id: AgentId, memory_ids: Ids.nullish(), ...listFields, dry_run: DryRun }),
  {
    filter: 'write its fields without filter, or send it to /v1/memories/forget/batch',
    filters: 'write its fields without filters, or send it to /v1/memories/forget/batch',
    before: 'did you mean created_before?',
    older_than: 'did you mean created_before?',
  },
).meta({ id: 'ForgetRequest', description: 'Requires at least one condition. Memories must match all of them.' })
export type ForgetRequest = z.input<typeof ForgetRequest>

export const ForgetResponse = z
  .object({
    deleted_count: z.int(),
    status: z.literal('ok'),
    dry_run: z
      .literal(true)
      .optional()
      .meta({ description: 'Nothing was deleted: `deleted_count` is the number of memories that match.' }),
  })
  .meta({ id: 'ForgetResponse' })
export type ForgetResponse = z.output<typeof ForgetResponse>

const intoMetadata = 'conditions on metadata go into metadata'
const filterInstead = {
  filter: intoMetadata,
  before: 'did you mean created_before?',
  older_than: 'did you mean created_before?',
}
export const MemoryFilter = closed(z.object(listFields), filterInstead, intoMetadata).meta({
  id: 'MemoryFilter',
  description: 'Memories must match every field that is given.',
})
export type MemoryFilter = z.input<typeof MemoryFilter>
const ForgetFilter = closed(z.object({ ...listFields, dry_run: DryRun }), filterInstead, intoMetadata)

export const ForgetBatchRequest = closed(
  z.object({
    agent_id: AgentId,
    filter: ForgetFilter.nullish().meta({ description: 'Which memories: they must match every field that is given.' }),
    filters: ForgetFilter.nullish().meta({ description: 'Alias of `filter`. Send only one of them.' }),
    memory_ids: Ids.nullish(),
    dry_run: DryRun,
  }),
  misplaced,
)
  .superRefine(({ dry_run, filter, filters }, context) => {
    const said = new Set([dry_run, filter?.dry_run, filters?.dry_run].filter((value) => value !== undefined))
    if (said.size > 1)
      context.addIssue({
        code: 'custom',
        path: ['dry_run'],
        message: 'is true in one place and false in another; send it once',
      })
  })
  .meta({ id: 'ForgetBatchRequest', description: 'Requires at least one condition that excludes memories.' })
export type ForgetBatchRequest = z.input<typeof ForgetBatchRequest>

export const ForgetBatchResponse = z
  .object({ deleted_count: z.int(), dry_run: z.boolean() })
  .meta({ id: 'ForgetBatchResponse' })
export type ForgetBatchResponse = z.output<typeof ForgetBatchResponse>

export const SetImportanceRequest = z
  .object({ agent_id: AgentId, memory_id: Id.nullish(), memory_ids: Ids.nullish(), importance: Importance })
  .refine((body) => body.memory_id || body.memory_ids?.length, {
    path: ['memory_id'],
    error: 'give memory_id or a non-empty memory_ids',
  })
  .meta({ id: 'SetImportanceRequest' })
export type SetImportanceRequest = z.input<typeof SetImportanceRequest>

export const PatchImportanceRequest = z
  .object({ agent_id: AgentId.nullish(), importance: Importance })
  .meta({ id: 'PatchImportanceRequest' })
export type PatchImportanceRequest = z.input<typeof PatchImportanceRequest>

export const SetImportanceResponse = z
  .object({ status: z.literal('ok'), memory_id: z.string(), importance: z.number(), updated_count: z.int() })
  .meta({ id: 'SetImportanceResponse' })
export type SetImportanceResponse = z.output<typeof SetImportanceResponse>

export const ListMemoriesRequest = closed(
  z.object({
    agent_id: AgentId,
    filter: MemoryFilter.nullish().meta({ description: 'Which memories: they must match every field that is given.' }),
    limit: z.int().min(1).max(1000).default(100).meta({ description: 'Maximum number of results.' }),
    cursor: z.string().max(1000).nullish().meta({ description: '`next_cursor` of the previous page.' }),
  }),
  { ...misplaced, filters: 'did you mean filter?' },
).meta({ id: 'ListMemoriesRequest' })
export type ListMemoriesRequest = z.input<typeof ListMemoriesRequest>

export const ListMemoriesResponse = z
  .object({
    memories: z.array(Memory),
    total: z.int().meta({ description: 'Memories in the namespace.' }),
    filtered: z.int().meta({ description: 'Memories that match the filter.' }),
    next_cursor: z.string().optional(),
  })
  .meta({ id: 'ListMemoriesResponse', description: 'Newest first.' })
export type ListMemoriesResponse = z.output<typeof ListMemoriesResponse>

const refusals = [
  'INVALID_REQUEST',
  'AUTHENTICATION_REQUIRED',
  'INVALID_API_KEY',
  'API_KEY_EXPIRED',
  'INSUFFICIENT_SCOPE',
  'NAMESPACE_ACCESS_DENIED',
] as const
const vectorRefusals = ['DIMENSION_MISMATCH', 'EMPTY_VECTOR'] as const

export const memoryEndpoints = {
  store: endpoint({
    id: 'memories.store',
    flat: 'storeMemory',
    method: 'POST',
    path: '/v1/memory/store',
    summary: 'Store one memory. Recall and search find it from the next call on.',
    body: StoreMemoryRequest,
    maxBodyBytes: ONE_MEMORY_BYTES,
    response: StoreMemoryResponse,
    errors: [...refusals, ...vectorRefusals, 'CONFLICT', 'PAYLOAD_TOO_LARGE'],
  }),
  storeBatch: endpoint({
    id: 'memories.storeBatch',
    flat: 'storeMemories',
    method: 'POST',
    path: '/v1/memories/store/batch',
    summary: 'Store up to 1000 memories: either all or none.',
    body: StoreMemoriesRequest,
    response: StoreMemoriesResponse,
    errors: [...refusals, ...vectorRefusals, 'CONFLICT', 'PAYLOAD_TOO_LARGE'],
  }),
  recall: endpoint({
    id: 'memories.recall',
    flat: 'recall',
    method: 'POST',
    path: '/v1/memory/recall',
    summary: 'Find the memories that best answer a query, by meaning and by words together.',
    body: RecallRequest,
    maxBodyBytes: QUESTION_BYTES,
    response: RecallResponse,
    errors: [...refusals, ...vectorRefusals],
  }),
  recallByQuery: endpoint({
    id: 'memories.recallByQuery',
    twinOf: 'memories.recall',
    method: 'GET',
    path: '/v1/memory/recall',
    summary: 'The same as POST, with a query string.',
    query: RecallQuery,
    response: RecallResponse,
    errors: [...refusals, ...vectorRefusals],
  }),
  search: endpoint({
    id: 'memories.search',
    flat: 'searchMemories',
    method: 'POST',
    path: '/v1/memory/search',
    summary:
      'Find memories by their words: `word "a phrase" -excluded tag:name prefix*`. Memories that match all of ' +
      'them come first.',
    body: SearchRequest,
    maxBodyBytes: QUESTION_BYTES,
    response: RecallResponse,
    errors: [...refusals, ...vectorRefusals],
  }),
  searchByQuery: endpoint({
    id: 'memories.searchByQuery',
    twinOf: 'memories.search',
    method: 'GET',
    path: '/v1/memory/search',
    summary: 'The same as POST, with a query string.',
    query: SearchQuery,
    response: RecallResponse,
    errors: [...refusals, ...vectorRefusals],
  }),
  get: endpoint({
    id: 'memories.get',
    flat: 'getMemory',
    method: 'GET',
    path: '/v1/memory/get/{memory_id}',
    summary: 'Fetch one memory.',
    query: MemoryQuery,
    response: Memory,
    errors: [...refusals, 'NOT_FOUND'],
  }),
  update: endpoint({
    id: 'memories.update',
    flat: 'updateMemory',
    method: 'PUT',
    path: '/v1/memory/update/{memory_id}',
    isStrict: true,
    summary: 'Change a memory. With If-Match: "<version>", only if it has not changed since that version.',
    query: closed(MemoryQuery),
    body: UpdateMemoryRequest,
    maxBodyBytes: ONE_MEMORY_BYTES,
    response: UpdateMemoryResponse,
    errors: [...refusals, ...vectorRefusals, 'NOT_FOUND', 'CONFLICT', 'PAYLOAD_TOO_LARGE'],
  }),
  setImportance: endpoint({
    id: 'memories.setImportance',
    flat: 'setImportance',
    method: 'POST',
    path: '/v1/memory/importance',
    summary: 'Set the importance of one or more memories: either all or none.',
    body: SetImportanceRequest,
    response: SetImportanceResponse,
    errors: [...refusals, 'NOT_FOUND'],
  }),
  patchImportance: endpoint({
    id: 'memories.patchImportance',
    twinOf: 'memories.setImportance',
    method: 'PATCH',
    path: '/v1/memories/{memory_id}/importance',
    summary: 'Set the importance of one memory.',
    body: PatchImportanceRequest,
    response: SetImportanceResponse,
    errors: [...refusals, 'NOT_FOUND'],
  }),
  forget: endpoint({
    id: 'memories.forget',
    flat: 'forget',
    method: 'POST',
    path: '/v1/memory/forget',
    isStrict: true,
    summary: 'Forget memories by ids, tags, session or age.',
    body: ForgetRequest,
    response: ForgetResponse,
    errors: refusals,
  }),
  forgetBatch: endpoint({
    id: 'memories.forgetBatch',
    flat: 'batchForget',
    method: 'DELETE',
    path: '/v1/memories/forget/batch',
    isStrict: true,
    aliases: ['POST /v1/memories/forget/batch'],
    summary: 'Forget every memory that matches a filter; `dry_run` only counts them.',
    body: ForgetBatchRequest,
    response: ForgetBatchResponse,
    errors: refusals,
  }),
  list: endpoint({
    id: 'memories.list',
    flat: 'listMemories',
    method: 'POST',
    path: '/v1/memories/recall/batch',
    isStrict: true,
    summary: 'List the memories that match a filter, newest first.',
    body: ListMemoriesRequest,
    maxBodyBytes: QUESTION_BYTES,
    response: ListMemoriesResponse,
    returns: 'memories',
    errors: refusals,
  }),
}
