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
    access: NamespaceAccess.meta({ description: 'What the key may do here.' }),
    active: z.boolean(),
    created_at: UnixSeconds,
    expires_at: UnixSeconds.nullable(),
  })
  .meta({ id: 'NamespaceKey', description: 'A key as one namespace sees it: the grant it has here.' })
export type NamespaceKey = z.output<typeof NamespaceKey>

export const CreateNamespaceKeyRequest = closed(
  z.object({
    name: newKeyFields.name,
    expires_in_days: newKeyFields.expires_in_days,
    scope: z.enum(['read', 'write']).default('write').meta({ title: 'Scope', description: '`write` reads as well.' }),
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
    summary: 'Issue a key with one grant: on this namespace. The reply shows its secret, once.',
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
      'Delete a key that has its only grant on this namespace. One with others, or an admin key, loses this ' +
      'grant and stays.',
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
    summary: 'Count what a key with a grant on this namespace did here.',
    response: KeyUsage,
    errors: [...refusals, 'NOT_FOUND'],
  }),
}
