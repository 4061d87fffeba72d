export { DakeraClient } from './client.ts'
export {
  ApiError,
  AuthenticationError,
  AuthorizationError,
  type ClientErrorCode,
  ConflictError,
  ConnectionError,
  DakeraError,
  NotFoundError,
  RateLimitError,
  ResponseError,
  ServerError,
  TimeoutError,
  UsageError,
  ValidationError,
} from './errors.ts'
export type { List, Page } from './list.ts'
export type {
  Agent,
  AgentStats,
  CreatedKey,
  CreatedNamespaceKey,
  CreateKeyRequest,
  CreateNamespaceKeyRequest,
  DeleteNamespaceKeyResponse,
  DeleteNamespaceResponse,
  EndSessionRequest,
  ErrorBody,
  ErrorCode,
  ForgetBatchResponse,
  ForgetResponse,
  Health,
  Identity,
  Instant,
  Key,
  KeyActionResponse,
  KeyUsage,
  Liveness,
  Memory,
  MemoryFilter,
  MemoryType,
  Namespace,
  NamespaceKey,
  NewMemory,
  Readiness,
  RotatedKey,
  RotateKeyRequest,
  Session,
  SetImportanceResponse,
  StartSessionRequest,
  StoreMemoriesResponse,
  UpdateKeyRequest,
  UpdateMemoryResponse,
  UpsertNamespaceRequest,
} from './models.ts'
export type { RequestOptions } from './request.ts'
export type { AgentMemoriesOptions, Agents } from './resources/agents.ts'
export type { HealthChecks } from './resources/health.ts'
export type { Keys } from './resources/keys.ts'
export type {
  ForgetSelector,
  FoundMemories,
  FoundMemory,
  ListMemoriesOptions,
  Memories,
  MemoryChanges,
  OwnerOptions,
  RecallOptions,
  SearchOptions,
  StoredMemory,
} from './resources/memories.ts'
export type { NamespaceKeys } from './resources/namespace-keys.ts'
export type { ListedNamespace, ListOptions, NamespaceSettings, Namespaces } from './resources/namespaces.ts'
export type { ListSessionsOptions, OffsetOptions, Sessions } from './resources/sessions.ts'
export type { ClientOptions, RequestEvent, ResponseEvent } from './transport.ts'
