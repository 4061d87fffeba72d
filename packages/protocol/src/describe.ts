/** The parts of a JSON Schema that the contract uses. */
export type Schema = {
  $ref?: string
  type?: string | string[]
  /** The name of a list of words, for languages that have a type for it. */
  title?: string
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  enum?: string[]
  const?: string | boolean
  default?: unknown
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  format?: string
  additionalProperties?: Schema | boolean
  /** A second name under which clients offer the field. */
  'x-also'?: string
}
/** The parts of an OpenAPI document that are described: openapi() makes one. */
export type ApiDocument = {
  info: { title: string; version: string; description: string }
  servers: { url: string }[]
  paths: Record<string, Record<string, unknown>>
  components: { schemas: Record<string, unknown> }
}
type Content = { content?: Record<string, { schema: Schema }> }
type Operation = {
  operationId: string
  tags: string[]
  summary: string
  security?: unknown[]
  parameters: { name: string; in: string; required: boolean; description?: string; schema: Schema }[]
  requestBody?: Content
  responses: Record<string, Content & { description: string }>
  'x-aliases'?: readonly string[]
}

export type Description = {
  title: string
  version: string
  text: string
  server: string
  /** By tag, in the order of the document. */
  groups: { tag: string; operations: OperationRow[] }[]
  models: { name: string; text: string; fields: Field[] }[]
}
export type OperationRow = {
  id: string
  method: string
  path: string
  aliases: readonly string[]
  text: string
  needsKey: boolean
  inPath: Field[]
  inQuery: Field[]
  body: Body | undefined
  replies: (Partial<Body> & { status: string })[]
  errors: { status: string; code: string }[]
  sample: { path: string; query: string; body: unknown }
}
type Body = { type: Type; fields: Field[] }
export type Field = { name: string; type: Type; isRequired: boolean; text: string; default: string | undefined }

/** A type in a few words. Printers turn it into their own markup. */
export type Type =
  | { kind: 'model'; name: string }
  | { kind: 'values'; values: unknown[] }
  | { kind: 'union'; types: Type[] }
  | { kind: 'list'; of: Type; bounds: string }
  | { kind: 'map'; of: Type }
  /** `format` narrows a string: `date-time`, `uri`. */
  | { kind: 'plain'; name: string; format?: string; bounds: string }

/** Turns an OpenAPI document into rows: the pages about the API are printed from these. */
export function describe(document: ApiDocument): Description {
  const schemas = document.components.schemas as Record<string, Schema>
  const rows = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      tag: (operation as Operation).tags[0] ?? 'other',
      row: describeOperation(method.toUpperCase(), path, operation as Operation, schemas),
    })),
  )
  const { title, version, description } = document.info
  return {
    title,
    version,
    text: description,
    server: document.servers[0]?.url ?? '',
    groups: [...Map.groupBy(rows, ({ tag }) => tag)].map(([tag, members]) => ({
      tag,
      operations: members.map(({ row }) => row),
    })),
    models: Object.entries(schemas).map(([name, schema]) => ({
      name,
      text: schema.description ?? '',
      fields: fieldsOf(schema),
    })),
  }
}

function describeOperation(
  method: string,
  path: string,
  operation: Operation,
  schemas: Record<string, Schema>,
): OperationRow {
  const { operationId, summary, parameters, requestBody, responses, security } = operation
  const inPlace = (place: string) =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map(
        ({ name, schema, required, description }): Field => ({
          ...fieldOf(name, schema, required),
          ...(description && { text: description }),
        }),
      )
  const describeBody = (holder: Content | undefined): Body | undefined => {
    const schema = schemaOf(holder)
    return schema && { type: typeOf(schema), fields: fieldsOf(resolve(schema, schemas)) }
  }
  const isFailure = (status: string) => Number(status) >= 400
  return {
    id: operationId,
    method,
    path,
    aliases: operation['x-aliases'] ?? [],
    text: summary,
    needsKey: security?.length !== 0,
    inPath: inPlace('path'),
    inQuery: inPlace('query'),
    body: describeBody(requestBody),
    replies: Object.entries(responses).flatMap(([status, response]) =>
      isFailure(status) ? [] : [{ status, ...describeBody(response) }],
    ),
    errors: Object.entries(responses).flatMap(([status, { description }]) =>
      isFailure(status) ? description.split(', ').map((code) => ({ status, code })) : [],
    ),
    sample: sampleOf(method, path, operation, schemas),
  }
}

const schemaOf = (holder: Content | undefined) => holder?.content?.['application/json']?.schema
const nameOf = (ref: string) => ref.slice(ref.lastIndexOf('/') + 1)
const resolve = (schema: Schema, schemas: Record<string, Schema>): Schema =>
  schema.$ref ? (schemas[nameOf(schema.$ref)] ?? {}) : schema

const fieldsOf = ({ properties = {}, required = [] }: Schema): Field[] =>
  Object.entries(properties).map(([name, schema]) => fieldOf(name, schema, required.includes(name)))

const fieldOf = (name: string, schema: Schema, isRequired: boolean): Field => ({
  name,
  type: typeOf(schema),
  isRequired,
  // A field that may be null has its description within.
  text: schema.description ?? schema.anyOf?.find((inner) => inner.description)?.description ?? '',
  default: schema.default === undefined ? undefined : JSON.stringify(schema.default),
})

function typeOf(schema: Schema): Type {
  if (schema.$ref) return { kind: 'model', name: nameOf(schema.$ref) }
  if (schema.anyOf) return union(schema.anyOf.map(typeOf))
  if (schema.enum) return { kind: 'values', values: schema.enum }
  if (schema.const !== undefined) return { kind: 'values', values: [schema.const] }
  if (schema.items)
    return { kind: 'list', of: typeOf(schema.items), bounds: boundsOf(schema.minItems, schema.maxItems, ' items') }
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type })))
  const { type: name = 'any', additionalProperties } = schema
  if (name === 'object' && typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0)
    return { kind: 'map', of: typeOf(additionalProperties) }
  return { kind: 'plain', name, ...(schema.format && { format: schema.format }), bounds: plainBounds(schema) }
}

/** Leaves out types that say the same twice. */
function union(types: Type[]): Type {
  const distinct = [...new Map(types.map((type) => [JSON.stringify(type), type])).values()]
  return distinct.length === 1 ? (distinct[0] as Type) : { kind: 'union', types: distinct }
}

function plainBounds({ type, minimum, exclusiveMinimum, maximum, minLength, maxLength }: Schema): string {
  if (type === 'integer') return boundsOf(near(minimum), near(maximum))
  if (type === 'number') return boundsOf(minimum ?? exclusiveMinimum, maximum)
  return type === 'string' ? boundsOf(minLength, maxLength, ' letters') : ''
}

/** Leaves out bounds that are only the ends of the number line. */
const near = (bound: number | undefined) => (bound !== undefined && Math.abs(bound) < 1e9 ? bound : undefined)

function boundsOf(least: number | undefined, most: number | undefined, unit = ''): string {
  const parts = [least === undefined ? '' : `from ${least}`, most === undefined ? '' : `to ${most}`].filter(Boolean)
  return parts.length === 0 ? '' : parts.join(' ') + unit
}

const SAMPLES: Record<string, unknown> = {
  namespace: 'team-shared',
  agent_id: 'team-shared',
  name: 'researcher',
  key_id: 'key_1',
  memory_id: 'mem_1',
  session_id: 'ses_1',
  content: 'Ada prefers tea.',
  query: 'what does Ada drink?',
  importance: 0.8,
  memory_ids: ['mem_1'],
  grants: { 'team-shared': 'read_write' },
  description: 'What the team has found out.',
  summary: 'Tea it is.',
}

/** Returns an example request: what the operation requires, and what it is about. */
function sampleOf(
  method: string,
  path: string,
  { parameters, requestBody }: Operation,
  schemas: Record<string, Schema>,
): OperationRow['sample'] {
  const names = parameters.map(({ name }) => name)
  const body = schemaOf(requestBody)
  return {
    path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      // The example must not delete the namespace that all others use.
      method === 'DELETE' && path.endsWith('{namespace}') ? 'scratch' : String(sampleValue(name, {}, schemas)),
    ),
    query: parameters
      .filter((parameter) => parameter.in === 'query' && (parameter.required || isTaught(parameter.name, names)))
      .map(({ name, schema }) => `${name}=${encodeURIComponent(String(sampleValue(name, schema, schemas)))}`)
      .join('&'),
    body: body && sampleValue('', body, schemas),
  }
}

/** Whether an optional field belongs into an example. One of `agent_id` and `namespaces` must be sent. */
const isTaught = (name: string, beside: string[]) =>
  ['memory_id', 'memory_ids', 'grants', 'description', 'summary', 'importance'].includes(name) ||
  (name === 'agent_id' && beside.includes('namespaces'))

function sampleValue(name: string, schema: Schema, schemas: Record<string, Schema>): unknown {
  const known = resolve(schema, schemas)
  if (!known.properties && name in SAMPLES) return SAMPLES[name]
  if (known.properties) {
    const { properties, required = [] } = known
    const names = Object.keys(properties)
    const wanted = names.filter((key) => required.includes(key) || isTaught(key, names))
    return Object.fromEntries(
      wanted
        .filter((key) => key !== 'memory_ids' || !wanted.includes('memory_id'))
        .map((key) => [key, sampleValue(key, properties[key] ?? {}, schemas)]),
    )
  }
  if (known.items) return [sampleValue('', known.items, schemas)]
  return (
    known.enum?.[0] ??
    known.const ??
    known.default ??
    (known.type === 'number' || known.type === 'integer' ? (known.minimum ?? 1) : 'text')
  )
}
