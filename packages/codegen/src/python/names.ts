import { type Type, wordLists } from '../contract.ts'
import { unique } from '../text.ts'

/** The lists of words that have a name in the package. */
const NAMED = ['Access', 'Language']
export const namedWords = () => [...wordLists()].filter(([name]) => NAMED.includes(name))

/** Arguments take any sequence or mapping; results have lists and dicts, whose words may be new ones. */
export function typeOf(type: Type, isResult: boolean): string {
  switch (type.kind) {
    case 'string':
      return 'str'
    case 'boolean':
      return 'bool'
    case 'number':
      return 'float'
    case 'integer':
      return 'int'
    case 'any':
    case 'object':
      return 'Any'
    case 'instant':
      return 'Instant'
    case 'constant':
      return `Literal[${literal(type.value)}]`
    case 'words':
      return wordsOf(type, isResult)
    case 'list':
      return `${isResult ? 'list' : 'Sequence'}[${typeOf(type.of, isResult)}]`
    case 'map':
      return `${isResult ? 'dict' : 'Mapping'}[str, ${typeOf(type.of, isResult)}]`
    case 'model':
      return type.name
    case 'union':
      return union(type.of.map((one) => typeOf(one, isResult)))
  }
}

/** `Access` contains the words that can be granted; a word that only a change accepts is added to it. */
function wordsOf({ name = '', words }: Type & { kind: 'words' }, isResult: boolean): string {
  if (name === 'Access' && words.includes('none')) return 'Access | Literal["none"]'
  if (NAMED.includes(name)) return name
  return isResult ? 'str' : literals(words)
}
export const literals = (words: string[]) => `Literal[${words.map(literal).join(', ')}]`

/** Returns a union without repetition, with None last. */
export const union = (types: string[]) =>
  unique(types.flatMap((type) => type.split(/ \| (?![^[]*\])/)))
    .sort((a, b) => Number(a === 'None') - Number(b === 'None'))
    .join(' | ')

export function literal(value: unknown): string {
  if (value === true) return 'True'
  if (value === false) return 'False'
  return value === null ? 'None' : JSON.stringify(value)
}
