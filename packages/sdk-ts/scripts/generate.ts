import { readFileSync, writeFileSync } from 'node:fs'
import { flatNames } from './flat.ts'

/**
 * Writes src/models.ts from the contract's openapi.json, src/flat.ts from the resources and the contract's cases, and
 * src/version.ts from package.json. The published package imports nothing, so its types are written out here, with the
 * contract's own sentences.
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

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
const write = (path: string, text: string) => writeFileSync(new URL(path, import.meta.url), text)
const schemas: Record<string, Schema> = read('../../protocol/openapi.json').components.schemas

/** Bodies that the client's own methods spell as arguments. */
const SPELLED_BY_METHODS = new Set([
  'ForgetBatchRequest',
  'PatchImportanceRequest',
  'SetImportanceRequest',
  'StoreMemoriesRequest',
  'StoreMemoryRequest',
])
const NAMES: Record<string, string> = { Error: 'ErrorBody' }
const isInput = (name: string) => name.endsWith('Request') || name === 'NewMemory' || name === 'MemoryFilter'

function typeOf(schema: Schema, name = ''): string {
  if (name === 'memory_type') return schema.anyOf ? 'MemoryType | null' : 'MemoryType'
  if (schema.$ref) return nameOf(schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1))
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum) return schema.enum.map(literal).join(' | ')
  if (schema.anyOf?.some(({ format }) => format === 'date')) return 'Instant'
  if (schema.anyOf) return [...new Set(schema.anyOf.map((inner) => typeOf(inner)))].join(' | ')
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(' | ')
  if (schema.type === 'integer') return 'number'
  if (schema.type === 'array') return arrayOf(typeOf(schema.items ?? {}))
  if (schema.properties) return `{ ${members(withoutComments(schema), '', false).trim().replaceAll('\n', '; ')} }`
  if (schema.type === 'object')
    return (
      'Record<string, ' +
      `${typeof schema.additionalProperties === 'object' ? typeOf(schema.additionalProperties) : 'unknown'}>`
    )
  return schema.type ?? 'unknown'
}

/** Fields of a request are taken in both spellings. An editor offers the deprecated one last and struck through. */
function members({ properties = {}, required = [] }: Schema, indent: string, isBothSpellings: boolean): string {
  return Object.entries(properties)
    .map(([name, schema]) => {
      const value = typeOf(schema, isBothSpellings ? name : '')
      const type = required.includes(name) ? `: ${value}` : `?: ${value} | undefined`
      const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
      if (!isBothSpellings || camel === name) return `${comment(schema, indent)}${indent}${name}${type}\n`
      if (required.includes(name)) return '' // the namespace: an argument of its own in every method
      return (
        `${comment(schema, indent)}${indent}${camel}${type}\n${indent}/** @deprecated The API's own ` +
        `spelling of \`${camel}\`; it works as well. */\n${indent}${name}${type}\n`
      )
    })
    .join('')
}

function comment(schema: Schema, indent: string): string {
  const inner = schema.anyOf?.find(({ description }) => description)
  const text = [
    schema.description ?? inner?.description,
    schema.default !== undefined && `Default ${literal(schema.default)}.`,
  ]
    .filter(Boolean)
    .join(' ')
  return text && `${indent}/** ${text} */\n`
}

/** A nested object stands on one line. */
const withoutComments = ({ properties = {}, ...schema }: Schema): Schema => ({
  ...schema,
  properties: Object.fromEntries(
    Object.entries(properties).map(([name, { description: _, default: __, ...inner }]) => [name, inner]),
  ),
})
const nameOf = (name: string) => NAMES[name] ?? name
const arrayOf = (type: string) => (/[|{ ]/.test(type) ? `Array<${type}>` : `${type}[]`)
const literal = (value: unknown) => (typeof value === 'string' ? `'${value}'` : JSON.stringify(value))

const errorCodes = (schemas['Error']?.properties?.['code']?.enum ?? []).map((code) => `\n  | ${literal(code)}`).join('')
const interfaces = Object.entries(schemas)
  .filter(([name]) => !SPELLED_BY_METHODS.has(name))
  .map(([name, schema]) => {
    const body =
      name === 'Error'
        ? {
            ...schema,
            properties: {
              ...schema.properties,
              code: { ...schema.properties?.['code'], enum: undefined, $ref: '/ErrorCode' },
            },
          }
        : schema
    return (
      `${comment(schema, '') || `/** The contract's \`${name}\`. */\n`}export interface ${nameOf(name)} ` +
      `{\n${members(body as Schema, '  ', isInput(name))}}\n`
    )
  })

write(
  '../src/models.ts',
  `// @generated from packages/protocol/openapi.json by scripts/generate.ts; do not edit.

/** A moment in a request: unix seconds, ISO-8601 (UTC unless it says otherwise), or a Date. */
export type Instant = number | string | Date

/** What kind of memory it is. Any other word will do too. */
export type MemoryType = 'episodic' | 'semantic' | 'procedural' | 'working' | (string & {})

/** Every code an error of the API can have. A code never changes its meaning. */
export type ErrorCode =${errorCodes}

${interfaces.join('\n')}`,
)
write('../src/flat.ts', flatNames())
write(
  '../src/version.ts',
  '// @generated from package.json by scripts/generate.ts; do not edit.\nexport const VERSION = ' +
    `'${read('../package.json').version}'\n`,
)
