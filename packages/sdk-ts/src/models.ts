// @generated from packages/protocol by packages/codegen; do not edit.

/** A moment in a request: unix seconds, ISO-8601 (UTC unless it says otherwise), or a Date. */
export type Instant = number | string | Date

/** The type of a memory. Any other word is allowed too. */
export type MemoryType = 'episodic' | 'semantic' | 'procedural' | 'working' | (string & {})

/** Every code an error of the API can have. A code never changes its meaning. */
export type ErrorCode =
  | 'INVALID_REQUEST'
  | 'DIMENSION_MISMATCH'
  | 'EMPTY_VECTOR'
  | 'AUTHENTICATION_REQUIRED'
  | 'INVALID_API_KEY'
  | 'API_KEY_EXPIRED'
  | 'INSUFFICIENT_SCOPE'
  | 'NAMESPACE_ACCESS_DENIED'
  | 'NAMESPACE_NOT_FOUND'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'CONFLICT'
  | 'PAYLOAD_TOO_LARGE'
  | 'RATE_LIMITED'
  | 'INTERNAL_ERROR'
  | 'SERVICE_UNAVAILABLE'

/** The contract's `Language`. */
export type Language =
  | 'auto'
  | 'simple'
  | 'arabic'
  | 'armenian'
  | 'basque'
  | 'catalan'
  | 'danish'
  | 'dutch'
  | 'english'
  | 'finnish'
  | 'french'
  | 'german'
  | 'greek'
  | 'hindi'
  | 'hungarian'
  | 'indonesian'
  | 'irish'
  | 'italian'
  | 'lithuanian'
  | 'nepali'
  | 'norwegian'
  | 'portuguese'
  | 'romanian'
  | 'russian'
  | 'serbian'
  | 'spanish'
  | 'swedish'
  | 'tamil'
  | 'turkish'
  | 'yiddish'

/** A namespace as the memory of one agent. */
export interface Agent {
  /** The namespace. */
  agent_id: string
  memory_count: number
  session_count: number
  /** Sessions that have not ended. */
  active_sessions: number
}

/** The contract's `AgentStats`. */
export interface AgentStats {
  agent_id: string
  total_memories: number
  memories_by_type: Record<string, number>
  total_sessions: number
  active_sessions: number
  /** 0 if there are no memories. */
  avg_importance: number
  /** ISO-8601. null if there are no memories. */
  oldest_memory_at: string | null
  /** ISO-8601. null if there are no memories. */
  newest_memory_at: string | null
}

/** The contract's `CreateKeyRequest`. */
export interface CreateKeyRequest {
  /** Recorded as `author` on everything the key stores. */
  name: string
  /** Namespace → `read`, `write` or `read_write`. */
  grants?: Record<string, 'read' | 'write' | 'read_write'> | undefined
  /** Chosen by the operator. Generated if omitted. */
  secret?: string | undefined
  /** `read` or `write` applies to `namespaces`; `admin` has full access to all namespaces. */
  scope?: 'read' | 'write' | 'admin' | 'super_admin' | undefined
  /** With `scope`: the namespaces to grant; `read` grants read, `write` grants read-write. */
  namespaces?: string[] | undefined
  /** Alias of `scope`, for older clients. */
  permissions?: Array<'read' | 'write' | 'admin' | 'super_admin'> | undefined
  /** Days until it expires. By default it never expires. `expires_at` takes precedence. */
  expiresInDays?: number | null | undefined
  /** @deprecated The API's own spelling of `expiresInDays`; it works as well. */
  expires_in_days?: number | null | undefined
  /** Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset). */
  expiresAt?: Instant | null | undefined
  /** @deprecated The API's own spelling of `expiresAt`; it works as well. */
  expires_at?: Instant | null | undefined
}

/** The contract's `CreateNamespaceKeyRequest`. */
export interface CreateNamespaceKeyRequest {
  /** Recorded as `author` on everything the key stores. */
  name: string
  /** Days until it expires. By default it never expires. `expires_at` takes precedence. */
  expiresInDays?: number | null | undefined
  /** @deprecated The API's own spelling of `expiresInDays`; it works as well. */
  expires_in_days?: number | null | undefined
  /** `write` includes read access. Default 'write'. */
  scope?: 'read' | 'write' | undefined
}

/** The contract's `CreateNamespaceRequest`. */
export interface CreateNamespaceRequest {
  /** At most 128 letters, digits, ".", "_" and "-". The prefixes "_" and "system_" are reserved. */
  name: string
  /** A description for people. */
  description?: string | null | undefined
  /** Dimension of vectors supplied by callers. Not needed for text, which the server embeds itself. */
  dimension?: number | null | undefined
  /** Any JSON object. The server does not use it. */
  metadata?: Record<string, unknown> | null | undefined
  /** Can be changed only while the namespace has no memories. */
  language?: Language | null | undefined
  /** Default weights for recall in this namespace; they replace the previous ones. */
  weights?: Weights | null | undefined
  /** Any JSON object. The server does not use it yet. */
  policy?: Record<string, unknown> | null | undefined
}

/** The contract's `CreatedKey`. */
export interface CreatedKey {
  key_id: string
  id: string
  name: string
  /** `admin`, or the widest access among the grants. */
  scope: 'read' | 'write' | 'admin'
  grants: Record<string, 'read' | 'write' | 'read_write'>
  /** The namespaces in `grants`. */
  namespaces: string[]
  permissions: string[]
  active: boolean
  /** Unix seconds. */
  created_at: number
  /** Unix seconds. */
  expires_at: number | null
  /** The secret. It is not shown again. */
  key: string
  warning: string
}

/** The contract's `CreatedNamespaceKey`. */
export interface CreatedNamespaceKey {
  key_id: string
  name: string
  namespace: string
  /** The access of the key to this namespace. */
  access: 'read' | 'write' | 'read_write'
  active: boolean
  /** Unix seconds. */
  created_at: number
  /** Unix seconds. */
  expires_at: number | null
  /** The secret. It is not shown again. */
  key: string
  warning: string
}

/** The contract's `DeleteNamespaceKeyResponse`. */
export interface DeleteNamespaceKeyResponse {
  success: true
  message: string
}

/** The contract's `DeleteNamespaceResponse`. */
export interface DeleteNamespaceResponse {
  namespace: string
  deleted: true
  vectors_deleted: number
}

/** The contract's `EndSessionRequest`. */
export interface EndSessionRequest {
  /** The namespace. */
  agentId?: string | null | undefined
  /** @deprecated The API's own spelling of `agentId`; it works as well. */
  agent_id?: string | null | undefined
  /** The outcome of the session. If omitted, the previous summary stays. */
  summary?: string | null | undefined
}

/** The contract's `EndSessionResponse`. */
export interface EndSessionResponse {
  session: Session
  memory_count: number
}

/** The contract's `EndpointUsage`. */
export interface EndpointUsage {
  /** Its operation id. */
  endpoint: string
  requests: number
  avg_latency_ms: number
}

/** The body of every error response. */
export interface ErrorBody {
  /** Human-readable message. */
  error: string
  /** Machine-readable code. Its meaning never changes. */
  code: ErrorCode
  /** The HTTP status of the response. */
  status: number
  /** The namespace or id the error is about. */
  resource?: string | undefined
  /** Every invalid field, with its path. */
  issues?: Issue[] | undefined
  /** The page about this code. */
  docs: string
  /** Identifies the request in the log of the server. */
  request_id: string
}

/** The contract's `ForgetBatchResponse`. */
export interface ForgetBatchResponse {
  deleted_count: number
  dry_run: boolean
}

/** Requires at least one condition. Memories must match all of them. */
export interface ForgetRequest {
  /** At most 1000 ids. */
  memoryIds?: string[] | null | undefined
  /** @deprecated The API's own spelling of `memoryIds`; it works as well. */
  memory_ids?: string[] | null | undefined
  /** The memory must have all of these tags. */
  tags?: string[] | null | undefined
  /** The memory must have at least one of these tags. */
  tagsAny?: string[] | null | undefined
  /** @deprecated The API's own spelling of `tagsAny`; it works as well. */
  tags_any?: string[] | null | undefined
  /** Minimum importance. */
  minImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `minImportance`; it works as well. */
  min_importance?: number | null | undefined
  /** Maximum importance. */
  maxImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `maxImportance`; it works as well. */
  max_importance?: number | null | undefined
  /** Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset). */
  createdAfter?: Instant | null | undefined
  /** @deprecated The API's own spelling of `createdAfter`; it works as well. */
  created_after?: Instant | null | undefined
  /** Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset). */
  createdBefore?: Instant | null | undefined
  /** @deprecated The API's own spelling of `createdBefore`; it works as well. */
  created_before?: Instant | null | undefined
  /** Alias of `created_before`; if both are given, both apply. */
  beforeTimestamp?: Instant | null | undefined
  /** @deprecated The API's own spelling of `beforeTimestamp`; it works as well. */
  before_timestamp?: Instant | null | undefined
  /** Alias of `created_after`; if both are given, both apply. */
  since?: Instant | null | undefined
  /** Alias of `created_before`; if both are given, both apply. */
  until?: Instant | null | undefined
  /** Only memories of this type. */
  memoryType?: MemoryType | null | undefined
  /** @deprecated The API's own spelling of `memoryType`; it works as well. */
  memory_type?: MemoryType | null | undefined
  /** The session it belongs to. */
  sessionId?: string | null | undefined
  /** @deprecated The API's own spelling of `sessionId`; it works as well. */
  session_id?: string | null | undefined
  /** Name of the key that stored it. */
  author?: string | null | undefined
  /** Excludes memories stored by the key with this name; `self` is the calling key. */
  excludeAuthor?: string | null | undefined
  /** @deprecated The API's own spelling of `excludeAuthor`; it works as well. */
  exclude_author?: string | null | undefined
  /**
   * Conditions on metadata. {"source": "researcher"} is equality; operators of a field are $eq $ne $gt $gte $lt $lte
   * $in $nin $exists $contains; $and $or $not combine fields. A dotted name is the key with exactly that name, or, if
   * there is none, a path into nested objects.
   */
  metadata?: Record<string, unknown> | null | undefined
  /** Counts the memories without deleting them. */
  dryRun?: boolean | undefined
  /** @deprecated The API's own spelling of `dryRun`; it works as well. */
  dry_run?: boolean | undefined
}

/** The contract's `ForgetResponse`. */
export interface ForgetResponse {
  deleted_count: number
  status: 'ok'
  /** Nothing was deleted: `deleted_count` is the number of memories that match. */
  dry_run?: true | undefined
}

/** The server responds. */
export interface Health {
  status: 'healthy'
  version: string
  service: 'dakera'
  uptime_seconds: number
}

/** The calling key. */
export interface Identity {
  key_id: string
  name: string
  /** `admin`, or the widest access among the grants. */
  scope: 'read' | 'write' | 'admin'
  grants: Record<string, 'read' | 'write' | 'read_write'>
  namespaces: string[]
  /** Unix seconds. */
  expires_at: number | null
  auth_enabled: true
}

/** The contract's `Issue`. */
export interface Issue {
  path: string
  message: string
}

/** An API key: the identity of an agent, with its grants. */
export interface Key {
  key_id: string
  id: string
  name: string
  /** `admin`, or the widest access among the grants. */
  scope: 'read' | 'write' | 'admin'
  grants: Record<string, 'read' | 'write' | 'read_write'>
  /** The namespaces in `grants`. */
  namespaces: string[]
  permissions: string[]
  active: boolean
  /** Unix seconds. */
  created_at: number
  /** Unix seconds. */
  expires_at: number | null
}

/** The contract's `KeyActionResponse`. */
export interface KeyActionResponse {
  key_id: string
  id: string
  name: string
  /** `admin`, or the widest access among the grants. */
  scope: 'read' | 'write' | 'admin'
  grants: Record<string, 'read' | 'write' | 'read_write'>
  /** The namespaces in `grants`. */
  namespaces: string[]
  permissions: string[]
  active: boolean
  /** Unix seconds. */
  created_at: number
  /** Unix seconds. */
  expires_at: number | null
  success: true
  message: string
}

/** Requests made with a key since it was issued, with any of its secrets. */
export interface KeyUsage {
  key_id: string
  total_requests: number
  successful_requests: number
  failed_requests: number
  /** The part of `failed_requests` that exceeded a rate limit. */
  rate_limited_requests: number
  /** Request bodies, and bodies of successful responses. */
  bytes_transferred: number
  avg_latency_ms: number
  /** Unix seconds. */
  last_used: number | null
  /** Busiest first. */
  by_endpoint: EndpointUsage[]
  /** Busiest first. Only requests that named exactly one namespace, and one that exists. */
  by_namespace: NamespaceUsage[]
}

/** The contract's `ListKeysResponse`. */
export interface ListKeysResponse {
  keys: Key[]
  total: number
  next_cursor?: string | undefined
}

/** The contract's `ListMemoriesRequest`. */
export interface ListMemoriesRequest {
  /** Which memories: they must match every field that is given. */
  filter?: MemoryFilter | null | undefined
  /** Maximum number of results. Default 100. */
  limit?: number | undefined
  /** `next_cursor` of the previous page. */
  cursor?: string | null | undefined
}

/** Newest first. */
export interface ListMemoriesResponse {
  memories: Memory[]
  /** Memories in the namespace. */
  total: number
  /** Memories that match the filter. */
  filtered: number
  next_cursor?: string | undefined
}

/** The contract's `ListNamespaceKeysResponse`. */
export interface ListNamespaceKeysResponse {
  namespace: string
  keys: NamespaceKey[]
  total: number
}

/** The contract's `ListNamespacesResponse`. */
export interface ListNamespacesResponse {
  /** The names only, for older clients. */
  namespaces: string[]
  items: ListedNamespace[]
  next_cursor?: string | undefined
}

/** Newest first. */
export interface ListSessionsResponse {
  sessions: Session[]
  /** Number of matching sessions on all pages. */
  total: number
}

/** A namespace in a list. */
export interface ListedNamespace {
  name: string
  description: string | null
  /** Absent if the key cannot read this namespace. */
  memory_count?: number | undefined
  /** Unix seconds. */
  created_at: number
  /** The access of this key to the namespace. */
  access: 'read' | 'write' | 'read_write'
}

/** The process is running. Restart it if this endpoint stops responding. */
export interface Liveness {
  alive: true
  version: string
  uptime_seconds: number
}

/** One memory of an agent. */
export interface Memory {
  id: string
  /** The namespace of the memory. */
  agent_id: string
  /** The same as `agent_id`. */
  namespace: string
  content: string
  memory_type: string
  importance: number
  tags: string[]
  metadata: Record<string, unknown>
  session_id: string | null
  /** Name of the key that stored it, set by the database. */
  author: string | null
  derived_from: string[]
  /** When the content became true, according to the caller. It does not affect ranking. */
  valid_from: number | null
  /** Unix seconds. */
  created_at: number
  /** Unix seconds. */
  updated_at: number
  /** Unix seconds. */
  last_accessed_at: number | null
  access_count: number
  /** Unix seconds. */
  expires_at: number | null
  /** The same time in Unix milliseconds. Not part of the response to a store. */
  valid_from_ms?: number | null | undefined
  /** The same time in Unix milliseconds. Not part of the response to a store. */
  created_at_ms?: number | undefined
  /** The same time in Unix milliseconds. Not part of the response to a store. */
  updated_at_ms?: number | undefined
  /** The same time in Unix milliseconds. Not part of the response to a store. */
  expires_at_ms?: number | null | undefined
  /** Incremented by every change. Send it as If-Match to update only the version you have read. */
  version: number
}

/** Memories must match every field that is given. */
export interface MemoryFilter {
  /** The memory must have all of these tags. */
  tags?: string[] | null | undefined
  /** The memory must have at least one of these tags. */
  tagsAny?: string[] | null | undefined
  /** @deprecated The API's own spelling of `tagsAny`; it works as well. */
  tags_any?: string[] | null | undefined
  /** Minimum importance. */
  minImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `minImportance`; it works as well. */
  min_importance?: number | null | undefined
  /** Maximum importance. */
  maxImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `maxImportance`; it works as well. */
  max_importance?: number | null | undefined
  /** Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset). */
  createdAfter?: Instant | null | undefined
  /** @deprecated The API's own spelling of `createdAfter`; it works as well. */
  created_after?: Instant | null | undefined
  /** Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset). */
  createdBefore?: Instant | null | undefined
  /** @deprecated The API's own spelling of `createdBefore`; it works as well. */
  created_before?: Instant | null | undefined
  /** Alias of `created_before`; if both are given, both apply. */
  beforeTimestamp?: Instant | null | undefined
  /** @deprecated The API's own spelling of `beforeTimestamp`; it works as well. */
  before_timestamp?: Instant | null | undefined
  /** Alias of `created_after`; if both are given, both apply. */
  since?: Instant | null | undefined
  /** Alias of `created_before`; if both are given, both apply. */
  until?: Instant | null | undefined
  /** Only memories of this type. */
  memoryType?: MemoryType | null | undefined
  /** @deprecated The API's own spelling of `memoryType`; it works as well. */
  memory_type?: MemoryType | null | undefined
  /** The session it belongs to. */
  sessionId?: string | null | undefined
  /** @deprecated The API's own spelling of `sessionId`; it works as well. */
  session_id?: string | null | undefined
  /** Name of the key that stored it. */
  author?: string | null | undefined
  /** Excludes memories stored by the key with this name; `self` is the calling key. */
  excludeAuthor?: string | null | undefined
  /** @deprecated The API's own spelling of `excludeAuthor`; it works as well. */
  exclude_author?: string | null | undefined
  /**
   * Conditions on metadata. {"source": "researcher"} is equality; operators of a field are $eq $ne $gt $gte $lt $lte
   * $in $nin $exists $contains; $and $or $not combine fields. A dotted name is the key with exactly that name, or, if
   * there is none, a path into nested objects.
   */
  metadata?: Record<string, unknown> | null | undefined
}

/** A container for memories, with its own grants. */
export interface Namespace {
  namespace: string
  /** Dimension of vectors supplied by callers. Not needed for text, which the server embeds itself. */
  dimension: number
  distance: 'cosine'
  /** Absent if the key cannot read this namespace. */
  memory_count?: number | undefined
  vector_count?: number | undefined
  vector_index?: VectorIndex | undefined
  description: string | null
  metadata: Record<string, unknown>
  policy: Record<string, unknown>
  /**
   * How words are stemmed. `simple` does not stem; `auto` detects the language of each memory. Scripts without spaces
   * (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are supported in every setting. Default `english`.
   */
  language: Language
  /** Default weights for recall in this namespace. */
  weights: Weights
  /** Unix seconds. */
  created_at: number
  /** Unix seconds. */
  updated_at: number
  /** On create and upsert: whether the namespace is new. */
  created?: boolean | undefined
}

/** A key with its grant on one namespace. */
export interface NamespaceKey {
  key_id: string
  name: string
  namespace: string
  /** The access of the key to this namespace. */
  access: 'read' | 'write' | 'read_write'
  active: boolean
  /** Unix seconds. */
  created_at: number
  /** Unix seconds. */
  expires_at: number | null
}

/** The contract's `NamespaceUsage`. */
export interface NamespaceUsage {
  namespace: string
  requests: number
}

/** The contract's `NewMemory`. */
export interface NewMemory {
  /** The text of the memory, verbatim. */
  content: string
  /** `episodic`, `semantic`, `procedural`, `working`, or any other word. Default 'episodic'. */
  memoryType?: MemoryType | undefined
  /** @deprecated The API's own spelling of `memoryType`; it works as well. */
  memory_type?: MemoryType | undefined
  /** From 0 to 1. Recall ranks important memories higher. Default 0.5. */
  importance?: number | undefined
  /** Labels to filter by. Default []. */
  tags?: string[] | undefined
  /** Any JSON object. Filters can refer to it. Numbers keep their exact value. Default {}. */
  metadata?: Record<string, unknown> | undefined
  /** The session it belongs to. */
  sessionId?: string | null | undefined
  /** @deprecated The API's own spelling of `sessionId`; it works as well. */
  session_id?: string | null | undefined
  /** Seconds until it expires. `expires_at` takes precedence. */
  ttlSeconds?: number | null | undefined
  /** @deprecated The API's own spelling of `ttlSeconds`; it works as well. */
  ttl_seconds?: number | null | undefined
  /** Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset). */
  expiresAt?: Instant | null | undefined
  /** @deprecated The API's own spelling of `expiresAt`; it works as well. */
  expires_at?: Instant | null | undefined
  /** Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset). */
  validFrom?: Instant | null | undefined
  /** @deprecated The API's own spelling of `validFrom`; it works as well. */
  valid_from?: Instant | null | undefined
  /** A vector from your own embedder, with the dimension of the namespace. */
  embedding?: number[] | null | undefined
  /** Chosen by the caller. Requires a read-write grant, because an id that is taken is rejected. */
  id?: string | null | undefined
}

/** Whether the server can handle requests, by component. */
export interface Readiness {
  ready: boolean
  version: string
  /** `warn` means that the part works, and that an operator should look at `message`. */
  checks: Record<string, ReadinessCheck>
  components: Record<string, boolean>
}

/** One component of a server. */
export interface ReadinessCheck {
  status: 'pass' | 'warn' | 'fail'
  message?: string | undefined
}

/** The contract's `RecallRequest`. */
export interface RecallRequest {
  /** The namespace. */
  agentId?: string | undefined
  /** @deprecated The API's own spelling of `agentId`; it works as well. */
  agent_id?: string | undefined
  /** Several namespaces, ranked together, instead of `agent_id`. */
  namespaces?: string[] | null | undefined
  /** Skips namespaces without a grant and lists them in `denied`. By default they are an error. Default false. */
  skipDenied?: boolean | undefined
  /** @deprecated The API's own spelling of `skipDenied`; it works as well. */
  skip_denied?: boolean | undefined
  /** What to look for, in natural language. */
  query: string
  /** Minimum importance. */
  minImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `minImportance`; it works as well. */
  min_importance?: number | null | undefined
  /** Maximum importance. */
  maxImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `maxImportance`; it works as well. */
  max_importance?: number | null | undefined
  /** Only memories of this type. */
  memoryType?: MemoryType | null | undefined
  /** @deprecated The API's own spelling of `memoryType`; it works as well. */
  memory_type?: MemoryType | null | undefined
  /** The memory must have all of these tags. */
  tags?: string[] | null | undefined
  /** The memory must have at least one of these tags. */
  tagsAny?: string[] | null | undefined
  /** @deprecated The API's own spelling of `tagsAny`; it works as well. */
  tags_any?: string[] | null | undefined
  /**
   * Conditions on metadata. {"source": "researcher"} is equality; operators of a field are $eq $ne $gt $gte $lt $lte
   * $in $nin $exists $contains; $and $or $not combine fields. A dotted name is the key with exactly that name, or, if
   * there is none, a path into nested objects.
   */
  filter?: Record<string, unknown> | null | undefined
  /** Name of the key that stored it. */
  author?: string | null | undefined
  /** Excludes memories stored by the key with this name; `self` is the calling key. */
  excludeAuthor?: string | null | undefined
  /** @deprecated The API's own spelling of `excludeAuthor`; it works as well. */
  exclude_author?: string | null | undefined
  /** The session it belongs to. */
  sessionId?: string | null | undefined
  /** @deprecated The API's own spelling of `sessionId`; it works as well. */
  session_id?: string | null | undefined
  /** Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset). */
  since?: Instant | null | undefined
  /** Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset). */
  until?: Instant | null | undefined
  /** Which kind of search runs: by meaning (`vector`), by words (`bm25`) or both. Default 'auto'. */
  routing?: 'auto' | 'hybrid' | 'vector' | 'bm25' | undefined
  /** Weights of the ranking. Omitted ones have the defaults of the namespace. */
  weights?: Weights | null | undefined
  /** The same as `weights.vector`, which takes precedence. */
  vectorWeight?: number | null | undefined
  /** @deprecated The API's own spelling of `vectorWeight`; it works as well. */
  vector_weight?: number | null | undefined
  /** Excludes hits with a lower `score`. */
  minScore?: number | null | undefined
  /** @deprecated The API's own spelling of `minScore`; it works as well. */
  min_score?: number | null | undefined
  /**
   * Diversity: how much a memory is demoted for its similarity to a higher-ranked one, so that near-duplicates do not
   * fill the results. Default 0.
   */
  mmr?: number | null | undefined
  /** Adds the parts of each score. Default false. */
  explain?: boolean | undefined
  /** A vector from your own embedder, with the dimension of the namespace. */
  embedding?: number[] | null | undefined
  /** Maximum number of hits. Default 5. */
  topK?: number | undefined
  /** @deprecated The API's own spelling of `topK`; it works as well. */
  top_k?: number | undefined
}

/** The contract's `RecallResponse`. */
export interface RecallResponse {
  memories: RecalledMemory[]
  total_found: number
  query_time_ms: number
  /** With `skip_denied`: the namespaces that were skipped. */
  denied?: string[] | undefined
}

/** The contract's `RecalledMemory`. */
export interface RecalledMemory {
  memory: Memory
  /** From 0 to 1. Comparable between queries. */
  score: number
  weighted_score: number
  /** Sort key: `score`, reduced under `mmr` for memories similar to a higher-ranked one. */
  smart_score: number
  vector_score?: number | undefined
  text_score?: number | undefined
  explain?: Record<string, unknown> | undefined
  /** With `highlight`: up to three excerpts of the content, with the matched words between ** and **. */
  highlights?: string[] | undefined
}

/** The contract's `RotateKeyRequest`. */
export interface RotateKeyRequest {
  /** Seconds for which the old secret stays valid. Default 0. */
  graceSecs?: number | undefined
  /** @deprecated The API's own spelling of `graceSecs`; it works as well. */
  grace_secs?: number | undefined
}

/** The contract's `RotatedKey`. */
export interface RotatedKey {
  key_id: string
  /** The new secret. It is not shown again. */
  key: string
  /** The same as `key`. */
  new_key: string
  name: string
  /** Unix seconds. */
  old_key_expires_at: number
  warning: string
}

/** The contract's `SearchRequest`. */
export interface SearchRequest {
  /** The namespace. */
  agentId?: string | undefined
  /** @deprecated The API's own spelling of `agentId`; it works as well. */
  agent_id?: string | undefined
  /** Several namespaces, ranked together, instead of `agent_id`. */
  namespaces?: string[] | null | undefined
  /** Skips namespaces without a grant and lists them in `denied`. By default they are an error. Default false. */
  skipDenied?: boolean | undefined
  /** @deprecated The API's own spelling of `skipDenied`; it works as well. */
  skip_denied?: boolean | undefined
  /**
   * Words, "quoted phrases", -excluded, tag:name, -tag:name and prefixes like hnsw*: at most 64, with at most 128 words
   * and 32 prefixes among them. Memories that match all of them come first.
   */
  query: string
  /** Minimum importance. */
  minImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `minImportance`; it works as well. */
  min_importance?: number | null | undefined
  /** Maximum importance. */
  maxImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `maxImportance`; it works as well. */
  max_importance?: number | null | undefined
  /** Only memories of this type. */
  memoryType?: MemoryType | null | undefined
  /** @deprecated The API's own spelling of `memoryType`; it works as well. */
  memory_type?: MemoryType | null | undefined
  /** The memory must have all of these tags. */
  tags?: string[] | null | undefined
  /** The memory must have at least one of these tags. */
  tagsAny?: string[] | null | undefined
  /** @deprecated The API's own spelling of `tagsAny`; it works as well. */
  tags_any?: string[] | null | undefined
  /**
   * Conditions on metadata. {"source": "researcher"} is equality; operators of a field are $eq $ne $gt $gte $lt $lte
   * $in $nin $exists $contains; $and $or $not combine fields. A dotted name is the key with exactly that name, or, if
   * there is none, a path into nested objects.
   */
  filter?: Record<string, unknown> | null | undefined
  /** Name of the key that stored it. */
  author?: string | null | undefined
  /** Excludes memories stored by the key with this name; `self` is the calling key. */
  excludeAuthor?: string | null | undefined
  /** @deprecated The API's own spelling of `excludeAuthor`; it works as well. */
  exclude_author?: string | null | undefined
  /** The session it belongs to. */
  sessionId?: string | null | undefined
  /** @deprecated The API's own spelling of `sessionId`; it works as well. */
  session_id?: string | null | undefined
  /** Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset). */
  since?: Instant | null | undefined
  /** Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset). */
  until?: Instant | null | undefined
  /** Which kind of search runs: by meaning (`vector`), by words (`bm25`) or both. Default 'auto'. */
  routing?: 'auto' | 'hybrid' | 'vector' | 'bm25' | undefined
  /** Weights of the ranking. Omitted ones have the defaults of the namespace. */
  weights?: Weights | null | undefined
  /** The same as `weights.vector`, which takes precedence. */
  vectorWeight?: number | null | undefined
  /** @deprecated The API's own spelling of `vectorWeight`; it works as well. */
  vector_weight?: number | null | undefined
  /** Excludes hits with a lower `score`. */
  minScore?: number | null | undefined
  /** @deprecated The API's own spelling of `minScore`; it works as well. */
  min_score?: number | null | undefined
  /**
   * Diversity: how much a memory is demoted for its similarity to a higher-ranked one, so that near-duplicates do not
   * fill the results. Default 0.
   */
  mmr?: number | null | undefined
  /** Adds the parts of each score. Default false. */
  explain?: boolean | undefined
  /** A vector from your own embedder, with the dimension of the namespace. */
  embedding?: number[] | null | undefined
  /** Maximum number of hits. Default 10. */
  topK?: number | undefined
  /** @deprecated The API's own spelling of `topK`; it works as well. */
  top_k?: number | undefined
  /** `exact` returns only memories that contain every word, phrase and prefix. Default 'best'. */
  mode?: 'best' | 'exact' | undefined
  /** Adds `highlights`: excerpts of the content with the matched words between ** and **. Default false. */
  highlight?: boolean | undefined
}

/** A period of work of an agent, with a start and an end. */
export interface Session {
  /** Unique within its namespace. Memories refer to it as `session_id`. */
  id: string
  /** The namespace of the session. */
  agent_id: string
  /** Unix seconds. */
  started_at: number
  /** Unix seconds. */
  ended_at: number | null
  summary: string | null
  metadata: Record<string, unknown>
  /** Number of memories in this session that have not expired. */
  memory_count: number
}

/** Oldest first. */
export interface SessionMemoriesResponse {
  session: Session
  memories: Memory[]
  /** Number of memories in the session, on all pages. */
  total: number
}

/** The contract's `SetImportanceResponse`. */
export interface SetImportanceResponse {
  status: 'ok'
  memory_id: string
  importance: number
  updated_count: number
}

/** The contract's `StartSessionRequest`. */
export interface StartSessionRequest {
  /** Any JSON object. The server does not use it. Default {}. */
  metadata?: Record<string, unknown> | undefined
  /** Chosen by the caller. Requires a read-write grant, because an id that is taken is rejected. */
  id?: string | null | undefined
}

/** The contract's `StartSessionResponse`. */
export interface StartSessionResponse {
  session: Session
}

/** In the order of the request. */
export interface StoreMemoriesResponse {
  stored: StoredItem[]
  stored_count: number
  total_embedding_time_ms: number
}

/** The contract's `StoreMemoryResponse`. */
export interface StoreMemoryResponse {
  memory: Memory
  embedding_time_ms: number
}

/** The contract's `StoredItem`. */
export interface StoredItem {
  id: string
  content: string
  /** The namespace of the memory. */
  agent_id: string
  tags: string[]
  importance: number
  /** Unix seconds. */
  created_at: number
}

/** Grants that are not listed stay unchanged. */
export interface UpdateKeyRequest {
  /** Recorded as `author` on everything the key stores. */
  name?: string | undefined
  /** Namespace → access. `none` removes a grant. */
  grants?: Record<string, 'read' | 'write' | 'read_write' | 'none'> | undefined
  /** Removes grants on all other namespaces; new namespaces get the scope of the key. */
  namespaces?: string[] | undefined
}

/** Omitted fields stay unchanged. */
export interface UpdateMemoryRequest {
  /** The namespace. */
  agentId?: string | null | undefined
  /** @deprecated The API's own spelling of `agentId`; it works as well. */
  agent_id?: string | null | undefined
  /** The text of the memory, verbatim. */
  content?: string | undefined
  /** Replaces the previous metadata. */
  metadata?: Record<string, unknown> | undefined
  /** `episodic`, `semantic`, `procedural`, `working`, or any other word. */
  memoryType?: MemoryType | undefined
  /** @deprecated The API's own spelling of `memoryType`; it works as well. */
  memory_type?: MemoryType | undefined
  /** From 0 to 1. Recall ranks important memories higher. */
  importance?: number | undefined
  /** Labels to filter by. */
  tags?: string[] | undefined
  /** null removes the memory from its session. In a new session it becomes the last memory. */
  sessionId?: string | null | undefined
  /** @deprecated The API's own spelling of `sessionId`; it works as well. */
  session_id?: string | null | undefined
  /** Seconds from now until it expires. `expires_at` takes precedence. */
  ttlSeconds?: number | null | undefined
  /** @deprecated The API's own spelling of `ttlSeconds`; it works as well. */
  ttl_seconds?: number | null | undefined
  /** null: it never expires. */
  expiresAt?: Instant | null | undefined
  /** @deprecated The API's own spelling of `expiresAt`; it works as well. */
  expires_at?: Instant | null | undefined
  /** null: unknown. */
  validFrom?: Instant | null | undefined
  /** @deprecated The API's own spelling of `validFrom`; it works as well. */
  valid_from?: Instant | null | undefined
  /**
   * A new vector from your own embedder; null removes it. If omitted, the vector stays unless `content` changes,
   * because it would then belong to another text.
   */
  embedding?: number[] | null | undefined
}

/** The contract's `UpdateMemoryResponse`. */
export interface UpdateMemoryResponse {
  id: string
  /** The namespace of the memory. */
  agent_id: string
  /** The same as `agent_id`. */
  namespace: string
  content: string
  memory_type: string
  importance: number
  tags: string[]
  metadata: Record<string, unknown>
  session_id: string | null
  /** Name of the key that stored it, set by the database. */
  author: string | null
  derived_from: string[]
  /** When the content became true, according to the caller. It does not affect ranking. */
  valid_from: number | null
  /** Unix seconds. */
  created_at: number
  /** Unix seconds. */
  updated_at: number
  /** Unix seconds. */
  last_accessed_at: number | null
  access_count: number
  /** Unix seconds. */
  expires_at: number | null
  /** The same time in Unix milliseconds. Not part of the response to a store. */
  valid_from_ms?: number | null | undefined
  /** The same time in Unix milliseconds. Not part of the response to a store. */
  created_at_ms?: number | undefined
  /** The same time in Unix milliseconds. Not part of the response to a store. */
  updated_at_ms?: number | undefined
  /** The same time in Unix milliseconds. Not part of the response to a store. */
  expires_at_ms?: number | null | undefined
  /** Incremented by every change. Send it as If-Match to update only the version you have read. */
  version: number
  memory: Memory
}

/** The contract's `UpsertNamespaceRequest`. */
export interface UpsertNamespaceRequest {
  /** A description for people. */
  description?: string | null | undefined
  /** Dimension of vectors supplied by callers. Not needed for text, which the server embeds itself. */
  dimension?: number | null | undefined
  /** Any JSON object. The server does not use it. */
  metadata?: Record<string, unknown> | null | undefined
  /** Can be changed only while the namespace has no memories. */
  language?: Language | null | undefined
  /** Default weights for recall in this namespace; they replace the previous ones. */
  weights?: Weights | null | undefined
  /** Any JSON object. The server does not use it yet. */
  policy?: Record<string, unknown> | null | undefined
}

/** The vector index of a large namespace. It is built in the background. */
export interface VectorIndex {
  /** A small namespace has none, because it is searched exactly. */
  state: 'none' | 'building' | 'ready'
  /** Progress of a build, from 0 to 1. */
  progress: number
}

/** The contract's `Weights`. */
export interface Weights {
  /** Share of similarity by meaning; the rest is the match by words. Default 0.35. */
  vector?: number | undefined
  /** How much `importance` can raise or lower the score. Default 0.1. */
  importance?: number | undefined
  /** How much the score of a recent memory is raised. Default 0.05. */
  recency?: number | undefined
  /** Days after which recency counts half. Default 30. */
  half_life_days?: number | undefined
  /** How much of the scores of its neighbours in the session a memory receives. Default 0.55. */
  context?: number | undefined
  /**
   * How much the score of a memory is raised if it starts with a name and a colon and the query contains the name.
   * Default 0.5.
   */
  speaker?: number | undefined
  /** How much the score of a memory that ends with a question mark is lowered. Default 0.1. */
  question?: number | undefined
}
