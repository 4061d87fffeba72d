import { isMixed, printedOf } from '../by-hand.ts'
import {
  classOf,
  type Field,
  modelNameOf,
  modelOf,
  models,
  type Operation,
  oneOf,
  type ResourceName,
  resourceDocs,
} from '../contract.ts'
import { camel, pascal, respelled, snake } from '../text.ts'
import { comment } from './comment.ts'
import { fieldType, literal, nameOf, typeOf } from './names.ts'

/** Returns the file of a resource, or of its printed methods if the others are written by hand. */
export const fileOf = (resource: ResourceName) =>
  `resources/${kebab(resource)}${isMixed(resource) ? '-printed' : ''}.ts`
export const kebab = (name: string) => snake(name).replaceAll('_', '-')
/** Returns the name of the printed class; a class written by hand extends it, if there is one. */
export const printedClassOf = (resource: ResourceName) => (isMixed(resource) ? 'Printed' : '') + classOf(resource)

export function resourceFile(resource: ResourceName): string {
  const operations = printedOf(resource)
  const types = operations.flatMap(ownTypes)
  const doc = isMixed(resource)
    ? `The methods of \`client.${resource}\` that follow from the contract.`
    : resourceDocs[resource]
  const head = `${types.map(({ source }) => `${source}\n`).join('')}${comment(doc)}`
  const body = `${head}export class ${printedClassOf(resource)} {
  readonly #transport: Transport
  constructor(transport: Transport) {
    this.#transport = transport
  }

${operations.map(methodOf).join('\n')}}
`
  return `${imports(body)}\n${body}`
}

/** The imports of printed files by module; each name has a pattern of its use. */
const MODULES: Record<string, { values?: Record<string, RegExp>; types?: string[] }> = {
  '../decode.ts': { values: { expectPart: /expectPart\(/, pageOf: /pageOf\(/ } },
  '../list.ts': {
    values: { list: /return list\(/, listByOffset: /listByOffset\(/ },
    types: ['List', 'ListOptions', 'OffsetOptions'],
  },
  '../models.ts': { types: [...models.map(({ name }) => name), 'Instant', 'Language', 'MemoryType'] },
  '../request.ts': { values: { path: /path`/, request: /request\(this/ }, types: ['OwnerOptions', 'RequestOptions'] },
  '../secrets.ts': { values: { hideSecrets: /hideSecrets/ } },
  '../spelling.ts': { values: { toWire: /toWire\(/ } },
  '../transport.ts': { types: ['Transport'] },
}

function imports(body: string): string {
  const code = body.replaceAll(/\/\*\*.*?\*\//gs, '')
  const isUsed = (name: string) =>
    new RegExp(`(?<![.\\w'])${name}\\b`).test(code) && !new RegExp(`export \\w+ ${name}\\b`).test(code)
  const lines = Object.entries(MODULES).map(([module, { values = {}, types = [] }]) => {
    const called = Object.keys(values).filter((name) => values[name]?.test(code))
    const named = types.filter(isUsed)
    const type = called.length > 0 ? 'type ' : ''
    const names = [...called, ...named.map((name) => type + name)]
    return names.length > 0 ? `import ${type ? '' : 'type '}{ ${names.join(', ')} } from '${module}'\n` : ''
  })
  return `${code.includes('models.') ? "import type * as models from '../models.ts'\n" : ''}${lines.join('')}`
}

// ── Types that belong to a method ──

type OwnType = { name: string; source: string }

export function ownTypes(operation: Operation): OwnType[] {
  return [settingsType(operation), optionsType(operation), listedType(operation)].filter((type) => type !== undefined)
}

/** Returns the type of a body without the name of the new object, which is an argument. */
function settingsType({ resource, body }: Operation): OwnType | undefined {
  const apart = body?.apart.filter(({ name }) => name !== 'agent_id') ?? []
  if (!body || apart.length === 0) return undefined
  const name = `${classOf(resource).replace(/s$/, '')}Settings`
  const doc = `The fields of a new ${oneOf(resource)}, without its ${apart.map(wordOf).join(' and ')}.`
  const omitted = apart.map((field) => literal(field.name)).join(' | ')
  return { name, source: `${comment(doc)}export type ${name} = Omit<${body.model.name}, ${omitted}>\n` }
}

const isPlace = ({ name }: Field) => ['limit', 'cursor', 'offset'].includes(name)

/** Returns the type of a list's own options; those that select a page are the same in every list. */
function optionsType({ id, flat = '', options }: Operation): OwnType | undefined {
  const own = options.filter((field) => !isPlace(field))
  if (own.length === 0) return undefined
  const name = `${pascal(flat)}Options`
  const places = options.some(({ name }) => name === 'offset')
    ? 'OffsetOptions & '
    : options.some(isPlace)
      ? 'ListOptions & '
      : ''
  const members = own.map(
    (field) => `${comment(field.doc ?? '', '  ')}${wordOf(field)}?: ${fieldType(field, true)} | undefined\n`,
  )
  return {
    name,
    source: `${comment(`The options of \`${id}\`.`)}export type ${name} = ${places}{\n${members.join('')}}\n`,
  }
}

const wordOf = ({ name }: Field) => (name === 'agent_id' ? 'namespace' : camel(name))

/** Returns the type of a list's items, with the second names that the client gives to fields. */
function listedType({ result }: Operation): OwnType | undefined {
  const also = result.kind === 'page' ? alsoOf(result.of) : []
  if (result.kind !== 'page' || also.length === 0) return undefined
  const name = typeOf(result.of)
  const copies = also.map(
    ([copy, original]) => `\`${copy}\` is the same as \`${original}\`, by its name in a single one.`,
  )
  const doc = [modelOf(name).doc ?? '', ...copies].join(' ')
  const more = also.map(([copy, original]) => `${copy}: models.${name}['${original}']`).join('; ')
  return { name, source: `${comment(doc.trim())}export type ${name} = models.${name} & { ${more} }\n` }
}

function alsoOf(type: Parameters<typeof modelNameOf>[0]): Array<[copy: string, original: string]> {
  const name = modelNameOf(type)
  return name
    ? modelOf(name).fields.flatMap((field): Array<[string, string]> => (field.also ? [[field.also, field.name]] : []))
    : []
}

// ── Methods ──

/** Returns whether a request has this word; other words keep the spelling of the API. */
const isSent = (word: string) =>
  models.some(({ isInput, fields }) => isInput && fields.some((field) => field.name === word))

export function docOf({ summary, resource, name, isAdmin, result, errors }: Operation): string {
  const missing = errors.find((code) => code.endsWith('NOT_FOUND'))
  const isSaid = /admin's key/.test(resourceDocs[resource])
  return [
    respelled(summary, (word) => (isSent(word) ? camel(word) : word)),
    name === 'get' && missing && `Rejects with \`${missing}\` if there is none this key may read.`,
    result.kind === 'page' && 'Await it for one page, or `for await` over it for all.',
    isAdmin && !isSaid && "Needs an admin's key.",
  ]
    .filter(Boolean)
    .join(' ')
}

function methodOf(operation: Operation): string {
  const { name, arguments: args, body, options, isInNamespace, result } = operation
  const own = settingsType(operation)?.name
  const parameters = [
    ...args.map(({ word }) => `${word}: string`),
    ...(body?.apart ?? []).map((field) => `${wordOf(field)}: ${fieldType(field, true)}`),
    ...(body && body.rest.length > 0
      ? [`${body.word}${body.isOptional ? '?' : ''}: ${own ?? nameOf(body.model.name)}`]
      : []),
    ...(options.length > 0 ? [`{ ${destructured(operation)} }: ${optionsName(operation)} = {}`] : []),
    isInNamespace ? '{ namespace, ...options }: OwnerOptions = {}' : 'options?: RequestOptions',
  ]
  const returned = resultType(operation)
  // An invalid id must make a call reject; without `async` it would throw.
  const isAsync = args.length > 0 && result.kind !== 'page'
  const statement = result.kind === 'page' ? pagedCall(operation) : `request(this.#transport, ${callOf(operation)})`
  return `${comment(docOf(operation), '  ')}${isAsync ? 'async ' : ''}${name}(${parameters.join(', ')}): ${returned} {
  return ${statement}
}
`
}

function optionsName(operation: Operation): string {
  return (
    optionsType(operation)?.name ??
    (operation.options.some(({ name }) => name === 'offset') ? 'OffsetOptions' : 'ListOptions')
  )
}

function destructured({ options }: Operation): string {
  const own = options.filter((field) => !isPlace(field)).map(wordOf)
  const has = (name: string) => options.some((field) => field.name === name)
  return [
    ...own,
    ...(has('limit') ? ['limit'] : []),
    ...(has('cursor') ? ['cursor: from'] : []),
    ...(has('offset') ? ['offset: from = 0'] : []),
  ].join(', ')
}

/** Returns the call of a list, which fetches a page at a place, and begins where the caller says. */
function pagedCall(operation: Operation): string {
  const { result, arguments: args } = operation
  const by = result.kind === 'page' ? result.by : 'whole'
  const isAsync = args.length > 0 ? 'async ' : ''
  if (by === 'offset') return `listByOffset(from, ${isAsync}(offset) => request(this.#transport, ${callOf(operation)}))`
  return `list(${isAsync}(${by === 'cursor' ? 'cursor' : ''}) => request(this.#transport, ${callOf(operation)}))`
}

function callOf(operation: Operation): string {
  const { id, method, options, isInNamespace, body } = operation
  const query = [
    ...(isInNamespace ? ['agent_id: namespace'] : []),
    ...options.map((field) => {
      if (field.name === 'cursor') return 'cursor: cursor ?? from'
      return field.name === wordOf(field) ? field.name : `${field.name}: ${wordOf(field)}`
    }),
  ]
  const decode = decodeOf(operation)
  const fields = [
    `operation: '${id}'`,
    `method: '${method}'`,
    `path: ${pathOf(operation)}`,
    ...(query.length > 0 ? [`query: { ${query.join(', ')} }`] : []),
    ...(body ? [`body: ${bodyOf(operation)}`] : []),
    'options',
    ...(decode ? [`decode: ${decode}`] : []),
  ]
  return `{ ${fields.join(', ')} }`
}

function pathOf({ segments, arguments: args }: Operation): string {
  const text = segments.map((one) => (typeof one === 'string' ? one : `\${${one.word}}`)).join('/')
  return args.length > 0 ? `path\`/${text}\`` : `'/${text}'`
}

function bodyOf({ body }: Operation): string {
  if (!body) return ''
  const rest = body.rest.length > 0 ? `toWire(${body.word})` : ''
  if (body.apart.length === 0) return rest || '{}'
  const apart = body.apart.map((field) =>
    field.name === wordOf(field) ? field.name : `${field.name}: ${wordOf(field)}`,
  )
  return `{ ${[...(rest ? [`...${rest}`] : []), ...apart].join(', ')} }`
}

/** Returns the function that makes the result from the reply; undefined if the result is the reply. */
function decodeOf({ reply, result }: Operation): string | undefined {
  const replied = typeOf(reply)
  if (result.kind === 'field') {
    const model = modelNameOf(result.type)
    const hasId = model !== undefined && modelOf(model).fields.some(({ name }) => name === 'id')
    return `({ ${result.name} }: ${replied}) => expectPart(${result.name}, '${result.name}'${hasId ? ", 'id'" : ''})`
  }
  if (result.kind === 'page') {
    if (result.field === undefined) return `(reply: ${replied}) => pageOf(reply)`
    const also = alsoOf(result.of)
    const items = `reply.${result.field}`
    const copies = also.map(([copy, original]) => `${copy}: item.${original}`).join(', ')
    const made = also.length > 0 ? `${items}.map((item) => ({ ...item, ${copies} }))` : items
    return `(reply: ${replied}) => pageOf(${made}, reply)`
  }
  if (reply.kind === 'list') return `(reply: ${replied}) => [...reply]`
  const model = modelNameOf(reply)
  return model && modelOf(model).fields.some(({ isSecret }) => isSecret) ? 'hideSecrets' : undefined
}

function resultType({ result }: Operation): string {
  if (result.kind === 'page') return `List<${typeOf(result.of)}>`
  return `Promise<${typeOf(result.type)}>`
}
