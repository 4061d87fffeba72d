import { isMixed, printedOf } from '../by-hand.ts'
import {
  type Argument,
  classOf,
  type Field,
  modelNameOf,
  type Operation,
  oneOf,
  type ResourceName,
  resourceDocs,
} from '../contract.ts'
import { pascal, snake } from '../text.ts'
import { docstringOf } from './docstring.ts'
import { modelNames } from './exports.ts'
import { bracketed, importsFor } from './layout.ts'
import { literal, typeOf, union } from './names.ts'

/** Returns the module of a resource, or of its printed methods if the others are written by hand. */
export const moduleOf = (resource: ResourceName) => snake(resource) + (isMixed(resource) ? '_printed' : '')
export const printedClassOf = (resource: ResourceName) =>
  `Async${isMixed(resource) ? 'Printed' : ''}${classOf(resource)}`

/** Optional fields that can be passed by position. */
const BY_POSITION: Record<string, string[]> = {
  'keys.create': ['grants'],
  'sessions.start': ['metadata'],
  'sessions.end': ['summary'],
  'sessions.list': ['agent_id'],
}
/** More fields than this are taken as `**settings`, which has its own type. */
const MOST_KEYWORDS = 4

/** src/dakera/_async/resources/<noun>.py */
export function resourceModule(resource: ResourceName): string {
  const doc = isMixed(resource)
    ? `The methods of \`client.${snake(resource)}\` that follow from the contract.`
    : resourceDocs[resource]
  const methods = printedOf(resource).map(methodOf).join('\n')
  const body = `class ${printedClassOf(resource)}:
    """${doc.replaceAll(/`(\w+)`/g, (_, name: string) => `\`${snake(name)}\``)}"""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

${methods}`
  const imports = importsFor(body, {
    'collections.abc': ['Mapping', 'Sequence'],
    typing: ['Any', 'Literal'],
    '..._models': [...modelNames(), ...keywordTypes().map(({ name }) => name)],
    '..._options': ['RequestOptions', 'Unpack'],
    '..._pages': ['AsyncListing', 'Page', 'Place', 'Plan', 'page_of'],
    '..._request': ['Call', 'apart', 'given', 'path'],
    '..._result': ['part_of'],
    '..transport': ['AsyncTransport'],
  })
  return `"""${classOf(resource)}."""\n\n${imports}\n\n${body}`
}

// ── Arguments ──

/** Returns the name of an argument: a namespace has a name, and every other argument is named as in the address. */
const argumentName = ({ name, word }: Argument) => (word === 'name' ? word : name)

type Parts = { positional: Field[]; optional: Field[]; keywords: Field[]; settings: string | undefined }

function partsOf({ id, body, options }: Operation): Parts {
  const fields = [...(body?.apart ?? []), ...(body?.rest ?? [])]
  const early = BY_POSITION[id] ?? []
  const positional = fields.filter(({ isRequired, default: value }) => isRequired && value === undefined)
  const optional = [...fields, ...options].filter((field) => early.includes(field.name) && !positional.includes(field))
  const left = fields.filter((field) => !positional.includes(field) && !optional.includes(field))
  const settings = left.length > MOST_KEYWORDS ? left : []
  const keywords = [...(settings.length > 0 ? [] : left), ...options.filter((field) => !optional.includes(field))]
  return { positional, optional, keywords, settings: settings.length > 0 ? settingsName(id) : undefined }
}

const settingsName = (id: string) => `${pascal(oneOf(id.split('.')[0] ?? ''))}Options`

/** Returns the types of `**settings`, with their fields. */
export function keywordTypes(): Array<{ name: string; doc: string; fields: Field[] }> {
  const types = new Map<string, { name: string; doc: string; fields: Field[] }>()
  for (const resource of Object.keys(resourceDocs) as ResourceName[])
    for (const operation of printedOf(resource)) {
      const { settings, positional, optional } = partsOf(operation)
      if (!settings) continue
      const fields = (operation.body?.rest ?? []).filter(
        (field) => !positional.includes(field) && !optional.includes(field),
      )
      const known = types.get(settings)
      if (known && known.fields.map(({ name }) => name).join() !== fields.map(({ name }) => name).join())
        throw new Error(`${operation.id} takes other settings than ${settings} has.`)
      types.set(settings, known ?? { name: settings, doc: `The settings of \`${snake(operation.id)}\`.`, fields })
    }
  return [...types.values()]
}

const optionalType = (field: Field) => union([typeOf(field.type, false), 'None'])

function signatureOf(operation: Operation): string[] {
  const { arguments: args, isInNamespace } = operation
  const { positional, optional, keywords, settings } = partsOf(operation)
  const named = [
    ...keywords.map((field) => `${field.name}: ${optionalType(field)} = None`),
    ...(isInNamespace ? ['agent_id: str | None = None'] : []),
  ]
  return [
    'self',
    ...args.map((argument) => `${argumentName(argument)}: str`),
    ...positional.map((field) => `${field.name}: ${typeOf(field.type, false)}`),
    ...optional.map((field) => `${field.name}: ${optionalType(field)} = None`),
    ...(named.length > 0 ? ['*', ...named] : []),
    settings ? `**settings: Unpack[${settings}]` : '**options: Unpack[RequestOptions]',
  ]
}

/** Returns the required arguments of a call. */
export const positionalNames = (operation: Operation) => [
  ...operation.arguments.map(argumentName),
  ...partsOf(operation).positional.map(({ name }) => name),
]

// ── Methods ──

function methodOf(operation: Operation): string {
  const isPage = operation.result.kind === 'page'
  const name = snake(operation.name)
  const head = `${isPage ? '' : 'async '}def ${name}(`
  const signature = bracketed(head, signatureOf(operation), `) -> ${returned(operation)}:`, '    ')
  const body = isPage ? pagedBody(operation) : plainBody(operation)
  return `${signature}\n${docOf(operation)}${body}`
}

function docOf(operation: Operation): string {
  const { summary, resource, name, isAdmin, isInNamespace, result, errors } = operation
  const { positional, optional, keywords } = partsOf(operation)
  const isMissing = name === 'get' && errors.some((code) => code.endsWith('NOT_FOUND'))
  const text = [
    summary.replaceAll('`CONFLICT`', 'ConflictError'),
    isMissing && 'Raises NotFoundError if there is none this key may read.',
    isAdmin && !/admin's key/.test(resourceDocs[resource]) && "Needs an admin's key.",
    result.kind === 'page' && result.by !== 'whole' && lengthOf(operation),
  ]
  const said = [...positional, ...optional, ...keywords]
    .filter((field) => field.doc && !['limit', 'cursor', 'offset'].includes(field.name))
    .map((field): [string, string] => [field.name, sentences(field)])
  const inNamespace: [string, string] = [
    'agent_id',
    'The namespace. Without it the server looks in every namespace that the key may read.',
  ]
  return docstringOf(text.filter(Boolean).join(' '), [...said, ...(isInNamespace ? [inNamespace] : [])], '        ')
}

function lengthOf({ options }: Operation): string {
  const most = options.find(({ name }) => name === 'limit')?.default
  return most === undefined ? 'All of them unless `limit` is given.' : `A page has ${most} unless \`limit\` is given.`
}

function sentences({ doc = '', default: value }: Field): string {
  const isSaid = value !== undefined && value !== false && !/^(\{\}|\[\])$/.test(JSON.stringify(value))
  return isSaid ? `${doc} Default ${literal(value)}.` : doc
}

function returned({ result }: Operation): string {
  if (result.kind === 'page') return `AsyncListing[${typeOf(result.of, true)}]`
  if (result.type.kind === 'list') return `Page[${typeOf(result.type.of, true)}]`
  return typeOf(result.type, true)
}

/** Returns the function that makes the result from the reply. */
function decodeOf({ reply, result }: Operation): string {
  if (result.kind === 'page')
    return `page_of(${[typeOf(result.of, true), ...(result.field ? [literal(result.field)] : [])].join(', ')})`
  if (result.kind === 'field') return `part_of(${modelNameOf(result.type)}, ${literal(result.name)})`
  return reply.kind === 'list' ? `page_of(${typeOf(reply.of, true)})` : typeOf(reply, true)
}

function plainBody(operation: Operation): string {
  const { settings } = partsOf(operation)
  const statements = [
    ...(settings ? [`fields, options = apart(${literal(operation.id)}, settings, ${settings}.__optional_keys__)`] : []),
    ...prepared(operation),
  ].map((statement) => `        ${statement}\n`)
  const call = bracketed('call = Call(', callArguments(operation, hasOwnAddress(operation)), ')', '        ')
  return `${statements.join('')}${call}\n        return await self._transport.request(call)\n`
}

/** Returns whether the path is a statement of its own, because the call would be long with it. */
function hasOwnAddress(operation: Operation): boolean {
  const call = bracketed('call = Call(', callArguments(operation, false), ')', '        ')
  return call.includes('\n') && operation.arguments.length > 0
}

function prepared(operation: Operation): string[] {
  const { body } = operation
  const { settings } = partsOf(operation)
  const said = [...(body?.apart ?? []), ...(body?.rest ?? [])].filter((field) => {
    const { positional, optional, keywords } = partsOf(operation)
    return [...positional, ...optional, ...keywords].includes(field)
  })
  const passed = [...said.map(({ name }) => `${name}=${name}`), ...(settings ? ['**fields'] : [])]
  const address = hasOwnAddress(operation) ? [`url = ${pathOf(operation)}`] : []
  const query = queryOf(operation)
  const asked = query.length > 0 ? [bracketed('query = given(', query, ')', '        ').trimStart()] : []
  const sent = !body ? [] : [bracketed('body = given(', passed, ')', '        ').trimStart()]
  return [...address, ...asked, ...sent]
}

const queryOf = ({ options, isInNamespace }: Operation) => [
  ...(isInNamespace ? ['agent_id=agent_id'] : []),
  ...options.map(({ name }) => `${name}=${name}`),
]

function callArguments(operation: Operation, hasAddress: boolean): string[] {
  const { id, method, body } = operation
  return [
    literal(id),
    literal(method),
    hasAddress ? 'url' : pathOf(operation),
    decodeOf(operation),
    ...(queryOf(operation).length > 0 ? ['query=query'] : []),
    ...(body ? ['body=body'] : []),
    'options=options',
  ]
}

/** The text before the first argument is the beginning; each part after it is separate. */
function pathOf({ segments, arguments: args }: Operation): string {
  const first = segments.findIndex((segment) => typeof segment !== 'string')
  if (args.length === 0) return literal(`/${segments.join('/')}`)
  const rest = segments.slice(first).map((one) => (typeof one === 'string' ? literal(one) : argumentName(one)))
  return `path(${[literal(`/${segments.slice(0, first).join('/')}`), ...rest].join(', ')})`
}

function pagedBody(operation: Operation): string {
  const { id, method, arguments: args, result } = operation
  if (result.kind !== 'page') return ''
  const asked = queryOf(operation).map((field) => field.replace(/^(cursor|offset)=.*/, '$1=place'))
  const address = args.length > 0 ? `        url = ${pathOf(operation)}\n` : ''
  const call = [
    literal(id),
    literal(method),
    args.length > 0 ? 'url' : pathOf(operation),
    decodeOf(operation),
    ...(asked.length > 0 ? ['query=query'] : []),
    'options=options',
  ]
  const query = asked.length > 0 ? `${bracketed('query = given(', asked, ')', '            ')}\n` : ''
  const plan = { cursor: 'call, cursor', offset: 'call, offset, by_offset=True', whole: 'call, None' }[result.by]
  return `${address}
        def call(${result.by === 'whole' ? '_' : 'place'}: Place) -> Call[Page[${typeOf(result.of, true)}]]:
${query}${bracketed('return Call(', call, ')', '            ')}

        return self._transport.list(Plan(${plan}))
`
}
