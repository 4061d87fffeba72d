import type { openapi } from './openapi.ts'

type Schema = {
  $ref?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  type?: string | string[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  description?: string
  default?: unknown
}
type Operation = {
  operationId: string
  summary: string
  parameters: { name: string; in: string; required: boolean; description?: string; schema: Schema }[]
  requestBody?: { content: { 'application/json': { schema: Schema } } }
  responses: Record<string, { description: string; content: { 'application/json': { schema: Schema } } }>
  'x-aliases'?: string[]
}

/** The contract as a page: every operation, then every model. Each SDK's page says how its language writes them. */
export function referencePage(document: ReturnType<typeof openapi>): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      describeOperation(`${method.toUpperCase()} ${path}`, operation as Operation),
    ),
  )
  const models = Object.entries(document.components.schemas as Record<string, Schema>).map(([name, schema]) =>
    describeModel(name, schema),
  )
  return [
    '<!-- @generated from packages/protocol by pnpm generate; do not edit. -->',
    '# Reference',
    'Every operation and every model of the API. In each language: [TypeScript](sdks/typescript.md), ' +
      '[Python](sdks/python.md), [Rust](sdks/rust.md), [Go](sdks/go.md).',
    '## Operations',
    ...operations,
    '## Models',
    ...models,
  ].join('\n\n')
}

function describeOperation(address: string, operation: Operation): string {
  const { operationId, summary, parameters, requestBody, responses, 'x-aliases': aliases = [] } = operation
  const body = requestBody?.content['application/json'].schema
  const [status, reply] = Object.entries(responses).find(([code]) => code.startsWith('2')) ?? []
  const errors = Object.entries(responses).flatMap(([code, { description }]) =>
    code.startsWith('2') ? [] : description.split(', '),
  )
  const lines = [
    `### ${operationId}`,
    `\`${address}\`${aliases.length > 0 ? `, also ${aliases.map((alias) => `\`${alias}\``).join(', ')}` : ''}`,
    summary,
    ...(body ? [`Takes ${typeOf(body)}.`] : []),
    ...(reply ? [`Answers ${status} with ${typeOf(reply.content['application/json'].schema)}.`] : []),
    table(
      ['In the address', 'Type', ''],
      parameters.map(({ name, schema, description, required }) => [
        `\`${name}\`${required ? '' : '?'}`,
        typeOf(schema),
        description ?? schema.description ?? '',
      ]),
    ),
    `Errors: ${errors.map((code) => `[${code}](errors/${code}.md)`).join(', ')}.`,
  ]
  return lines.filter((line) => line !== '').join('\n\n')
}

function describeModel(name: string, { description, properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties).map(([field, schema]) => {
    const said = schema.description ?? schema.anyOf?.find((inner) => inner.description)?.description ?? ''
    const otherwise = schema.default === undefined ? '' : `Default \`${JSON.stringify(schema.default)}\`.`
    return [
      `\`${field}\`${required.includes(field) ? '' : '?'}`,
      typeOf(schema),
      [said, otherwise].filter(Boolean).join(' '),
    ]
  })
  return [`### ${name}`, description ?? '', table(['Field', 'Type', ''], rows)]
    .filter((line) => line !== '')
    .join('\n\n')
}

/** A question mark behind a name says that it may be left out. */
function typeOf(schema: Schema): string {
  if (schema.$ref) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
    return `[${name}](#${name.toLowerCase()})`
  }
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum)
    return schema.enum.length > 12 ? 'one of many words' : schema.enum.map((word) => `\`${word}\``).join(' or ')
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ')
  if (Array.isArray(schema.type)) return schema.type.join(' or ')
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`
  if (
    schema.type === 'object' &&
    typeof schema.additionalProperties === 'object' &&
    Object.keys(schema.additionalProperties).length > 0
  )
    return `object of ${typeOf(schema.additionalProperties)}`
  return schema.type ?? 'anything'
}

function table(head: string[], rows: string[][]): string {
  if (rows.length === 0) return ''
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
