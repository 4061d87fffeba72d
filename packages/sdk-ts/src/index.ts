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
export type { List, ListOptions, OffsetOptions, Page } from './list.ts'
export type {
  ErrorBody,
  ErrorCode,
  ForgetBatchResponse,
  ForgetResponse,
  Health,
  Instant,
  Liveness,
  MemoryFilter,
  MemoryType,
  NewMemory,
  Readiness,
  SetImportanceResponse,
  StoreMemoriesResponse,
  UpdateMemoryResponse,
} from './models.ts'
export * from './printed.ts'
export type { OwnerOptions, RequestOptions } from './request.ts'
export type { HealthChecks } from './resources/health.ts'
export type {
  ForgetSelector,
  FoundMemories,
  FoundMemory,
  ListMemoriesOptions,
  Memories,
  MemoryChanges,
  RecallOptions,
  SearchOptions,
  StoredMemory,
} from './resources/memories.ts'
export type { ClientOptions, RequestEvent, ResponseEvent } from './transport.ts'
