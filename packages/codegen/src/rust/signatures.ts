import { isByHand } from '../by-hand.ts'
import { type Field, methods, type Operation, oneOf, type ResourceName } from '../contract.ts'
import { readRoot } from '../files.ts'
import { pascal, snake } from '../text.ts'
import { moduleOf, typeOf } from './names.ts'

export type Parameter = { name: string; type: string }
/** The declaration of a method. */
export type Signature = {
  name: string
  /** `<I>`, with its bounds in `where`. */
  generics: string
  parameters: Parameter[]
  returns: string
  where: string
}

/**
 * Returns the signature of a printed method from the contract, and of any other from the file in which it is written.
 */
export function signatureOf(operation: Operation): Signature {
  if (isByHand(operation)) return readSignature(operation)
  return {
    name: snake(operation.name),
    generics: '',
    parameters: parametersOf(operation),
    returns: returnsOf(operation),
    where: '',
  }
}

/** Returns the parameters. An object that is found by its id in a namespace is one argument, a `Target`. */
function parametersOf(operation: Operation): Parameter[] {
  const { resource, arguments: args, isInNamespace, body } = operation
  const text = (name: string) => ({ name, type: 'impl AsRef<str>' })
  const type = optionsType(operation)
  return [
    ...(isInNamespace ? [{ name: oneOf(resource), type: 'impl Into<Target>' }] : args.map(({ word }) => text(word))),
    ...(body?.apart ?? []).map((field) => text(optionName(field))),
    ...(body && body.rest.length > 0 ? [{ name: body.word, type: body.model.name }] : []),
    ...(type === undefined ? [] : [{ name: 'options', type }]),
  ]
}

function returnsOf({ id, result }: Operation): string {
  if (result.kind === 'page') return `List<${typeOf(result.of, id)}, M>`
  return `M::Reply<${typeOf(result.type, id)}>`
}

/** Returns the name of a query field as an option, or of a body field as an argument. */
export const optionName = ({ name }: Field) => (name === 'agent_id' ? 'namespace' : name)

/** The structs for the options of most lists, by their fields; they are written by hand. */
const PAGES: Record<string, string> = { 'limit cursor': 'ListOptions', 'limit offset': 'OffsetOptions' }

export function optionsType({ flat, resource, name, options }: Operation): string | undefined {
  if (options.length === 0) return undefined
  return PAGES[options.map(({ name }) => name).join(' ')] ?? `${pascal(flat ?? `${resource}_${name}`)}Options`
}

/** Returns whether the printed file of the resource declares the struct of options. */
export const hasOwnOptions = (operation: Operation) =>
  operation.options.length > 0 && !Object.values(PAGES).includes(optionsType(operation) ?? '')

/** A flat name lists from the beginning, without `ListOptions`. */
export const isInFlat = ({ type }: Parameter) => type !== 'ListOptions'

/** Returns the flat name of the contract, unless a resource of the client has that name. */
export function flatName({ flat }: Operation): string | undefined {
  if (flat === undefined || methods.some(({ resource }) => moduleOf(resource) === snake(flat))) return undefined
  return snake(flat)
}

const METHOD = new RegExp(
  String.raw`pub fn (?<name>\w+)(?<generics><\w+>)?\(\s*&self,?(?<parameters>[^)]*)\)\s*` +
    String.raw`->\s*(?<returns>[^{]*?)\s*(?<where>where[^{]*)?\{`,
  'g',
)

function readSignature({ id, resource, name }: Operation): Signature {
  for (const { groups = {} } of sourceOf(resource).matchAll(METHOD)) {
    if (groups['name'] !== snake(name)) continue
    const parameters = [...(groups['parameters'] ?? '').matchAll(/(\w+):\s*(.+?)(?:,\s|,?\s*$)/g)]
    return {
      name: snake(name),
      generics: groups['generics'] ?? '',
      parameters: parameters.map(([, name = '', type = '']) => ({ name, type })),
      returns: groups['returns'] ?? '',
      where: groups['where'] ?? '',
    }
  }
  throw new Error(`There is no method for ${id} in src/resources/${moduleOf(resource)}.rs.`)
}

const sources = new Map<ResourceName, string>()
function sourceOf(resource: ResourceName): string {
  const source = sources.get(resource) ?? readRoot(`packages/sdk-rust/src/resources/${moduleOf(resource)}.rs`)
  sources.set(resource, source)
  return source
}
