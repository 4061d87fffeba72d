import * as z from 'zod'
import { endpoint } from '../endpoint.ts'
import { fromQuery, Instant, list, record, text, UnixSeconds } from '../fields.ts'
import { closed } from '../known.ts'
import { NamespaceAccess, NamespaceName } from './namespaces.ts'

const KeyName = text(1, 200).meta({ description: 'Recorded as `author` on everything the key stores.' })
const Grants = z.record(NamespaceName, NamespaceAccess)
/** The most namespaces in one call. A key can have more grants, given by several calls. */
const MOST_GRANTS = 1000
const Namespaces = list(NamespaceName, MOST_GRANTS)
const GrantChanges = record(
  NamespaceName,
  z.enum([...NamespaceAccess.options, 'none']).meta({ title: 'Access' }),
  MOST_GRANTS,
).meta({
  description: 'Namespace → access. `none` removes a grant.',
})
const Scope = z.enum(['read', 'write', 'admin', 'super_admin']).meta({ title: 'Scope' })
/** The format keeps the secret out of what the SDKs print of a response. */
const Secret = z.string().meta({ format: 'password', description: 'The secret. It is not shown again.' })

/** A key as the API shows it, without its secret, which only create and rotate return. */
export const Key = z
  .object({
    key_id: z.string(),
    id: z.string(),
    name: z.string(),
    scope: z
      .enum(['read', 'write', 'admin'])
      .meta({ title: 'Scope', description: '`admin`, or the widest access among the grants.' }),
    grants: Grants,
    namespaces: z.array(z.string()).meta({ description: 'The namespaces in `grants`.' }),
    permissions: z.array(z.string()),
    active: z.boolean(),
    created_at: UnixSeconds,
    expires_at: UnixSeconds.nullable(),
  })
  .meta({ id: 'Key', description: 'An API key: the identity of an agent, with its grants.' })
export type Key = z.output<typeof Key>

export const newKeyFields = {
  name: KeyName,
  grants: record(NamespaceName, NamespaceAccess, MOST_GRANTS)
    .optional()
    .meta({ description: 'Namespace → `read`, `write` or `read_write`.' }),
  secret: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces, so that it fits into a header')
    .min(8)
    .max(256)
    .optional()
    .meta({ format: 'password', description: 'Chosen by the operator. Generated if omitted.' }),
  scope: Scope.optional().meta({
    description: '`read` or `write` applies to `namespaces`; `admin` has full access to all namespaces.',
  }),
  namespaces: Namespaces.optional().meta({
    description: 'With `scope`: the namespaces to grant; `read` grants read, `write` grants read-write.',
  }),
  permissions: list(Scope, Scope.options.length)
    .optional()
    .meta({ description: 'Alias of `scope`, for older clients.' }),
  expires_in_days: z
    .number()
    .positive()
    .max(36_500)
    .nullish()
    .meta({ description: 'Days until it expires. By default it never expires. `expires_at` takes precedence.' }),
  expires_at: Instant.nullish(),
}
const keyInstead = {
  key: 'did you mean secret?',
  ttl_seconds: 'did you mean expires_in_days?',
  access: 'did you mean grants?',
}
export const CreateKeyRequest = closed(z.object(newKeyFields), keyInstead).meta({ id: 'CreateKeyRequest' })
export type CreateKeyRequest = z.input<typeof CreateKeyRequest>

export const CreatedKey = Key.extend({ key: Secret, warning: z.string() }).meta({
  id: 'CreatedKey',
})
export type CreatedKey = z.output<typeof CreatedKey>

export const UpdateKeyRequest = closed(
  z.object({
    name: KeyName.optional(),
    grants: GrantChanges.optional(),
    namespaces: Namespaces.optional().meta({
      description: 'Removes grants on all other namespaces; new namespaces get the scope of the key.',
    }),
  }),
  {
    active: 'POST /v1/keys/{key_id}/deactivate stops a key; it cannot be reactivated',
    expires_at: 'it is set when the key is created; create a new key',
    expires_in_days: 'it is set when the key is created; create a new key',
    scope: 'did you mean grants?',
    permissions: 'did you mean grants?',
    secret: 'POST /v1/keys/{key_id}/rotate creates a new one',
  },
).meta({ id: 'UpdateKeyRequest', description: 'Grants that are not listed stay unchanged.' })
export type UpdateKeyRequest = z.input<typeof UpdateKeyRequest>

export const ListKeysQuery = closed(
  z.object({
    limit: fromQuery('number', z.int().min(1).max(1000).optional()).meta({ description: 'By default, all results.' }),
    cursor: z.string().max(1000).optional().meta({ description: '`next_cursor` of the previous page.' }),
  }),
)
export const ListKeysResponse = z
  .object({ keys: z.array(Key), total: z.int(), next_cursor: z.string().optional() })
  .meta({ id: 'ListKeysResponse' })
export type ListKeysResponse = z.output<typeof ListKeysResponse>

export const RotateKeyRequest = closed(
  z.object({
    grace_secs: z
      .int()
      .min(0)
      .max(604_800)
      .default(0)
      .meta({ description: 'Seconds for which the old secret stays valid.' }),
  }),
).meta({ id: 'RotateKeyRequest' })
export type RotateKeyRequest = z.input<typeof RotateKeyRequest>

export const RotatedKey = z
  .object({
    key_id: z.string(),
    key: Secret.meta({ description: 'The new secret. It is not shown again.' }),
    new_key: Secret.meta({ description: 'The same as `key`.' }),
    name: z.string(),
    old_key_expires_at: UnixSeconds,
    warning: z.string(),
  })
  .meta({ id: 'RotatedKey' })
export type RotatedKey = z.output<typeof RotatedKey>

export const KeyActionResponse = Key.extend({ success: z.literal(true), message: z.string() }).meta({
  id: 'KeyActionResponse',
})
export type KeyActionResponse = z.output<typeof KeyActionResponse>

export const Identity = z
  .object({
    key_id: z.string(),
    name: z.string(),
    scope: Key.shape.scope,
    grants: Grants,
    namespaces: z.array(z.string()),
    expires_at: UnixSeconds.nullable(),
    auth_enabled: z.literal(true),
  })
  .meta({ id: 'Identity', description: 'The calling key.' })
export type Identity = z.output<typeof Identity>

const EndpointUsage = z
  .object({
    endpoint: z.string().meta({ description: 'Its operation id.' }),
    requests: z.int(),
    avg_latency_ms: z.number(),
  })
  .meta({ id: 'EndpointUsage' })
const NamespaceUsage = z.object({ namespace: z.string(), requests: z.int() }).meta({ id: 'NamespaceUsage' })

export const KeyUsage = z
  .object({
    key_id: z.string(),
    total_requests: z.int(),
    successful_requests: z.int(),
    failed_requests: z.int(),
    rate_limited_requests: z.int().meta({ description: 'The part of `failed_requests` that exceeded a rate limit.' }),
    bytes_transferred: z.int().meta({ description: 'Request bodies, and bodies of successful responses.' }),
    avg_latency_ms: z.number(),
    last_used: UnixSeconds.nullable(),
    by_endpoint: z.array(EndpointUsage).meta({ description: 'Busiest first.' }),
    by_namespace: z
      .array(NamespaceUsage)
      .meta({ description: 'Busiest first. Only requests that named exactly one namespace, and one that exists.' }),
  })
  .meta({ id: 'KeyUsage', description: 'Requests made with a key since it was issued, with any of its secrets.' })
export type KeyUsage = z.output<typeof KeyUsage>

const refusals = [
  'INVALID_REQUEST',
  'AUTHENTICATION_REQUIRED',
  'INVALID_API_KEY',
  'API_KEY_EXPIRED',
  'INSUFFICIENT_SCOPE',
] as const

export const keyEndpoints = {
  create: endpoint({
    id: 'keys.create',
    flat: 'createKey',
    method: 'POST',
    path: '/v1/keys',
    aliases: ['POST /admin/keys', 'POST /v1/admin/keys'],
    access: 'admin',
    isStrict: true,
    summary:
      'Issue a key with its own grants per namespace. The response contains its secret, which is not shown again.',
    body: CreateKeyRequest,
    status: 201,
    response: CreatedKey,
    errors: [...refusals, 'CONFLICT'],
  }),
  list: endpoint({
    id: 'keys.list',
    flat: 'listKeys',
    method: 'GET',
    path: '/v1/keys',
    aliases: ['GET /admin/keys', 'GET /v1/admin/keys'],
    access: 'admin',
    isStrict: true,
    summary: 'List the keys, without secrets.',
    query: ListKeysQuery,
    response: ListKeysResponse,
    returns: 'keys',
    errors: refusals,
  }),
  get: endpoint({
    id: 'keys.get',
    flat: 'getKey',
    method: 'GET',
    path: '/v1/keys/{key_id}',
    aliases: ['GET /admin/keys/{key_id}', 'GET /v1/admin/keys/{key_id}'],
    access: 'admin',
    isStrict: true,
    summary: 'Fetch one key, without its secret.',
    response: Key,
    errors: [...refusals, 'NOT_FOUND'],
  }),
  update: endpoint({
    id: 'keys.update',
    flat: 'updateKey',
    method: 'PATCH',
    path: '/v1/keys/{key_id}',
    aliases: ['PATCH /admin/keys/{key_id}', 'PATCH /v1/admin/keys/{key_id}'],
    access: 'admin',
    isStrict: true,
    summary: 'Rename a key or change its grants. New grants apply from its next request on; `none` removes one.',
    body: UpdateKeyRequest,
    response: Key,
    errors: [...refusals, 'NOT_FOUND'],
  }),
  rotate: endpoint({
    id: 'keys.rotate',
    flat: 'rotateKey',
    method: 'POST',
    path: '/v1/keys/{key_id}/rotate',
    aliases: ['POST /admin/keys/{key_id}/rotate', 'POST /v1/admin/keys/{key_id}/rotate'],
    access: 'admin',
    isStrict: true,
    summary: 'Give a key a new secret. The old one stops working immediately, or after `grace_secs`.',
    body: RotateKeyRequest,
    response: RotatedKey,
    errors: [...refusals, 'NOT_FOUND', 'CONFLICT'],
  }),
  deactivate: endpoint({
    id: 'keys.deactivate',
    flat: 'deactivateKey',
    method: 'POST',
    path: '/v1/keys/{key_id}/deactivate',
    aliases: ['POST /admin/keys/{key_id}/deactivate', 'POST /v1/admin/keys/{key_id}/deactivate'],
    access: 'admin',
    isStrict: true,
    summary: 'Stop a key immediately and keep its record.',
    response: KeyActionResponse,
    errors: [...refusals, 'NOT_FOUND', 'CONFLICT'],
  }),
  delete: endpoint({
    id: 'keys.delete',
    flat: 'deleteKey',
    method: 'DELETE',
    path: '/v1/keys/{key_id}',
    aliases: ['DELETE /admin/keys/{key_id}', 'DELETE /v1/admin/keys/{key_id}'],
    access: 'admin',
    isStrict: true,
    summary: 'Delete a key and its grants. The memories it stored remain.',
    response: KeyActionResponse,
    errors: [...refusals, 'NOT_FOUND', 'CONFLICT'],
  }),
  usage: endpoint({
    id: 'keys.usage',
    flat: 'keyUsage',
    method: 'GET',
    path: '/v1/keys/{key_id}/usage',
    aliases: ['GET /admin/keys/{key_id}/usage', 'GET /v1/admin/keys/{key_id}/usage'],
    access: 'admin',
    isStrict: true,
    summary: 'Return the number of requests made with a key, including rejected ones.',
    response: KeyUsage,
    errors: [...refusals, 'NOT_FOUND'],
  }),
  whoami: endpoint({
    id: 'keys.whoami',
    flat: 'whoami',
    method: 'GET',
    path: '/v1/auth/whoami',
    summary: 'Return the identity and grants of the calling key.',
    response: Identity,
    errors: ['AUTHENTICATION_REQUIRED', 'INVALID_API_KEY', 'API_KEY_EXPIRED'],
  }),
}
