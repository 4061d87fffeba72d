import { readFileSync, writeFileSync } from 'node:fs'

/**
 * Writes models.go, models_json.go and models_text.go from the contract's openapi.json, and version.go from
 * package.json, as gofmt would. A request leaves out what is not said, a reply keeps what it does not know; said.go and
 * extra.go do both.
 */
type Schema = {
  $ref?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  type?: string | string[]
  format?: string
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  description?: string
  default?: unknown
}
type Operation = { operationId: string; requestBody?: Body; responses: Record<string, Body> }
type Body = { content?: { 'application/json'?: { schema: Schema } } }
type Field = { name: string; type: string; tag: string; comment: string }

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
const write = (path: string, text: string) => writeFileSync(new URL(path, import.meta.url), text)
const contract: { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } } = read('../../protocol/openapi.json')
const { schemas } = contract.components

/** What the client spells in another way: as arguments, as an error, or not at all. */
const LEFT_OUT = new Set([
  'Error',
  'ForgetBatchRequest',
  'NewMemory',
  'PatchImportanceRequest',
  'SetImportanceRequest',
  'StoreMemoriesRequest',
  'UpdateMemoryResponse',
  'UpsertNamespaceRequest',
])
/** What only carries the result of a method to it. */
const INTERNAL = /^(List\w+Response|SessionMemoriesResponse|StartSessionResponse|EndSessionResponse)$/
const NAMES: Record<string, string> = {
  CreateNamespaceRequest: 'NamespaceSettings',
  NamespaceSummary: 'ListedNamespace',
  StoreMemoryResponse: 'StoredMemory',
  'KeyUsage.by_endpoint': 'EndpointUsage',
  'KeyUsage.by_namespace': 'NamespaceUsage',
  'Readiness.checks': 'ReadinessCheck',
  'StoreMemoriesResponse.stored': 'StoredItem',
}
/** Fields that methods take as arguments; the namespace is one of every method, or the option InNamespace. */
const ARGUMENTS: Record<string, string[]> = { CreateNamespaceRequest: ['name'] }
/** The memory's own fields stand at top level too. */
const EMBEDDED = new Set(['RecalledMemory.memory', 'StoreMemoryResponse.memory'])
const ADDED: Record<string, Record<string, Schema>> = {
  NamespaceSummary: { namespace: { type: 'string', description: 'The same as `name`, as single namespaces call it.' } },
}
const STANDS_FOR: Record<string, string> = { UpsertNamespaceRequest: 'CreateNamespaceRequest', StoreMemoriesRequest: 'StoreMemoryRequest' }
/** The same calls by another address, which the client has no use for. */
const OTHER_ADDRESSES = /(ByQuery|patchImportance)$/
const INITIALISMS = new Set(['api', 'http', 'id', 'ids', 'mmr', 'ttl', 'url'])

const isRequest = (name: string) => /Request$/.test(name) || name === 'MemoryFilter' || name === 'Weights'
const pascal = (name: string) =>
  name
    .toLowerCase()
    .split('_')
    .map((word) => (word === 'ids' ? 'IDs' : INITIALISMS.has(word) ? word.toUpperCase() : word[0]?.toUpperCase() + word.slice(1)))
    .join('')
const nameOf = (name: string) => NAMES[name] ?? (INTERNAL.test(name) ? name[0]?.toLowerCase() + name.slice(1) : name)
const refOf = ({ $ref = '' }: Schema) => $ref.slice($ref.lastIndexOf('/') + 1)

/** The schemas to write, and the nested ones met on the way. */
const pending: Array<[name: string, schema: Schema]> = []

function typeOf(schema: Schema, at: string, isSaid: boolean): string {
  if (schema.$ref) return nameOf(refOf(schema))
  if (schema.anyOf?.some(({ format }) => format === 'date')) return 'Instant'
  const type = nonNull(schema)
  if (type !== schema) return typeOf(type, at, isSaid)
  if (schema.const !== undefined) return typeof schema.const === 'boolean' ? 'bool' : 'string'
  if (schema.type === 'array') return `[]${typeOf(schema.items ?? {}, at, isSaid)}`
  if (schema.properties) {
    if (!NAMES[at]) NAMES[at] = nameOf(at.slice(0, at.indexOf('.'))) + pascal(at.slice(at.indexOf('.') + 1))
    if (!pending.some(([name]) => name === at)) pending.push([at, schema])
    return NAMES[at] as string
  }
  if (schema.type === 'object') return `map[string]${typeof schema.additionalProperties === 'object' ? typeOf(schema.additionalProperties, at, isSaid) : 'any'}`
  return { string: 'string', boolean: 'bool', number: 'float64', integer: isSaid ? 'int' : 'int64' }[schema.type as string] ?? 'any'
}

const isNullable = ({ type, anyOf }: Schema) => (Array.isArray(type) ? type.includes('null') : !!anyOf?.some((inner) => inner.type === 'null'))
function nonNull(schema: Schema): Schema {
  if (Array.isArray(schema.type)) return { ...schema, type: schema.type.find((type) => type !== 'null') as string }
  const inner = schema.anyOf?.filter(({ type }) => type !== 'null') ?? []
  return inner.length === 1 ? (inner[0] as Schema) : schema
}

/** Zero says nothing in a request. In a reply null is nil, and so is a number that may be absent. */
function fieldOf(owner: string, name: string, schema: Schema, isRequired: boolean): Field {
  const isSaid = isRequest(owner)
  const type = typeOf(schema, `${owner}.${name}`, isSaid)
  const isPlain = /^(string|float64|int64)$/.test(type)
  const isObject = /^[A-Z]/.test(type) && type !== 'Instant'
  const isPointer = isSaid ? isObject : isNullable(schema) ? isPlain || isObject : !isRequired && ((isPlain && type !== 'string') || isObject)
  const isOmitted = !isSaid && !isRequired && type !== 'bool'
  const tag = `\`json:"${name}${isOmitted ? ',omitempty' : ''}"\``
  const comment = sentences(schema)
  if (EMBEDDED.has(`${owner}.${name}`)) return { name: type, type: tag, tag: '', comment }
  return { name: pascal(name), type: (isPointer ? '*' : '') + type, tag, comment }
}

function sentences(schema: Schema): string {
  const inner = nonNull(schema)
  const text = schema.description ?? inner.description ?? schema.anyOf?.find(({ description }) => description)?.description
  const isListed = (inner.enum ?? []).every((value) => text?.includes(`\`${value}\``))
  const isSaid = schema.default !== undefined && !/Default /.test(text ?? '') && !/^(\[\]|\{\}|false)$/.test(JSON.stringify(schema.default))
  const spoken = isListed ? '' : inner.enum?.map((value) => `"${value}"`).join(', ')
  return [text, spoken && `One of ${spoken}.`, isSaid && `Default ${JSON.stringify(schema.default)}.`].filter(Boolean).join(' ')
}

/** Lines of one column width, as gofmt wants those that no comment parts. */
function fieldLines(fields: Field[]): string {
  const groups: Field[][] = []
  for (const field of fields) field.comment || !groups.length ? groups.push([field]) : groups.at(-1)?.push(field)
  return groups
    .map((group) => {
      const names = Math.max(...group.map(({ name }) => name.length))
      const types = Math.max(...group.map(({ type, tag }) => (tag ? type.length : 0)))
      const lines = group.map(({ name, type, tag }) => `\t${name.padEnd(names)} ${tag ? `${type.padEnd(types)} ${tag}` : type}\n`)
      return wrap(group[0]?.comment ?? '', '\t') + lines.join('')
    })
    .join('')
}

function wrap(text: string, indent = ''): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length > 110) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return text && lines.map((line) => `${indent}// ${line}\n`).join('')
}

/**
 * "Memory is one thing an agent chose to keep." Where the contract's sentence is no such end, it is said what the model
 * is for.
 */
function typeComment(name: string, schema: Schema): string {
  const { description = '' } = schema
  if (/^(A|An|One) /.test(description)) return wrap(`${nameOf(name)} is ${description[0]?.toLowerCase()}${description.slice(1)}`)
  return wrap(`${nameOf(name)} is ${roleOf(name)}. ${description}`.trim())
}

function roleOf(name: string): string {
  const calls = operationsOf(name)
  const verb = isRequest(name) ? 'take' : 'give'
  if (calls.length > 0) return `what ${calls.join(' and ')} ${calls.length > 1 ? verb : `${verb}s`}`
  const owners = Object.keys(schemas).filter((owner) => !LEFT_OUT.has(owner) && JSON.stringify(schemas[owner]).includes(`schemas/${name}"`))
  if (name.includes('.')) owners.push(name.slice(0, name.indexOf('.')))
  return `a part of ${owners.map((owner) => (INTERNAL.test(owner) ? roleOf(owner) : nameOf(owner))).join(' and ')}`
}

/** The calls of the client that send or receive a schema, or one that stands for it. */
function operationsOf(name: string): string[] {
  const isMeant = (body: Body | undefined) => {
    const found = refOf(body?.content?.['application/json']?.schema ?? {})
    return found === name || STANDS_FOR[found] === name
  }
  const operations = Object.values(contract.paths).flatMap((methods) => Object.values(methods))
  const used = operations.filter(({ requestBody, responses }) => [requestBody, ...Object.values(responses)].some(isMeant))
  return used.map(({ operationId }) => operationId).filter((id) => !OTHER_ADDRESSES.test(id))
}

function fieldsOf(name: string, schema: Schema): Field[] {
  const isSaid = isRequest(name)
  const hidden = isSaid ? ['agent_id', ...(ARGUMENTS[name] ?? [])] : []
  const properties = Object.entries({ ...schema.properties, ...ADDED[name] }).filter(([property]) => !hidden.includes(property))
  const fields = properties.map(([property, inner]) =>
    fieldOf(name, property, inner, (schema.required ?? []).includes(property) || property in (ADDED[name] ?? {})),
  )
  if (!isSaid) fields.push({ name: 'Extra', type: 'map[string]any', tag: '`json:"-"`', comment: 'Fields that this version of the client does not know.' })
  return fields
}

const typeSource = (name: string, schema: Schema) => `${typeComment(name, schema)}type ${nameOf(name)} struct {\n${fieldLines(fieldsOf(name, schema))}}\n`

/** A struct that is like another one, field by field, without the methods of what is embedded. */
function mirror(fields: Field[], sign: '' | '*', from: '' | '&'): string {
  const plain = fields.map(({ name, type, tag }) => ({ name, type: sign + (tag ? type : name), tag: tag || type, comment: '' }))
  return `struct {\n${fieldLines(plain)}}{${plain.map(({ name }) => `${from}m.${name}`).join(', ')}}`.replaceAll('\n', '\n\t')
}

function codecSource(name: string, schema: Schema): string {
  const fields = fieldsOf(name, schema)
  const type = nameOf(name)
  const isSaid = isRequest(name)
  const receiver = isSaid ? 'r' : 'm'
  const codec = isSaid
    ? [`return json.Marshal(said(${receiver}))`, `return unmarshalSaid(data, (*plain)(${receiver}))`]
    : [`return marshalExtra(plain(${receiver}), ${receiver}.Extra)`, `return unmarshalExtra(data, (*plain)(${receiver}), &${receiver}.Extra)`]
  const isEmbedding = fields.some(({ tag }) => !tag)
  if (isEmbedding)
    return `// MarshalJSON writes the fields as they came, unknown ones too.
func (m ${type}) MarshalJSON() ([]byte, error) {
	plain := ${mirror(fields, '', '')}
	return marshalExtra(plain, m.Extra)
}

// UnmarshalJSON keeps the fields it does not know.
func (m *${type}) UnmarshalJSON(data []byte) error {
	plain := ${mirror(fields, '*', '&')}
	return unmarshalExtra(data, &plain, &m.Extra)
}
`
  return `// MarshalJSON writes ${isSaid ? 'what is said, as it is sent' : 'the fields as they came, unknown ones too'}.
func (${receiver} ${type}) MarshalJSON() ([]byte, error) {
${isSaid ? '' : `\ttype plain ${type}\n`}	${codec[0]}
}

// UnmarshalJSON ${isSaid ? 'takes a zero that is there as meant' : 'keeps the fields it does not know'}.
func (${receiver} *${type}) UnmarshalJSON(data []byte) error {
	type plain ${type}
	${codec[1]}
}
`
}

const secretsOf = (schema: Schema) => Object.entries(schema.properties ?? {}).flatMap(([name, { format }]) => (format === 'password' ? [pascal(name)] : []))

/**
 * How a model is printed: a reply with what its pointers lead to, and whatever holds a secret without it. A listed
 * namespace prints as its name.
 */
function textSource(name: string, schema: Schema): string {
  const secrets = secretsOf(schema)
  if (INTERNAL.test(name) || name === 'NamespaceSummary' || (isRequest(name) && secrets.length === 0)) return ''
  const type = nameOf(name)
  const hidden = secrets.map((secret) => `\tm.${secret} = redact(m.${secret})\n`).join('')
  if (secrets.length === 0) return `// String is how it is printed.\nfunc (m ${type}) String() string { return describe(m) }\n`
  return `// String is how it is printed: without the secret.
func (m ${type}) String() string {
${hidden}	return describe(m)
}

// Format prints it without the secret, whatever the verb.
func (m ${type}) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, m.String())
}

// LogValue logs it without the secret.
func (m ${type}) LogValue() slog.Value { return slog.StringValue(m.String()) }
`
}

/** Moments of a reply as the times of Go. */
function timesSource(name: string, schema: Schema): string {
  if (INTERNAL.test(name) || isRequest(name)) return ''
  const moments = Object.entries(schema.properties ?? {}).filter(([field, inner]) => /(_at|_from|_used)$/.test(field) && nonNull(inner).type === 'integer')
  const methods = moments.map(([field, inner]) => {
    const call = isNullable(inner) ? 'orZero' : 'inUTC'
    const none = isNullable(inner) ? ', and the zero time where there is none' : ''
    return `// ${pascal(field)}Time is ${pascal(field)} as a time of Go${none}.
func (m ${nameOf(name)}) ${pascal(field)}Time() time.Time { return ${call}(m.${pascal(field)}) }
`
  })
  return methods.join('\n')
}

const settings = ({ properties: { name: _, ...rest } = {} }: Schema) => JSON.stringify(rest)
if (settings(schemas['CreateNamespaceRequest'] ?? {}) !== settings(schemas['UpsertNamespaceRequest'] ?? {}))
  throw new Error('namespaces.create and namespaces.upsert take different settings now: NamespaceSettings can no longer stand for both.')

const codes = (schemas['Error']?.properties?.['code']?.enum ?? []).map((code) => ({ name: `Code${pascal(String(code))}`, code }))
const widest = Math.max(...codes.map(({ name }) => name.length))
pending.push(...Object.entries(schemas).filter(([name]) => !LEFT_OUT.has(name)))
const types: string[] = []
for (let at = 0; at < pending.length; at++) types.push(typeSource(...(pending[at] as [string, Schema])))
const head = (source: string) => `// @generated from ${source} by scripts/generate.ts; do not edit.
// Code generated by scripts/generate.ts. DO NOT EDIT.

package dakera
`

write(
  '../models.go',
  `${head('packages/protocol/openapi.json')}
// Every code an error of the API can have. A code never changes its meaning.
const (
${codes.map(({ name, code }) => `\t${name.padEnd(widest)} ErrorCode = "${code}"\n`).join('')})

${types.join('\n')}`,
)
write(
  '../models_json.go',
  `${head('packages/protocol/openapi.json')}
import "encoding/json"

${pending.map(([name, schema]) => codecSource(name, schema)).join('\n')}`,
)
write(
  '../models_text.go',
  `${head('packages/protocol/openapi.json')}
import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

${pending
  .flatMap(([name, schema]) => [textSource(name, schema), timesSource(name, schema)])
  .filter(Boolean)
  .join('\n')}`,
)
write('../version.go', `${head('package.json')}\nconst version = "${read('../package.json').version}"\n`)
