import * as z from 'zod'
import { endpoint } from '../endpoint.ts'
import { fromQuery, JsonObject, text, UnixSeconds } from '../fields.ts'
import { closed } from '../known.ts'
import { Weights } from '../weights.ts'

const ALIAS = /^_dakera_agent_(?=.)/

/** The name of a namespace. `_dakera_agent_x`, which older clients send, is an alias of `x`. */
export const NamespaceName = z
  .string()
  .transform((name) => name.replace(ALIAS, ''))
  .pipe(
    z
      .string()
      .max(128)
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
        'must start with a letter or digit and contain only letters, digits, ".", "_" and "-"',
      )
      .refine((name) => !name.startsWith('system_'), 'the prefixes "_" and "system_" are reserved'),
  )
  .meta({ description: 'At most 128 letters, digits, ".", "_" and "-". The prefixes "_" and "system_" are reserved.' })

export const NamespaceAccess = z
  .enum(['read', 'write', 'read_write'])
  .meta({ title: 'Access', description: '`write` alone is append-only: the key can store, but cannot read.' })
export type NamespaceAccess = z.output<typeof NamespaceAccess>

export const Dimension = z.int().min(1).max(4000).meta({
  description: 'Dimension of vectors supplied by callers. Not needed for text, which the server embeds itself.',
})
/**
 * The text search configurations of Postgres: the Snowball stemmers, `simple`, which does not stem, and `auto`, which
 * detects the language of each memory.
 */
const LANGUAGES = [
  'auto',
  'simple',
  'arabic',
  'armenian',
  'basque',
  'catalan',
  'danish',
  'dutch',
  'english',
  'finnish',
  'french',
  'german',
  'greek',
  'hindi',
  'hungarian',
  'indonesian',
  'irish',
  'italian',
  'lithuanian',
  'nepali',
  'norwegian',
  'portuguese',
  'romanian',
  'russian',
  'serbian',
  'spanish',
  'swedish',
  'tamil',
  'turkish',
  'yiddish',
] as const
export const Language = z.enum(LANGUAGES).meta({
  title: 'Language',
  description:
    'How words are stemmed. `simple` does not stem; `auto` detects the language of each memory. Scripts without ' +
    'spaces (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are supported in every setting. Default ' +
    '`english`.',
})
const Description = text(0, 1000)

export const VectorIndex = z
  .object({
    state: z
      .enum(['none', 'building', 'ready'])
      .meta({ description: 'A small namespace has none, because it is searched exactly.' }),
    progress: z.number().meta({ description: 'Progress of a build, from 0 to 1.' }),
  })
  .meta({
    id: 'VectorIndex',
    description: 'The vector index of a large namespace. It is built in the background.',
  })
export type VectorIndex = z.output<typeof VectorIndex>

/** The name is in `namespace` and not also in `name`: published clients fail if both are present. */
export const Namespace = z
  .object({
    namespace: z.string(),
    dimension: Dimension,
    distance: z.literal('cosine'),
    memory_count: z.int().optional().meta({ description: 'Absent if the key cannot read this namespace.' }),
    vector_count: z.int().optional(),
    vector_index: VectorIndex.optional(),
    description: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()),
    policy: z.record(z.string(), z.unknown()),
    language: Language,
    weights: Weights.meta({ description: 'Default weights for recall in this namespace.' }),
    created_at: UnixSeconds,
    updated_at: UnixSeconds,
    created: z.boolean().optional().meta({ description: 'On create and upsert: whether the namespace is new.' }),
  })
  .meta({ id: 'Namespace', description: 'A container for memories, with its own grants.' })
export type Namespace = z.output<typeof Namespace>

export const ListedNamespace = z
  .object({
    name: z.string().meta({ 'x-also': 'namespace' }),
    description: z.string().nullable(),
    memory_count: z.int().optional().meta({ description: 'Absent if the key cannot read this namespace.' }),
    created_at: UnixSeconds,
    access: NamespaceAccess.meta({ description: 'The access of this key to the namespace.' }),
  })
  .meta({ id: 'ListedNamespace', description: 'A namespace in a list.' })
export type ListedNamespace = z.output<typeof ListedNamespace>

const settings = {
  description: Description.nullish().meta({ description: 'A description for people.' }),
  dimension: Dimension.nullish(),
  metadata: JsonObject.nullish().meta({ description: 'Any JSON object. The server does not use it.' }),
  language: Language.nullish().meta({ description: 'Can be changed only while the namespace has no memories.' }),
  weights: Weights.nullish().meta({
    description: 'Default weights for recall in this namespace; they replace the previous ones.',
  }),
  policy: JsonObject.nullish().meta({ description: 'Any JSON object. The server does not use it yet.' }),
}
export const CreateNamespaceRequest = z
  .object({ name: NamespaceName, ...settings })
  .meta({ id: 'CreateNamespaceRequest' })
export type CreateNamespaceRequest = z.input<typeof CreateNamespaceRequest>

export const UpsertNamespaceRequest = z.object(settings).meta({ id: 'UpsertNamespaceRequest' })
export type UpsertNamespaceRequest = z.input<typeof UpsertNamespaceRequest>

export const ListNamespacesQuery = closed(
  z.object({
    prefix: text(0, 128).optional().meta({ description: 'Prefix of the names.' }),
    limit: fromQuery('number', z.int().min(1).max(1000).optional()).meta({ description: 'By default, all results.' }),
    cursor: z.string().max(1000).optional().meta({ description: '`next_cursor` of the previous page.' }),
  }),
)

export const ListNamespacesResponse = z
  .object({
    namespaces: z.array(z.string()).meta({ description: 'The names only, for older clients.' }),
    items: z.array(ListedNamespace),
    next_cursor: z.string().optional(),
  })
  .meta({ id: 'ListNamespacesResponse' })
export type ListNamespacesResponse = z.output<typeof ListNamespacesResponse>

export const DeleteNamespaceResponse = z
  .object({ namespace: z.string(), deleted: z.literal(true), vectors_deleted: z.int() })
  .meta({ id: 'DeleteNamespaceResponse' })
export type DeleteNamespaceResponse = z.output<typeof DeleteNamespaceResponse>

const refusals = ['INVALID_REQUEST', 'AUTHENTICATION_REQUIRED', 'INVALID_API_KEY', 'API_KEY_EXPIRED'] as const

export const namespaceEndpoints = {
  create: endpoint({
    id: 'namespaces.create',
    flat: 'createNamespace',
    method: 'POST',
    path: '/v1/namespaces',
    access: 'admin',
    summary:
      'Create a namespace. Returns the existing one if its settings match; fails with `CONFLICT` if they differ.',
    body: CreateNamespaceRequest,
    status: 201,
    response: Namespace,
    errors: [...refusals, 'INSUFFICIENT_SCOPE', 'CONFLICT'],
  }),
  upsert: endpoint({
    id: 'namespaces.upsert',
    flat: 'upsertNamespace',
    method: 'PUT',
    path: '/v1/namespaces/{namespace}',
    access: 'admin',
    summary: 'Create a namespace or change its settings. Omitted settings stay unchanged.',
    body: UpsertNamespaceRequest,
    response: Namespace,
    errors: [...refusals, 'INSUFFICIENT_SCOPE', 'CONFLICT'],
  }),
  list: endpoint({
    id: 'namespaces.list',
    flat: 'listNamespaces',
    method: 'GET',
    path: '/v1/namespaces',
    isStrict: true,
    summary: 'List the namespaces on which this key has a grant; an admin sees all of them.',
    query: ListNamespacesQuery,
    response: ListNamespacesResponse,
    returns: 'items',
    errors: refusals,
  }),
  get: endpoint({
    id: 'namespaces.get',
    flat: 'getNamespace',
    method: 'GET',
    path: '/v1/namespaces/{namespace}',
    summary: 'Fetch one namespace.',
    response: Namespace,
    errors: [...refusals, 'NAMESPACE_ACCESS_DENIED', 'NAMESPACE_NOT_FOUND'],
  }),
  delete: endpoint({
    id: 'namespaces.delete',
    flat: 'deleteNamespace',
    method: 'DELETE',
    path: '/v1/namespaces/{namespace}',
    aliases: ['DELETE /v1/admin/namespaces/{namespace}'],
    access: 'admin',
    isStrict: true,
    summary: 'Delete a namespace, all its memories and all grants on it.',
    response: DeleteNamespaceResponse,
    errors: [...refusals, 'INSUFFICIENT_SCOPE', 'NAMESPACE_NOT_FOUND'],
  }),
}
