import { type Field, type Type, wordLists } from '../contract.ts'
import { unique } from '../text.ts'

/** Names that the package had before the contract named its models. */
const NAMES: Record<string, string> = { Error: 'ErrorBody' }
export const nameOf = (name: string) => NAMES[name] ?? name

export function typeOf(type: Type): string {
  switch (type.kind) {
    case 'model':
      return nameOf(type.name)
    case 'constant':
      return literal(type.value)
    case 'words':
      return type.name && isLong(type.words) ? type.name : type.words.map(literal).join(' | ')
    case 'instant':
      return 'Instant'
    case 'integer':
      return 'number'
    case 'list':
      return arrayOf(typeOf(type.of))
    case 'map':
      return `Record<string, ${type.of.kind === 'any' ? 'unknown' : typeOf(type.of)}>`
    case 'union':
      return unique(type.of.map(typeOf)).join(' | ')
    case 'any':
      return 'unknown'
    case 'object':
      throw new Error('An object without a name has no type in TypeScript: give it an id in the contract.')
    default:
      return type.kind
  }
}

/** Returns the type of a field, with the words that an editor offers for the type of a memory. */
export function fieldType({ name, type, isNullable }: Field, isInput: boolean): string {
  const value = isInput && name === 'memory_type' ? 'MemoryType' : typeOf(type)
  return isNullable ? `${value} | null` : value
}

const isLong = (words: string[]) => words.length > 8
/** Returns the lists of words that have their own type, because they would fill a page where they are used. */
export const longLists = () =>
  [...wordLists()].flatMap(([name, { words }]) => (isLong(words) ? [[name, words] as const] : []))

export const literal = (value: unknown) => (typeof value === 'string' ? `'${value}'` : JSON.stringify(value))
const arrayOf = (type: string) => (/[|{ ]/.test(type) ? `Array<${type}>` : `${type}[]`)
