// @generated from packages/protocol by packages/codegen; do not edit.
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
  Identity,
  Key,
  KeyActionResponse,
  KeyUsage,
  Memory,
  Namespace,
  NamespaceKey,
  RotatedKey,
  RotateKeyRequest,
  Session,
  StartSessionRequest,
  UpdateKeyRequest,
  UpsertNamespaceRequest,
} from './models.ts'
export type { AgentMemoriesOptions, Agents } from './resources/agents.ts'
export type { Keys } from './resources/keys.ts'
export type { NamespaceKeys } from './resources/namespace-keys.ts'
export type { ListedNamespace, NamespaceSettings, Namespaces } from './resources/namespaces.ts'
export type { ListSessionsOptions, Sessions } from './resources/sessions.ts'
