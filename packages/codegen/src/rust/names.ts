import { type Field, models, type ResourceName, type Type, wordLists } from '../contract.ts'
import { snake } from '../text.ts'

/** The lists of words that have a type; any other is a `String`. A word that a client does not know is not an error. */
const WORD_DOCS: Record<string, string> = {
  Access: '`Write` alone is append-only: it stores, and reads nothing back. `None` removes a grant.',
  CheckStatus: 'The state of one part of a server.',
  Routing: 'The arms that are searched: meaning (`Vector`), words (`Bm25`) or both.',
  Scope: 'The most that a key may do.',
  SearchMode: '`Exact` returns only memories that contain every word and quoted phrase.',
}
/** Returns the enums of the crate, with all words with which they are used. */
export const words = () =>
  [...wordLists()].flatMap(([name, { words }]) => {
    const doc = WORD_DOCS[name]
    return doc === undefined ? [] : [{ name, doc, words }]
  })

/** Fields whose type the contract cannot express. */
const TYPES: Record<string, string> = {
  'ForgetBatchRequest.filter': 'MemoryFilter', // the contract defines it inline
}

export function typeOf(type: Type, place: string): string {
  const known = TYPES[place]
  if (known) return known
  if (place.endsWith('.embedding')) return 'Vec<f32>'
  switch (type.kind) {
    case 'string':
      return 'String'
    case 'boolean':
      return 'bool'
    case 'number':
      return 'f64'
    case 'integer':
      return type.isUnsigned ? 'u64' : 'i64'
    case 'constant':
      return typeof type.value === 'boolean' ? 'bool' : 'String'
    case 'words':
      return type.name && type.name in WORD_DOCS ? type.name : 'String'
    case 'instant':
      return 'Instant'
    case 'list':
      return `Vec<${typeOf(type.of, place)}>`
    case 'map':
      return type.of.kind === 'any' ? 'Value' : `BTreeMap<String, ${typeOf(type.of, place)}>`
    case 'model':
      return type.name
    default:
      return 'Value'
  }
}

/** Returns the module of a resource, which is also its method on the client. */
export const moduleOf = (resource: ResourceName) => snake(resource)

/** Returns the texts that have a second name, which is a method: `[second name, field]`. */
export const secondNames = (fields: Field[]) =>
  fields.flatMap(({ name, also }) => (also === undefined ? [] : [[also, name] as const]))

/** Returns the `use` lines for the names in some code, in the order of rustfmt. */
export function uses(code: string): string {
  const bare = code.replaceAll(/^ *\/\/.*$|"[^"\n]*"/gm, '') // without comments and strings
  const isNamed = (name: string) => new RegExp(`\\b${name}\\b`).test(bare)
  const lines = Object.entries(HOMES).flatMap(([module, names]) => {
    const named = names().filter(isNamed)
    return named.length > 0 ? [`use ${module}::{${named.join(', ')}};`] : []
  })
  return `${lines.join('\n').replace(/^(use (?!crate).*\n)+/, '$&\n')}\n`
}

const HOMES: Record<string, () => string[]> = {
  'std::time': () => ['Duration'],
  reqwest: () => ['Method'],
  'crate::arguments': () => ['ListOptions', 'OffsetOptions', 'OneOrMany', 'Target'],
  'crate::caller': () => ['Caller', 'with'],
  'crate::client': () => ['DakeraClient'],
  'crate::error': () => ['ApiError', 'Error'],
  'crate::list': () => ['List', 'Page', 'Place'],
  'crate::mode': () => ['Mode'],
  'crate::models': () =>
    [...models.map(({ name }) => name), ...words().map(({ name }) => name)].filter((name) => name !== 'Error'),
  'crate::request': () => ['Request'],
}
