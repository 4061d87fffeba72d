import * as z from 'zod'
import { endpoint } from '../endpoint.ts'
import { UnixSeconds } from '../fields.ts'
import { closed } from '../known.ts'
import { CreatedKey, KeyUsage, newKeyFields } from './keys.ts'
import { NamespaceAccess } from './namespaces.ts'

export const NamespaceKey = z
  .object({
    key_id: z.string(),
    name: z.string(),
    namespace: z.string(),
    access: NamespaceAccess.meta({ description: 'The access of the key to this namespace.' }),
    active: z.boolean(),
    created_at: UnixSeconds,
    expires_at: UnixSeconds.nullable(),
  })
  .meta({ id: 'NamespaceKey', description: 'A key with its grant on one namespace.' })
export type NamespaceKey = z.output<typeof NamespaceKey>

export const CreateNamespaceKeyRequest = closed(
  z.object({
    name: newKeyFields.name,
    expires_in_days: newKeyFields.expires_in_days,
    scope: z
      .enum(['read', 'write'])
      .default('write')
      .meta({ title: 'Scope', description: '`write` includes read access.' }),
  }),
  { access: 'did you mean scope, which is read or write?' },
).meta({ id: 'CreateNamespaceKeyRequest' })
export type CreateNamespaceKeyRequest = z.input<typeof CreateNamespaceKeyRequest>

export const CreatedNamespaceKey = NamespaceKey.extend(CreatedKey.pick({ key: true, warning: true }).shape).meta({
  id: 'CreatedNamespaceKey',
})
export type CreatedNamespaceKey = z.output<typeof CreatedNamespaceKey>

export const ListNamespaceKeysResponse = z
  .object({ namespace: z.string(), keys: z.array(NamespaceKey), total: z.int() })
  .meta({ id: 'ListNamespaceKeysResponse' })
export type ListNamespaceKeysResponse = z.output<typeof ListNamespaceKeysResponse>

export const DeleteNamespaceKeyResponse = z
  .object({ success: z.literal(true), message: z.string() })
  .meta({ id: 'DeleteNamespaceKeyResponse' })
export type DeleteNamespaceKeyResponse = z.output<typeof DeleteNamespaceKeyResponse>

const refusals = [
  'INVALID_REQUEST',
  'AUTHENTICATION_REQUIRED',
  'INVALID_API_KEY',
  'API_KEY_EXPIRED',
  'INSUFFICIENT_SCOPE',
] as const

export const namespaceKeyEndpoints = {
  create: endpoint({
    id: 'namespaceKeys.create',
    flat: 'createNamespaceKey',
    method: 'POST',
    path: '/v1/namespaces/{namespace}/keys',
    access: 'admin',
    isStrict: true,
    summary:
      'Issue a key with a single grant, on this namespace. The response contains its secret, which is not ' +
      'shown again.',
    body: CreateNamespaceKeyRequest,
    status: 201,
    response: CreatedNamespaceKey,
    errors: refusals,
  }),
  list: endpoint({
    id: 'namespaceKeys.list',
    flat: 'listNamespaceKeys',
    method: 'GET',
    path: '/v1/namespaces/{namespace}/keys',
    access: 'admin',
    isStrict: true,
    summary: 'List the keys that have a grant on this namespace, oldest first.',
    response: ListNamespaceKeysResponse,
    returns: 'keys',
    errors: refusals,
  }),
  delete: endpoint({
    id: 'namespaceKeys.delete',
    flat: 'deleteNamespaceKey',
    method: 'DELETE',
    path: '/v1/namespaces/{namespace}/keys/{key_id}',
    access: 'admin',
    isStrict: true,
    summary:
      'Delete a key whose only grant is on this namespace. A key with other grants, or an admin key, only loses ' +
      'this grant.',
    response: DeleteNamespaceKeyResponse,
    errors: [...refusals, 'NOT_FOUND', 'CONFLICT'],
  }),
  usage: endpoint({
    id: 'namespaceKeys.usage',
    flat: 'namespaceKeyUsage',
    method: 'GET',
    path: '/v1/namespaces/{namespace}/keys/{key_id}/usage',
    access: 'admin',
    isStrict: true,
    summary: 'Return the number of requests that a key with a grant on this namespace made here.',
    response: KeyUsage,
    errors: [...refusals, 'NOT_FOUND'],
  }),
}
