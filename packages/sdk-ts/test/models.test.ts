import { execFileSync } from 'node:child_process'
import type * as contract from '@dakera-ai/protocol'
import { expectTypeOf, test } from 'vitest'
import type * as models from '../src/models.ts'

/** What the client adds to a request: camelCase twins, Date where a moment is meant, and the words an editor offers. */
type Spelled<T> = T extends object
  ? { [K in keyof T as K extends Lowercase<K & string> ? K : never]: Plain<Exclude<T[K], Date>, K> }
  : T
type Plain<V, K> = K extends 'memory_type' ? (V extends string ? string : V) : V
type Body<T> = Omit<T, 'agent_id'>

test('replies are typed as the contract types them', () => {
  expectTypeOf<models.Memory>().toEqualTypeOf<contract.Memory>()
  expectTypeOf<models.RecalledMemory>().toEqualTypeOf<contract.RecalledMemory>()
  expectTypeOf<models.RecallResponse>().toEqualTypeOf<contract.RecallResponse>()
  expectTypeOf<models.StoreMemoryResponse>().toEqualTypeOf<contract.StoreMemoryResponse>()
  expectTypeOf<models.StoreMemoriesResponse>().toEqualTypeOf<contract.StoreMemoriesResponse>()
  expectTypeOf<models.UpdateMemoryResponse>().branded.toEqualTypeOf<contract.UpdateMemoryResponse>()
  expectTypeOf<models.SetImportanceResponse>().toEqualTypeOf<contract.SetImportanceResponse>()
  expectTypeOf<models.ForgetResponse>().toEqualTypeOf<contract.ForgetResponse>()
  expectTypeOf<models.ForgetBatchResponse>().toEqualTypeOf<contract.ForgetBatchResponse>()
  expectTypeOf<models.ListMemoriesResponse>().toEqualTypeOf<contract.ListMemoriesResponse>()
  expectTypeOf<models.Namespace>().toEqualTypeOf<contract.Namespace>()
  expectTypeOf<models.ListNamespacesResponse>().toEqualTypeOf<contract.ListNamespacesResponse>()
  expectTypeOf<models.DeleteNamespaceResponse>().toEqualTypeOf<contract.DeleteNamespaceResponse>()
  expectTypeOf<models.Key>().toEqualTypeOf<contract.Key>()
  expectTypeOf<models.CreatedKey>().toEqualTypeOf<contract.CreatedKey>()
  expectTypeOf<models.RotatedKey>().toEqualTypeOf<contract.RotatedKey>()
  expectTypeOf<models.KeyActionResponse>().toEqualTypeOf<contract.KeyActionResponse>()
  expectTypeOf<models.ListKeysResponse>().toEqualTypeOf<contract.ListKeysResponse>()
  expectTypeOf<models.KeyUsage>().toEqualTypeOf<contract.KeyUsage>()
  expectTypeOf<models.NamespaceKey>().toEqualTypeOf<contract.NamespaceKey>()
  expectTypeOf<models.CreatedNamespaceKey>().toEqualTypeOf<contract.CreatedNamespaceKey>()
  expectTypeOf<models.ListNamespaceKeysResponse>().toEqualTypeOf<contract.ListNamespaceKeysResponse>()
  expectTypeOf<models.DeleteNamespaceKeyResponse>().toEqualTypeOf<contract.DeleteNamespaceKeyResponse>()
  expectTypeOf<models.Identity>().toEqualTypeOf<contract.Identity>()
  expectTypeOf<models.Session>().toEqualTypeOf<contract.Session>()
  expectTypeOf<models.StartSessionResponse>().toEqualTypeOf<contract.StartSessionResponse>()
  expectTypeOf<models.EndSessionResponse>().toEqualTypeOf<contract.EndSessionResponse>()
  expectTypeOf<models.ListSessionsResponse>().toEqualTypeOf<contract.ListSessionsResponse>()
  expectTypeOf<models.SessionMemoriesResponse>().toEqualTypeOf<contract.SessionMemoriesResponse>()
  expectTypeOf<models.Agent>().toEqualTypeOf<contract.Agent>()
  expectTypeOf<models.AgentStats>().toEqualTypeOf<contract.AgentStats>()
  expectTypeOf<models.Health>().toEqualTypeOf<contract.Health>()
  expectTypeOf<models.Readiness>().toEqualTypeOf<contract.Readiness>()
  expectTypeOf<models.Liveness>().toEqualTypeOf<contract.Liveness>()
  expectTypeOf<models.ErrorBody>().toEqualTypeOf<contract.ErrorBody>()
  expectTypeOf<models.ErrorCode>().toEqualTypeOf<contract.ErrorCode>()
})

test('requests in the spelling of the wire are typed as the contract types them', () => {
  expectTypeOf<Spelled<models.NewMemory>>().branded.toEqualTypeOf<contract.NewMemory>()
  expectTypeOf<Spelled<models.RecallRequest>>().branded.toEqualTypeOf<contract.RecallRequest>()
  expectTypeOf<Spelled<models.SearchRequest>>().branded.toEqualTypeOf<contract.SearchRequest>()
  expectTypeOf<Spelled<models.ForgetRequest>>().branded.toEqualTypeOf<Body<contract.ForgetRequest>>()
  expectTypeOf<Spelled<models.MemoryFilter>>().branded.toEqualTypeOf<contract.MemoryFilter>()
  expectTypeOf<Spelled<models.CreateNamespaceRequest>>().branded.toEqualTypeOf<contract.CreateNamespaceRequest>()
  expectTypeOf<Spelled<models.UpsertNamespaceRequest>>().branded.toEqualTypeOf<contract.UpsertNamespaceRequest>()
  expectTypeOf<Spelled<models.CreateKeyRequest>>().branded.toEqualTypeOf<contract.CreateKeyRequest>()
  expectTypeOf<Spelled<models.UpdateKeyRequest>>().branded.toEqualTypeOf<contract.UpdateKeyRequest>()
  expectTypeOf<Spelled<models.RotateKeyRequest>>().branded.toEqualTypeOf<contract.RotateKeyRequest>()
  expectTypeOf<Spelled<models.CreateNamespaceKeyRequest>>().branded.toEqualTypeOf<contract.CreateNamespaceKeyRequest>()
  expectTypeOf<Spelled<models.StartSessionRequest>>().branded.toEqualTypeOf<Body<contract.StartSessionRequest>>()
  expectTypeOf<Spelled<models.EndSessionRequest>>().branded.toEqualTypeOf<contract.EndSessionRequest>()
})

test('what is printed from the contract is committed as printed', () => {
  const codegen = new URL('../../codegen/src/main.ts', import.meta.url).pathname
  execFileSync(process.execPath, [codegen, 'ts', '--check'])
})
