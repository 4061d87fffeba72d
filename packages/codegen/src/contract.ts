// Reads the schemas for the printers, which see only models and operations, and no JSON Schema.
import { type Endpoint, endpoints, type Method, resources } from '@dakera-ai/protocol'
import type { Schema } from '@dakera-ai/protocol/describe'
import { openapi } from '@dakera-ai/protocol/openapi'

type Parameter = { name: string; in: string; required: boolean; description?: string; schema: Schema }
type Content = { content: { 'application/json': { schema: Schema } } }
type Described = {
  parameters: Parameter[]
  requestBody?: Content
  responses: Record<string, Content & { description: string }>
}

/** The type of a value of the API. Its field records whether it may be null. */
export type Type =
  | { kind: 'any' | 'boolean' | 'number' | 'string' }
  /** Unsigned where the contract allows no negative one. */
  | { kind: 'integer'; isUnsigned: boolean }
  /** A moment in a request: unix seconds or ISO-8601. */
  | { kind: 'instant' }
  | { kind: 'constant'; value: string | boolean }
  /** A list of words. It has a name if languages have a type for it. */
  | { kind: 'words'; name: string | undefined; words: string[] }
  | { kind: 'list'; of: Type }
  /** An object whose names the caller or the server chooses. */
  | { kind: 'map'; of: Type }
  | { kind: 'model'; name: string }
  /** An object without a name: the filter of a batch forget, which each client defines itself. */
  | { kind: 'object'; fields: Field[] }
  | { kind: 'union'; of: Type[] }

export type Field = {
  /** The name on the wire. */
  name: string
  type: Type
  isNullable: boolean
  isRequired: boolean
  default: unknown
  doc: string | undefined
  /** A secret, which no client prints. */
  isSecret: boolean
  /** Unix seconds in a reply, which clients also offer as a time of their language. */
  isTime: boolean
  /** A second name under which clients offer the field. */
  also: string | undefined
}

export type Model = {
  name: string
  doc: string | undefined
  fields: Field[]
  /** True if clients send the model; otherwise they receive it. */
  isInput: boolean
}

/** An argument from the address. `word` is its name without the resource: `key_id` is the `id` of a key. */
export type Argument = { name: string; word: string }

export type Operation = {
  id: string
  resource: ResourceName
  name: string
  /** The name of its method on the client itself, in camelCase. */
  flat: string | undefined
  method: Method
  path: string
  /** The address in pieces, which are texts and arguments. */
  segments: Array<string | Argument>
  arguments: Argument[]
  summary: string
  isPublic: boolean
  isAdmin: boolean
  query: Field[]
  /** The query parameters of the method, except the namespace of an object that is found by its id. */
  options: Field[]
  /** True if the namespace is an option, because the call finds its object by id. */
  isInNamespace: boolean
  body: Body | undefined
  /** The whole reply. */
  reply: Type
  /** The result of the method: the whole reply, a field of it, or a page of a list. */
  result: Result
  errors: readonly string[]
  status: number
  aliases: readonly string[]
  /** The operation that does the same at another address; clients have no method for this one. */
  twinOf: string | undefined
}
export type ResourceName = keyof typeof endpoints

export type Body = {
  model: Model
  /** The name of the rest of the body as an argument: `key`, `settings`, `changes`, `how`. */
  word: string
  /** Fields that are arguments of their own before it: the namespace, and the name of a new object. */
  apart: Field[]
  rest: Field[]
  /** True if no field of the rest is required. */
  isOptional: boolean
}

export type Result =
  | { kind: 'whole'; type: Type }
  | { kind: 'field'; name: string; type: Type }
  /** A list page by page; `field` contains the items, unless the reply is the list itself. */
  | { kind: 'page'; field: string | undefined; of: Type; by: 'cursor' | 'offset' | 'whole'; says: PageFact[] }
/** A fact about the whole list in a reply. */
export type PageFact = 'total' | 'filtered' | 'next_cursor'

const ANY: Type = { kind: 'any' }
/**
 * Options that clients do not offer: Go and Rust have one options type for every list with a cursor, which their
 * callers name.
 */
const NOT_OFFERED = new Set(['namespaces.list prefix'])
const document = openapi()
const schemas = document.components.schemas as Record<string, Schema>

/** Models that clients send, although their name does not end in Request. */
const INPUTS = new Set(['NewMemory', 'MemoryFilter', 'Weights'])

export const models: Model[] = Object.entries(schemas).map(([name, schema]) => ({
  name,
  doc: schema.description,
  fields: fieldsOf(schema),
  isInput: name.endsWith('Request') || INPUTS.has(name),
}))

export function modelOf(name: string): Model {
  const found = models.find((model) => model.name === name)
  if (!found) throw new Error(`The contract has no model ${name}.`)
  return found
}

export const operations: Operation[] = Object.values(endpoints)
  .flatMap((group): Endpoint[] => Object.values(group))
  .map(read)

/** The operations for which clients have a method. */
export const methods: Operation[] = operations.filter(({ twinOf }) => !twinOf)

/** The resources, each with a sentence, in the order of the contract. */
export const resourceDocs: Record<ResourceName, string> = resources

/** Returns each list of words with a name: all words with which it is used, and its first description. */
export function wordLists(): Map<string, { words: string[]; doc: string | undefined }> {
  const lists = new Map<string, { words: string[]; doc: string | undefined }>()
  const look = (type: Type, doc: string | undefined): void => {
    if (type.kind === 'list' || type.kind === 'map') look(type.of, doc)
    if (type.kind === 'union') for (const one of type.of) look(one, doc)
    if (type.kind !== 'words' || !type.name) return
    const { words = [], doc: first } = lists.get(type.name) ?? {}
    lists.set(type.name, { words: [...new Set([...words, ...type.words])], doc: first ?? doc })
  }
  for (const { fields } of models) for (const { type, doc } of fields) look(type, doc)
  return lists
}

/** The order of resources in documents: memories first, because people look for them. */
export const ORDER: ResourceName[] = [
  'memories',
  ...(Object.keys(resourceDocs) as ResourceName[]).filter((resource) => !['memories', 'health'].includes(resource)),
  'health',
]

/** Returns the name of a resource's class: `NamespaceKeys`. */
export const classOf = (resource: ResourceName) =>
  resource === 'health' ? 'HealthChecks' : resource.charAt(0).toUpperCase() + resource.slice(1)

/** Returns the name of the model that a type refers to, also in a list. */
export const modelNameOf = (type: Type): string | undefined =>
  type.kind === 'model' ? type.name : type.kind === 'list' || type.kind === 'map' ? modelNameOf(type.of) : undefined

// ── Schemas ──

function fieldsOf({ properties = {}, required = [] }: Schema): Field[] {
  return Object.entries(properties).map(([name, schema]) => fieldOf(name, schema, required.includes(name)))
}

function fieldOf(name: string, schema: Schema, isRequired: boolean, description = schema.description): Field {
  const [inner, isNullable] = withoutNull(schema)
  const isTime = inner.type === 'integer' && /(_at|_from|_used)$/.test(name)
  return {
    name,
    type: typeOf(inner),
    isNullable,
    isRequired,
    default: schema.default,
    doc: description ?? schema.anyOf?.find((one) => one.description)?.description,
    isSecret: schema.format === 'password',
    isTime,
    also: schema['x-also'],
  }
}

function withoutNull(schema: Schema): [inner: Schema, isNullable: boolean] {
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => type !== 'null')
    return [{ ...schema, type: types.length === 1 ? (types[0] as string) : types }, types.length < schema.type.length]
  }
  const of = schema.anyOf?.filter(({ type }) => type !== 'null') ?? []
  if (of.length === (schema.anyOf?.length ?? 0)) return [schema, false]
  return [of.length === 1 ? (of[0] as Schema) : { ...schema, anyOf: of }, true]
}

function typeOf(schema: Schema): Type {
  if (schema.$ref) return { kind: 'model', name: schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1) }
  if (schema.const !== undefined) return { kind: 'constant', value: schema.const }
  if (schema.enum) return { kind: 'words', name: schema.title, words: schema.enum }
  if (schema.anyOf?.some(({ format }) => format === 'date')) return { kind: 'instant' }
  if (schema.anyOf) return { kind: 'union', of: schema.anyOf.map(typeOf) }
  if (Array.isArray(schema.type)) return { kind: 'union', of: schema.type.map((type) => typeOf({ ...schema, type })) }
  if (schema.properties) return { kind: 'object', fields: fieldsOf(schema) }
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'number':
      return { kind: schema.type }
    case 'integer':
      return { kind: 'integer', isUnsigned: (schema.minimum ?? -1) >= 0 }
    case 'array':
      return { kind: 'list', of: typeOf(schema.items ?? {}) }
    case 'object':
      return {
        kind: 'map',
        of: typeof schema.additionalProperties === 'object' ? typeOf(schema.additionalProperties) : ANY,
      }
    case undefined:
      return ANY
  }
  throw new Error(`The reader does not know the type ${JSON.stringify(schema)}.`)
}
// ── Operations ──

function read(endpoint: Endpoint): Operation {
  const { id, flat, method, path, summary, access, status = 200, errors, aliases = [], twinOf } = endpoint
  const [resource, name] = id.split('.') as [ResourceName, string]
  const described = document.paths[path]?.[method.toLowerCase()] as Described
  const segments = path
    .slice(1)
    .split('/')
    .map((segment) => argumentOf(segment, resource))
  const args = segments.filter((segment) => typeof segment !== 'string')
  const query = described.parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema, required, description }) =>
      fieldOf(name, schema, required, description ?? schema.description),
    )
  const reply = typeOf(described.responses[status]?.content['application/json'].schema ?? {})
  const isByID = args.length > 0 && args.every(({ word }) => word === 'id')
  const isInNamespace = isByID && query.some(({ name }) => name === 'agent_id')
  const isOffered = ({ name }: Field) => !(isInNamespace && name === 'agent_id') && !NOT_OFFERED.has(`${id} ${name}`)
  return {
    id,
    resource,
    name,
    flat,
    method,
    path,
    segments,
    arguments: args,
    summary,
    isPublic: access === 'public',
    isAdmin: access === 'admin',
    query,
    options: query.filter(isOffered),
    isInNamespace,
    body: bodyOf(described, method, resource, args, query),
    reply,
    result: resultOf(reply, endpoint.returns, query),
    errors,
    status,
    aliases,
    twinOf,
  }
}

/**
 * Parses a segment. In an address `{key_id}` is the `id` of a key, `{agent_id}` a `namespace`, and `{namespace}` the
 * `name` of one.
 */
function argumentOf(segment: string, resource: string): string | Argument {
  const name = /^\{(\w+)\}$/.exec(segment)?.[1]
  if (name === undefined) return segment
  if (name === 'agent_id') return { name, word: 'namespace' }
  if (name === 'namespace') return { name, word: resource === 'namespaces' ? 'name' : name }
  return { name, word: name.endsWith('_id') ? 'id' : name }
}

function bodyOf(
  { requestBody }: Described,
  method: Method,
  resource: string,
  args: Argument[],
  query: Field[],
): Body | undefined {
  const type = typeOf(requestBody?.content['application/json'].schema ?? {})
  if (type.kind !== 'model') return undefined
  const model = modelOf(type.name)
  const isNamed = (field: Field) => resource === 'namespaces' && field.name === 'name'
  const apart = model.fields.filter((field) => field.isRequired && (field.name === 'agent_id' || isNamed(field)))
  // Fields that are also in the query are passed there.
  const isSaid = ({ name }: Field) => query.some((field) => field.name === name)
  const rest = model.fields.filter((field) => !apart.includes(field) && !isSaid(field))
  const isOptional = rest.every(({ isRequired }) => !isRequired) && method !== 'PATCH'
  return { model, word: bodyWord(method, resource, args, model.name), apart, rest, isOptional }
}

/** Returns the name of the body as an argument: `CreateNamespaceKeyRequest` creates a `key`. */
function bodyWord(method: Method, resource: string, args: Argument[], model: string): string {
  if (method === 'PATCH') return 'changes'
  if (method === 'PUT' || resource === 'namespaces') return 'settings'
  if (args.some(({ word }) => word === 'id')) return 'how'
  return model
    .replace(/Request$/, '')
    .replace(/^.*(?=[A-Z])/, '')
    .toLowerCase()
}

/** Returns the name of one object of a resource: `namespaceKeys` → `key` */
export function oneOf(resource: string): string {
  return resource
    .replace(/^.*(?=[A-Z])/, '')
    .toLowerCase()
    .replace(/ies$/, 'y')
    .replace(/s$/, '')
}

function resultOf(reply: Type, returns: string | undefined, query: Field[]): Result {
  const has = (name: string) => query.some((field) => field.name === name)
  const by = has('cursor') ? 'cursor' : has('offset') ? 'offset' : 'whole'
  if (returns === undefined)
    return reply.kind === 'list' && by !== 'whole'
      ? { kind: 'page', field: undefined, of: reply.of, by, says: [] }
      : { kind: 'whole', type: reply }
  const fields = reply.kind === 'model' ? modelOf(reply.name).fields : []
  const type = fields.find(({ name }) => name === returns)?.type
  if (!type) throw new Error(`There is no ${returns} in the reply.`)
  if (type.kind !== 'list') return { kind: 'field', name: returns, type }
  const facts: PageFact[] = ['total', 'filtered', 'next_cursor']
  const says = facts.filter((fact) => fields.some(({ name }) => name === fact))
  return { kind: 'page', field: returns, of: type.of, by: says.includes('next_cursor') ? 'cursor' : by, says }
}
