import * as z from 'zod'
import { endpoint } from '../endpoint.ts'
import { fromQuery, JsonObject, text, UnixSeconds } from '../fields.ts'
import { closed } from '../known.ts'
import { Weights } from '../weights.ts'

const ALIAS = /^_dakera_agent_(?=.)/

/** A namespace's name. `_dakera_agent_x`, which older clients send, means `x`. */
export const NamespaceName = z
  .string()
  .transform((name) => name.replace(ALIAS, ''))
  .pipe(
    z
      .string()
      .max(128)
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
        'must start with a letter or digit and go on with letters, digits, ".", "_" or "-"',
      )
      .refine((name) => !name.startsWith('system_'), 'the prefixes "_" and "system_" are reserved'),
  )
  .meta({ description: 'Letters, digits, ".", "_" and "-", at most 128; the prefixes "_" and "system_" are reserved.' })

export const NamespaceAccess = z
  .enum(['read', 'write', 'read_write'])
  .meta({ title: 'Access', description: '`write` alone is append-only: it stores, and reads nothing back.' })
export type NamespaceAccess = z.output<typeof NamespaceAccess>

export const Dimension = z.int().min(1).max(4000).meta({
  description:
    "Length of the vectors that callers supply themselves. Text needs none: the server's own embedder serves it.",
})
/**
 * Postgres' text search configurations: the Snowball stemmers, `simple`, which takes each word as it is, and `auto`,
 * which asks each memory.
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
    'How words are stemmed, `english` unless said; `simple` takes them as they are, `auto` detects the language ' +
    'of each memory. Scripts without spaces (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are found in ' +
    'every one.',
})
const Description = text(0, 1000)

export const VectorIndex = z
  .object({
    state: z
      .enum(['none', 'building', 'ready'])
      .meta({ description: 'A small namespace needs none: it is searched exactly.' }),
    progress: z.number().meta({ description: 'How much of a build is done, from 0 to 1.' }),
  })
  .meta({
    id: 'VectorIndex',
    description:
      'The index over the meaning of the memories of a large namespace; it is built while everything goes on.',
  })
export type VectorIndex = z.output<typeof VectorIndex>

/** Names itself `namespace`, never also `name`: clients in the field fail on both. */
export const Namespace = z
  .object({
    namespace: z.string(),
    dimension: Dimension,
    distance: z.literal('cosine'),
    memory_count: z.int().optional().meta({ description: 'Absent for a key that may not read here.' }),
    vector_count: z.int().optional(),
    vector_index: VectorIndex.optional(),
    description: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()),
    policy: z.record(z.string(), z.unknown()),
    language: Language,
    weights: Weights.meta({ description: "This namespace's own defaults for recall." }),
    created_at: UnixSeconds,
    updated_at: UnixSeconds,
    created: z.boolean().optional().meta({ description: 'On create and upsert: whether it is new.' }),
  })
  .meta({ id: 'Namespace', description: 'A place for memories, with its own grants.' })
export type Namespace = z.output<typeof Namespace>

export const ListedNamespace = z
  .object({
    name: z.string().meta({ 'x-also': 'namespace' }),
    description: z.string().nullable(),
    memory_count: z.int().optional().meta({ description: 'Absent for a key that may not read here.' }),
    created_at: UnixSeconds,
    access: NamespaceAccess.meta({ description: 'What this key may do here.' }),
  })
  .meta({ id: 'ListedNamespace', description: 'A namespace in a list.' })
export type ListedNamespace = z.output<typeof ListedNamespace>

const settings = {
  description: Description.nullish().meta({ description: 'What it is for, for people.' }),
  dimension: Dimension.nullish(),
  metadata: JsonObject.nullish().meta({ description: 'Any JSON object, kept for the caller.' }),
  language: Language.nullish().meta({ description: 'Of a namespace without memories; with some it stays.' }),
  weights: Weights.nullish().meta({ description: 'Defaults for recall here; they replace those set before.' }),
  policy: JsonObject.nullish().meta({ description: 'Kept for the caller; the server acts on none of it yet.' }),
}
export const CreateNamespaceRequest = z
  .object({ name: NamespaceName, ...settings })
  .meta({ id: 'CreateNamespaceRequest' })
export type CreateNamespaceRequest = z.input<typeof CreateNamespaceRequest>

export const UpsertNamespaceRequest = z.object(settings).meta({ id: 'UpsertNamespaceRequest' })
export type UpsertNamespaceRequest = z.input<typeof UpsertNamespaceRequest>

export const ListNamespacesQuery = closed(
  z.object({
    prefix: text(0, 128).optional().meta({ description: 'How the names begin.' }),
    limit: fromQuery('number', z.int().min(1).max(1000).optional()).meta({ description: 'All of them unless said.' }),
    cursor: z.string().max(1000).optional().meta({ description: '`next_cursor` of the page before.' }),
  }),
)

export const ListNamespacesResponse = z
  .object({
    namespaces: z.array(z.string()).meta({ description: 'The names alone, which older clients read.' }),
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
    summary: 'Create a namespace. One that exists is answered with 200, unless the body disagrees with it.',
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
    summary: 'Create a namespace or change its settings; what the body leaves out stays.',
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
    summary: 'List the namespaces this key has a grant on; an admin sees all.',
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
    summary: 'Delete a namespace with all its memories and every grant on it.',
    response: DeleteNamespaceResponse,
    errors: [...refusals, 'INSUFFICIENT_SCOPE', 'NAMESPACE_NOT_FOUND'],
  }),
}
