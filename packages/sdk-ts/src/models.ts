// @generated from packages/protocol by packages/codegen; do not edit.

/** A moment in a request: unix seconds, ISO-8601 (UTC unless it says otherwise), or a Date. */
export type Instant = number | string | Date

/** What kind of memory it is. Any other word will do too. */
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

/** A namespace as the place of an agent. */
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
  /** 0 without memories. */
  avg_importance: number
  /** ISO-8601; null without memories. */
  oldest_memory_at: string | null
  /** ISO-8601; null without memories. */
  newest_memory_at: string | null
}

/** The contract's `CreateKeyRequest`. */
export interface CreateKeyRequest {
  /** Stands as `author` on what the key stores. */
  name: string
  /** Namespace → `read`, `write` or `read_write`. */
  grants?: Record<string, 'read' | 'write' | 'read_write'> | undefined
  /** Chosen by the operator; a random one unless said. */
  secret?: string | undefined
  /** `read` or `write` over `namespaces`; `admin` may do everything everywhere. */
  scope?: 'read' | 'write' | 'admin' | 'super_admin' | undefined
  /** With `scope`: read grants on these, or read-write ones for `write`. */
  namespaces?: string[] | undefined
  /** Another spelling of `scope`, which older clients send. */
  permissions?: Array<'read' | 'write' | 'admin' | 'super_admin'> | undefined
  /** Days until it expires; never unless said. `expires_at` wins over it. */
  expiresInDays?: number | null | undefined
  /** @deprecated The API's own spelling of `expiresInDays`; it works as well. */
  expires_in_days?: number | null | undefined
  /** Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise). */
  expiresAt?: Instant | null | undefined
  /** @deprecated The API's own spelling of `expiresAt`; it works as well. */
  expires_at?: Instant | null | undefined
}

/** The contract's `CreateNamespaceKeyRequest`. */
export interface CreateNamespaceKeyRequest {
  /** Stands as `author` on what the key stores. */
  name: string
  /** Days until it expires; never unless said. `expires_at` wins over it. */
  expiresInDays?: number | null | undefined
  /** @deprecated The API's own spelling of `expiresInDays`; it works as well. */
  expires_in_days?: number | null | undefined
  /** `write` reads as well. Default 'write'. */
  scope?: 'read' | 'write' | undefined
}

/** The contract's `CreateNamespaceRequest`. */
export interface CreateNamespaceRequest {
  /** Letters, digits, ".", "_" and "-", at most 128; the prefixes "_" and "system_" are reserved. */
  name: string
  /** What it is for, for people. */
  description?: string | null | undefined
  /** Length of the vectors that callers supply themselves. Text needs none: the server's own embedder serves it. */
  dimension?: number | null | undefined
  /** Any JSON object, kept for the caller. */
  metadata?: Record<string, unknown> | null | undefined
  /** Of a namespace without memories; with some it stays. */
  language?: Language | null | undefined
  /** Defaults for recall here; they replace those set before. */
  weights?: Weights | null | undefined
  /** Kept for the caller; the server acts on none of it yet. */
  policy?: Record<string, unknown> | null | undefined
}

/** The contract's `CreatedKey`. */
export interface CreatedKey {
  key_id: string
  id: string
  name: string
  /** `admin`, or the widest of the grants. */
  scope: 'read' | 'write' | 'admin'
  grants: Record<string, 'read' | 'write' | 'read_write'>
  /** The namespaces of `grants`. */
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
  /** What the key may do here. */
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
  /** What came of it. Left out, an earlier one stays. */
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

/** The one shape of every failure. */
export interface ErrorBody {
  /** What went wrong, for a person. */
  error: string
  /** What to switch on. A code never changes its meaning. */
  code: ErrorCode
  /** The HTTP status, repeated. */
  status: number
  /** The namespace or id the error is about. */
  resource?: string | undefined
  /** Each field that is wrong, with its path. */
  issues?: Issue[] | undefined
  /** The page about this code. */
  docs: string
  /** Stands in the log of the server too. */
  request_id: string
}

/** The contract's `ForgetBatchResponse`. */
export interface ForgetBatchResponse {
  deleted_count: number
  dry_run: boolean
}

/** At least one selector; several must all hold. */
export interface ForgetRequest {
  /** At most a thousand ids. */
  memoryIds?: string[] | null | undefined
  /** @deprecated The API's own spelling of `memoryIds`; it works as well. */
  memory_ids?: string[] | null | undefined
  /** All of them must be on the memory. */
  tags?: string[] | null | undefined
  /** At least one of them must be on the memory. */
  tagsAny?: string[] | null | undefined
  /** @deprecated The API's own spelling of `tagsAny`; it works as well. */
  tags_any?: string[] | null | undefined
  /** The least importance. */
  minImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `minImportance`; it works as well. */
  min_importance?: number | null | undefined
  /** The most importance. */
  maxImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `maxImportance`; it works as well. */
  max_importance?: number | null | undefined
  /** Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise). */
  createdAfter?: Instant | null | undefined
  /** @deprecated The API's own spelling of `createdAfter`; it works as well. */
  created_after?: Instant | null | undefined
  /** Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise). */
  createdBefore?: Instant | null | undefined
  /** @deprecated The API's own spelling of `createdBefore`; it works as well. */
  created_before?: Instant | null | undefined
  /** Another spelling of `created_before`; both must hold. */
  beforeTimestamp?: Instant | null | undefined
  /** @deprecated The API's own spelling of `beforeTimestamp`; it works as well. */
  before_timestamp?: Instant | null | undefined
  /** Another spelling of `created_after`; both must hold. */
  since?: Instant | null | undefined
  /** Another spelling of `created_before`; both must hold. */
  until?: Instant | null | undefined
  /** The one type. */
  memoryType?: MemoryType | null | undefined
  /** @deprecated The API's own spelling of `memoryType`; it works as well. */
  memory_type?: MemoryType | null | undefined
  /** The session it belongs to. */
  sessionId?: string | null | undefined
  /** @deprecated The API's own spelling of `sessionId`; it works as well. */
  session_id?: string | null | undefined
  /** Name of the key that stored it. */
  author?: string | null | undefined
  /** `self` leaves out what this key stored. */
  excludeAuthor?: string | null | undefined
  /** @deprecated The API's own spelling of `excludeAuthor`; it works as well. */
  exclude_author?: string | null | undefined
  /**
   * Conditions on metadata: {"source": "researcher"} is equality; $eq $ne $gt $gte $lt $lte $in $nin $exists $contains
   * under a field, $and $or $not around fields; a dotted name is the key of that very name, or where there is none
   * reaches inside objects.
   */
  metadata?: Record<string, unknown> | null | undefined
  /** Counts and deletes nothing. */
  dryRun?: boolean | undefined
  /** @deprecated The API's own spelling of `dryRun`; it works as well. */
  dry_run?: boolean | undefined
}

/** The contract's `ForgetResponse`. */
export interface ForgetResponse {
  deleted_count: number
  status: 'ok'
  /** Nothing was deleted: `deleted_count` memories would have been. */
  dry_run?: true | undefined
}

/** The process answers. */
export interface Health {
  status: 'healthy'
  version: string
  service: 'dakera'
  uptime_seconds: number
}

/** Who the presented key is. */
export interface Identity {
  key_id: string
  name: string
  /** `admin`, or the widest of the grants. */
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

/** An API key: who an agent is, and what it may do where. */
export interface Key {
  key_id: string
  id: string
  name: string
  /** `admin`, or the widest of the grants. */
  scope: 'read' | 'write' | 'admin'
  grants: Record<string, 'read' | 'write' | 'read_write'>
  /** The namespaces of `grants`. */
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
  /** `admin`, or the widest of the grants. */
  scope: 'read' | 'write' | 'admin'
  grants: Record<string, 'read' | 'write' | 'read_write'>
  /** The namespaces of `grants`. */
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

/** What was asked with a key since it was issued, by any of its secrets. */
export interface KeyUsage {
  key_id: string
  total_requests: number
  successful_requests: number
  failed_requests: number
  /** Those of `failed_requests` that came too fast. */
  rate_limited_requests: number
  /** Bodies received, and bodies of successful replies. */
  bytes_transferred: number
  avg_latency_ms: number
  /** Unix seconds. */
  last_used: number | null
  /** Busiest first. */
  by_endpoint: EndpointUsage[]
  /** Busiest first; requests that named exactly one namespace, and one that is there. */
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
  /** Which memories; all that is said must hold. */
  filter?: MemoryFilter | null | undefined
  /** How many at most. Default 100. */
  limit?: number | undefined
  /** `next_cursor` of the page before. */
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
  /** The names alone, which older clients read. */
  namespaces: string[]
  items: ListedNamespace[]
  next_cursor?: string | undefined
}

/** Newest first. */
export interface ListSessionsResponse {
  sessions: Session[]
  /** Sessions that match, on all pages. */
  total: number
}

/** A namespace in a list. */
export interface ListedNamespace {
  name: string
  description: string | null
  /** Absent for a key that may not read here. */
  memory_count?: number | undefined
  /** Unix seconds. */
  created_at: number
  /** What this key may do here. */
  access: 'read' | 'write' | 'read_write'
}

/** The process runs; restart it when this stays silent. */
export interface Liveness {
  alive: true
  version: string
  uptime_seconds: number
}

/** One thing an agent chose to keep. */
export interface Memory {
  id: string
  /** The namespace the memory lives in. */
  agent_id: string
  /** The same as `agent_id`. */
  namespace: string
  content: string
  memory_type: string
  importance: number
  tags: string[]
  metadata: Record<string, unknown>
  session_id: string | null
  /** Name of the key that stored it, stamped by the database. */
  author: string | null
  derived_from: string[]
  /** When it became true, as the caller said; kept, not ranked by. */
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
  /** The same moment in unix milliseconds. A reply to a store has none. */
  valid_from_ms?: number | null | undefined
  /** The same moment in unix milliseconds. A reply to a store has none. */
  created_at_ms?: number | undefined
  /** The same moment in unix milliseconds. A reply to a store has none. */
  updated_at_ms?: number | undefined
  /** The same moment in unix milliseconds. A reply to a store has none. */
  expires_at_ms?: number | null | undefined
  /** Counts changes; send it as If-Match to update only what you have seen. */
  version: number
}

/** All that is said must hold. */
export interface MemoryFilter {
  /** All of them must be on the memory. */
  tags?: string[] | null | undefined
  /** At least one of them must be on the memory. */
  tagsAny?: string[] | null | undefined
  /** @deprecated The API's own spelling of `tagsAny`; it works as well. */
  tags_any?: string[] | null | undefined
  /** The least importance. */
  minImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `minImportance`; it works as well. */
  min_importance?: number | null | undefined
  /** The most importance. */
  maxImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `maxImportance`; it works as well. */
  max_importance?: number | null | undefined
  /** Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise). */
  createdAfter?: Instant | null | undefined
  /** @deprecated The API's own spelling of `createdAfter`; it works as well. */
  created_after?: Instant | null | undefined
  /** Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise). */
  createdBefore?: Instant | null | undefined
  /** @deprecated The API's own spelling of `createdBefore`; it works as well. */
  created_before?: Instant | null | undefined
  /** Another spelling of `created_before`; both must hold. */
  beforeTimestamp?: Instant | null | undefined
  /** @deprecated The API's own spelling of `beforeTimestamp`; it works as well. */
  before_timestamp?: Instant | null | undefined
  /** Another spelling of `created_after`; both must hold. */
  since?: Instant | null | undefined
  /** Another spelling of `created_before`; both must hold. */
  until?: Instant | null | undefined
  /** The one type. */
  memoryType?: MemoryType | null | undefined
  /** @deprecated The API's own spelling of `memoryType`; it works as well. */
  memory_type?: MemoryType | null | undefined
  /** The session it belongs to. */
  sessionId?: string | null | undefined
  /** @deprecated The API's own spelling of `sessionId`; it works as well. */
  session_id?: string | null | undefined
  /** Name of the key that stored it. */
  author?: string | null | undefined
  /** `self` leaves out what this key stored. */
  excludeAuthor?: string | null | undefined
  /** @deprecated The API's own spelling of `excludeAuthor`; it works as well. */
  exclude_author?: string | null | undefined
  /**
   * Conditions on metadata: {"source": "researcher"} is equality; $eq $ne $gt $gte $lt $lte $in $nin $exists $contains
   * under a field, $and $or $not around fields; a dotted name is the key of that very name, or where there is none
   * reaches inside objects.
   */
  metadata?: Record<string, unknown> | null | undefined
}

/** A place for memories, with its own grants. */
export interface Namespace {
  namespace: string
  /** Length of the vectors that callers supply themselves. Text needs none: the server's own embedder serves it. */
  dimension: number
  distance: 'cosine'
  /** Absent for a key that may not read here. */
  memory_count?: number | undefined
  vector_count?: number | undefined
  vector_index?: VectorIndex | undefined
  description: string | null
  metadata: Record<string, unknown>
  policy: Record<string, unknown>
  /**
   * How words are stemmed, `english` unless said; `simple` takes them as they are, `auto` detects the language of each
   * memory. Scripts without spaces (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are found in every one.
   */
  language: Language
  /** This namespace's own defaults for recall. */
  weights: Weights
  /** Unix seconds. */
  created_at: number
  /** Unix seconds. */
  updated_at: number
  /** On create and upsert: whether it is new. */
  created?: boolean | undefined
}

/** A key as one namespace sees it: the grant it has here. */
export interface NamespaceKey {
  key_id: string
  name: string
  namespace: string
  /** What the key may do here. */
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
  /** What was remembered, verbatim. */
  content: string
  /** `episodic`, `semantic`, `procedural`, `working`, or a word of your own. Default 'episodic'. */
  memoryType?: MemoryType | undefined
  /** @deprecated The API's own spelling of `memoryType`; it works as well. */
  memory_type?: MemoryType | undefined
  /** From 0 to 1; it can lift a memory in recall. Default 0.5. */
  importance?: number | undefined
  /** Words to choose by. Default []. */
  tags?: string[] | undefined
  /** Any JSON object; filters ask about it. Numbers stay exact. Default {}. */
  metadata?: Record<string, unknown> | undefined
  /** The session it belongs to. */
  sessionId?: string | null | undefined
  /** @deprecated The API's own spelling of `sessionId`; it works as well. */
  session_id?: string | null | undefined
  /** Seconds until it expires. `expires_at` wins over it. */
  ttlSeconds?: number | null | undefined
  /** @deprecated The API's own spelling of `ttlSeconds`; it works as well. */
  ttl_seconds?: number | null | undefined
  /** Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise). */
  expiresAt?: Instant | null | undefined
  /** @deprecated The API's own spelling of `expiresAt`; it works as well. */
  expires_at?: Instant | null | undefined
  /** Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise). */
  validFrom?: Instant | null | undefined
  /** @deprecated The API's own spelling of `validFrom`; it works as well. */
  valid_from?: Instant | null | undefined
  /** A vector of your own embedder, of the dimension the namespace declares. */
  embedding?: number[] | null | undefined
  /** Chosen by the caller; needs a read-write grant, as a taken one is refused. */
  id?: string | null | undefined
}

/** Whether requests will succeed, part by part. */
export interface Readiness {
  ready: boolean
  version: string
  /** `warn` serves, and says in `message` what an operator should look at. */
  checks: Record<string, ReadinessCheck>
  components: Record<string, boolean>
}

/** One part of a server, and whether it can serve. */
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
  /** Several namespaces in one ranking, instead of `agent_id`. */
  namespaces?: string[] | null | undefined
  /** Leaves out namespaces without a grant, and names them in `denied`; else they are an error. Default false. */
  skipDenied?: boolean | undefined
  /** @deprecated The API's own spelling of `skipDenied`; it works as well. */
  skip_denied?: boolean | undefined
  /** What to look for, in words. */
  query: string
  /** The least importance. */
  minImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `minImportance`; it works as well. */
  min_importance?: number | null | undefined
  /** The most importance. */
  maxImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `maxImportance`; it works as well. */
  max_importance?: number | null | undefined
  /** The one type. */
  memoryType?: MemoryType | null | undefined
  /** @deprecated The API's own spelling of `memoryType`; it works as well. */
  memory_type?: MemoryType | null | undefined
  /** All of them must be on the memory. */
  tags?: string[] | null | undefined
  /** At least one of them must be on the memory. */
  tagsAny?: string[] | null | undefined
  /** @deprecated The API's own spelling of `tagsAny`; it works as well. */
  tags_any?: string[] | null | undefined
  /**
   * Conditions on metadata: {"source": "researcher"} is equality; $eq $ne $gt $gte $lt $lte $in $nin $exists $contains
   * under a field, $and $or $not around fields; a dotted name is the key of that very name, or where there is none
   * reaches inside objects.
   */
  filter?: Record<string, unknown> | null | undefined
  /** Name of the key that stored it. */
  author?: string | null | undefined
  /** `self` leaves out what this key stored. */
  excludeAuthor?: string | null | undefined
  /** @deprecated The API's own spelling of `excludeAuthor`; it works as well. */
  exclude_author?: string | null | undefined
  /** The session it belongs to. */
  sessionId?: string | null | undefined
  /** @deprecated The API's own spelling of `sessionId`; it works as well. */
  session_id?: string | null | undefined
  /** Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise). */
  since?: Instant | null | undefined
  /** Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise). */
  until?: Instant | null | undefined
  /** Which arms look: meaning (`vector`), words (`bm25`) or both. Default 'auto'. */
  routing?: 'auto' | 'hybrid' | 'vector' | 'bm25' | undefined
  /** How recall weighs what it knows; what is left out is what the namespace says. */
  weights?: Weights | null | undefined
  /** The same as `weights.vector`, which wins. */
  vectorWeight?: number | null | undefined
  /** @deprecated The API's own spelling of `vectorWeight`; it works as well. */
  vector_weight?: number | null | undefined
  /** Leaves out hits with a lower `score`. */
  minScore?: number | null | undefined
  /** @deprecated The API's own spelling of `minScore`; it works as well. */
  min_score?: number | null | undefined
  /**
   * Diversity: how much likeness to a better hit counts against a memory, so that near-copies do not fill the answer. 0
   * unless said.
   */
  mmr?: number | null | undefined
  /** Shows how each score came about. Default false. */
  explain?: boolean | undefined
  /** A vector of your own embedder, of the dimension the namespace declares. */
  embedding?: number[] | null | undefined
  /** How many hits at most. Default 5. */
  topK?: number | undefined
  /** @deprecated The API's own spelling of `topK`; it works as well. */
  top_k?: number | undefined
}

/** The contract's `RecallResponse`. */
export interface RecallResponse {
  memories: RecalledMemory[]
  total_found: number
  query_time_ms: number
  /** With `skip_denied`: the namespaces left out. */
  denied?: string[] | undefined
}

/** The contract's `RecalledMemory`. */
export interface RecalledMemory {
  memory: Memory
  /** From 0 to 1, and comparable between queries. */
  score: number
  weighted_score: number
  /** What the list is sorted by: `score`, or with `mmr` less for what is like a better hit. */
  smart_score: number
  vector_score?: number | undefined
  text_score?: number | undefined
  explain?: Record<string, unknown> | undefined
  /** With `highlight`: up to three pieces of the content, the words found between ** and **. */
  highlights?: string[] | undefined
}

/** The contract's `RotateKeyRequest`. */
export interface RotateKeyRequest {
  /** For how many seconds the old secret goes on working. Default 0. */
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
  /** Several namespaces in one ranking, instead of `agent_id`. */
  namespaces?: string[] | null | undefined
  /** Leaves out namespaces without a grant, and names them in `denied`; else they are an error. Default false. */
  skipDenied?: boolean | undefined
  /** @deprecated The API's own spelling of `skipDenied`; it works as well. */
  skip_denied?: boolean | undefined
  /**
   * Words, "quoted phrases", -excluded, tag:name, -tag:name and beginnings like hnsw*: at most 64, with at most 128
   * words and 32 beginnings among them. Memories with all of them come first.
   */
  query: string
  /** The least importance. */
  minImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `minImportance`; it works as well. */
  min_importance?: number | null | undefined
  /** The most importance. */
  maxImportance?: number | null | undefined
  /** @deprecated The API's own spelling of `maxImportance`; it works as well. */
  max_importance?: number | null | undefined
  /** The one type. */
  memoryType?: MemoryType | null | undefined
  /** @deprecated The API's own spelling of `memoryType`; it works as well. */
  memory_type?: MemoryType | null | undefined
  /** All of them must be on the memory. */
  tags?: string[] | null | undefined
  /** At least one of them must be on the memory. */
  tagsAny?: string[] | null | undefined
  /** @deprecated The API's own spelling of `tagsAny`; it works as well. */
  tags_any?: string[] | null | undefined
  /**
   * Conditions on metadata: {"source": "researcher"} is equality; $eq $ne $gt $gte $lt $lte $in $nin $exists $contains
   * under a field, $and $or $not around fields; a dotted name is the key of that very name, or where there is none
   * reaches inside objects.
   */
  filter?: Record<string, unknown> | null | undefined
  /** Name of the key that stored it. */
  author?: string | null | undefined
  /** `self` leaves out what this key stored. */
  excludeAuthor?: string | null | undefined
  /** @deprecated The API's own spelling of `excludeAuthor`; it works as well. */
  exclude_author?: string | null | undefined
  /** The session it belongs to. */
  sessionId?: string | null | undefined
  /** @deprecated The API's own spelling of `sessionId`; it works as well. */
  session_id?: string | null | undefined
  /** Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise). */
  since?: Instant | null | undefined
  /** Unix seconds, also with a fraction, or ISO-8601 (UTC unless it says otherwise). */
  until?: Instant | null | undefined
  /** Which arms look: meaning (`vector`), words (`bm25`) or both. Default 'auto'. */
  routing?: 'auto' | 'hybrid' | 'vector' | 'bm25' | undefined
  /** How recall weighs what it knows; what is left out is what the namespace says. */
  weights?: Weights | null | undefined
  /** The same as `weights.vector`, which wins. */
  vectorWeight?: number | null | undefined
  /** @deprecated The API's own spelling of `vectorWeight`; it works as well. */
  vector_weight?: number | null | undefined
  /** Leaves out hits with a lower `score`. */
  minScore?: number | null | undefined
  /** @deprecated The API's own spelling of `minScore`; it works as well. */
  min_score?: number | null | undefined
  /**
   * Diversity: how much likeness to a better hit counts against a memory, so that near-copies do not fill the answer. 0
   * unless said.
   */
  mmr?: number | null | undefined
  /** Shows how each score came about. Default false. */
  explain?: boolean | undefined
  /** A vector of your own embedder, of the dimension the namespace declares. */
  embedding?: number[] | null | undefined
  /** How many hits at most. Default 10. */
  topK?: number | undefined
  /** @deprecated The API's own spelling of `topK`; it works as well. */
  top_k?: number | undefined
  /** `exact` returns only memories in which every word, phrase and beginning stands. Default 'best'. */
  mode?: 'best' | 'exact' | undefined
  /** Adds `highlights`: pieces of the content with the words found between ** and **. Default false. */
  highlight?: boolean | undefined
}

/** A stretch of work of an agent, from its start to its end. */
export interface Session {
  /** Unique within its namespace. Memories name it as `session_id`. */
  id: string
  /** The namespace the session belongs to. */
  agent_id: string
  /** Unix seconds. */
  started_at: number
  /** Unix seconds. */
  ended_at: number | null
  summary: string | null
  metadata: Record<string, unknown>
  /** Live memories of this session. */
  memory_count: number
}

/** Oldest first. */
export interface SessionMemoriesResponse {
  session: Session
  memories: Memory[]
  /** Memories of the session, on all pages. */
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
  /** Any JSON object, kept for the caller. Default {}. */
  metadata?: Record<string, unknown> | undefined
  /** Chosen by the caller; needs a read-write grant, as a taken one is refused. */
  id?: string | null | undefined
}

/** The contract's `StartSessionResponse`. */
export interface StartSessionResponse {
  session: Session
}

/** In the order sent. */
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
  /** The namespace the memory lives in. */
  agent_id: string
  tags: string[]
  importance: number
  /** Unix seconds. */
  created_at: number
}

/** Grants that are not named stay as they are. */
export interface UpdateKeyRequest {
  /** Stands as `author` on what the key stores. */
  name?: string | undefined
  /** Namespace → access. `none` removes a grant. */
  grants?: Record<string, 'read' | 'write' | 'read_write' | 'none'> | undefined
  /** Keeps grants on these only; new ones get what the scope of the key says. */
  namespaces?: string[] | undefined
}

/** What is left out stays. */
export interface UpdateMemoryRequest {
  /** The namespace. */
  agentId?: string | null | undefined
  /** @deprecated The API's own spelling of `agentId`; it works as well. */
  agent_id?: string | null | undefined
  /** What was remembered, verbatim. */
  content?: string | undefined
  /** Replaces what was there. */
  metadata?: Record<string, unknown> | undefined
  /** `episodic`, `semantic`, `procedural`, `working`, or a word of your own. */
  memoryType?: MemoryType | undefined
  /** @deprecated The API's own spelling of `memoryType`; it works as well. */
  memory_type?: MemoryType | undefined
  /** From 0 to 1; it can lift a memory in recall. */
  importance?: number | undefined
  /** Words to choose by. */
  tags?: string[] | undefined
  /** null: it belongs to none. In its new session it is the last. */
  sessionId?: string | null | undefined
  /** @deprecated The API's own spelling of `sessionId`; it works as well. */
  session_id?: string | null | undefined
  /** Seconds from now until it expires. `expires_at` wins over it. */
  ttlSeconds?: number | null | undefined
  /** @deprecated The API's own spelling of `ttlSeconds`; it works as well. */
  ttl_seconds?: number | null | undefined
  /** null: it no longer expires. */
  expiresAt?: Instant | null | undefined
  /** @deprecated The API's own spelling of `expiresAt`; it works as well. */
  expires_at?: Instant | null | undefined
  /** null: nothing is known of it. */
  validFrom?: Instant | null | undefined
  /** @deprecated The API's own spelling of `validFrom`; it works as well. */
  valid_from?: Instant | null | undefined
  /**
   * A new vector of your own embedder; null removes it. Left out, it stays, unless `content` changes: then it would be
   * that of another text, and goes.
   */
  embedding?: number[] | null | undefined
}

/** The contract's `UpdateMemoryResponse`. */
export interface UpdateMemoryResponse {
  id: string
  /** The namespace the memory lives in. */
  agent_id: string
  /** The same as `agent_id`. */
  namespace: string
  content: string
  memory_type: string
  importance: number
  tags: string[]
  metadata: Record<string, unknown>
  session_id: string | null
  /** Name of the key that stored it, stamped by the database. */
  author: string | null
  derived_from: string[]
  /** When it became true, as the caller said; kept, not ranked by. */
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
  /** The same moment in unix milliseconds. A reply to a store has none. */
  valid_from_ms?: number | null | undefined
  /** The same moment in unix milliseconds. A reply to a store has none. */
  created_at_ms?: number | undefined
  /** The same moment in unix milliseconds. A reply to a store has none. */
  updated_at_ms?: number | undefined
  /** The same moment in unix milliseconds. A reply to a store has none. */
  expires_at_ms?: number | null | undefined
  /** Counts changes; send it as If-Match to update only what you have seen. */
  version: number
  memory: Memory
}

/** The contract's `UpsertNamespaceRequest`. */
export interface UpsertNamespaceRequest {
  /** What it is for, for people. */
  description?: string | null | undefined
  /** Length of the vectors that callers supply themselves. Text needs none: the server's own embedder serves it. */
  dimension?: number | null | undefined
  /** Any JSON object, kept for the caller. */
  metadata?: Record<string, unknown> | null | undefined
  /** Of a namespace without memories; with some it stays. */
  language?: Language | null | undefined
  /** Defaults for recall here; they replace those set before. */
  weights?: Weights | null | undefined
  /** Kept for the caller; the server acts on none of it yet. */
  policy?: Record<string, unknown> | null | undefined
}

/** The index over the meaning of the memories of a large namespace; it is built while everything goes on. */
export interface VectorIndex {
  /** A small namespace needs none: it is searched exactly. */
  state: 'none' | 'building' | 'ready'
  /** How much of a build is done, from 0 to 1. */
  progress: number
}

/** The contract's `Weights`. */
export interface Weights {
  /** Share of meaning; the rest is words. Default 0.35. */
  vector?: number | undefined
  /** How much importance can lift or lower. Default 0.1. */
  importance?: number | undefined
  /** How much a new memory is lifted. Default 0.05. */
  recency?: number | undefined
  /** After how many days recency counts half. Default 30. */
  half_life_days?: number | undefined
  /** How much a memory borrows from its neighbours in the session. Default 0.55. */
  context?: number | undefined
  /** How much a memory is lifted that begins with a name and a colon, when the query has the name. Default 0.5. */
  speaker?: number | undefined
  /** How much a memory is lowered that ends with a question mark. Default 0.1. */
  question?: number | undefined
}
