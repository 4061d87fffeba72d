import { isByHand } from '../by-hand.ts'
import { classOf, methods, type Operation, type ResourceName, type Type } from '../contract.ts'
import { readRoot } from '../files.ts'
import { snake } from '../text.ts'
import { nameOf, pascal, typeOf } from './names.ts'

export type Parameter = { name: string; type: string }
/** A method of a resource, between its context and its options. */
export type Signature = { method: string; parameters: Parameter[]; result: string }

export function signatureOf(operation: Operation): Signature {
  const method = methodName(operation.name)
  if (isByHand(operation)) return { method, ...writtenSignature(operation, method) }
  const { arguments: args, body, options } = operation
  const parameters = args.map(({ word }) => ({ name: word, type: 'string' }))
  for (const { name, type } of body?.apart ?? [])
    parameters.push({ name: name === 'agent_id' ? 'namespace' : name, type: typeOf(type, true) })
  if (body) parameters.push({ name: body.word, type: (body.isOptional ? '*' : '') + nameOf(body.model.name) })
  if (options.length > 0) parameters.push({ name: 'which', type: `*${optionsType(operation)}` })
  return { method, parameters, result: resultType(operation) }
}

/** Returns the signature of a method that is written by hand. */
function writtenSignature({ resource, id }: Operation, method: string): Omit<Signature, 'method'> {
  const source = readRoot(`packages/sdk-go/${snake(resource)}.go`)
  const start = `\\nfunc \\(\\w \\*${classOf(resource)}\\) ${method}`
  const [, list, result] = new RegExp(`${start}\\(([^)]*)\\) \\((.*), error\\) \\{`).exec(source) ?? []
  if (list === undefined || result === undefined) throw new Error(`The Go client has no method for ${id}.`)
  const parts = list.split(',').flatMap((part) => part.trim() || [])
  const parameters = parts.slice(1, -1).map((part) => {
    const [name = '', type] = part.split(' ')
    if (!type) throw new Error(`The method for ${id} names the type of ${name} elsewhere.`)
    return { name, type }
  })
  return { parameters, result }
}

/** Returns the parameters as they are declared: neighbours of one type name it once. */
export function declared(parameters: Parameter[]): string[] {
  const groups: Array<{ names: string[]; type: string }> = []
  for (const { name, type } of parameters) {
    const last = groups.at(-1)
    if (last?.type === type) last.names.push(name)
    else groups.push({ names: [name], type })
  }
  return [
    'ctx context.Context',
    ...groups.map(({ names, type }) => `${names.join(', ')} ${type}`),
    'options ...RequestOption',
  ]
}

/** Returns the name of the method that yields the items of every page. */
export const iterationOf = ({ name, result }: Operation) =>
  result.kind === 'page' && result.by !== 'whole' ? (name === 'list' ? 'All' : `All${methodName(name)}`) : undefined

/** Returns the flat name, unless a resource of the client has that name. */
export function flatNameOf({ flat }: Operation): string | undefined {
  const isTaken = methods.some(({ resource }) => resource === flat)
  return flat === undefined || isTaken ? undefined : methodName(flat)
}

/** Returns whether the flat name returns less than its method, and is written by hand. */
export const isFlatByHand = (operation: Operation) =>
  readRoot('packages/sdk-go/flat.go').includes(`(c *Client) ${flatNameOf(operation)}(`)

/** Lists that take the same options share a type, which pages.go declares. */
const SHARED: Record<string, string> = { 'limit cursor': 'ListOptions', 'limit offset': 'OffsetOptions' }
const sharedOptions = ({ options }: Operation) => SHARED[options.map(({ name }) => name).join(' ')]
const optionsType = (one: Operation) =>
  sharedOptions(one) ?? `${methodName(one.flat ?? `${one.resource}_${one.name}`)}Options`
/** Returns the type of options that only this operation has. */
export const ownOptions = (one: Operation) =>
  one.options.length === 0 || sharedOptions(one) ? undefined : optionsType(one)

export const itemType = (type: Type) => typeOf(type, false)
function resultType({ result }: Operation): string {
  if (result.kind === 'page') return `*Page[${itemType(result.of)}]`
  const type = itemType(result.type)
  return result.type.kind === 'model' ? `*${type}` : type
}

export const methodsOf = (resource: ResourceName) => methods.filter((one) => one.resource === resource)
export const methodName = (name: string) => pascal(snake(name))
