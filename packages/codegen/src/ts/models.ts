import { ERRORS } from '@dakera-ai/protocol'
import { type Field, type Model, models } from '../contract.ts'
import { camel } from '../text.ts'
import { comment } from './comment.ts'
import { fieldType, literal, longLists, nameOf } from './names.ts'

/** Bodies whose fields are arguments of the client's methods. */
const SPELLED_BY_METHODS = new Set([
  'ForgetBatchRequest',
  'PatchImportanceRequest',
  'SetImportanceRequest',
  'StoreMemoriesRequest',
  'StoreMemoryRequest',
])

/**
 * Prints src/models.ts. The published package imports nothing, so its types are written out, with the contract's
 * descriptions.
 */
export function tsModels(): string {
  const interfaces = models.filter(({ name }) => !SPELLED_BY_METHODS.has(name)).map(interfaceOf)
  return `
/** A moment in a request: unix seconds, ISO-8601 (UTC unless it says otherwise), or a Date. */
export type Instant = number | string | Date

/** The type of a memory. Any other word is allowed too. */
export type MemoryType = 'episodic' | 'semantic' | 'procedural' | 'working' | (string & {})

/** Every code an error of the API can have. A code never changes its meaning. */
export type ErrorCode = ${Object.keys(ERRORS).map(literal).join(' | ')}

${longLists().map(wordList).join('\n')}
${interfaces.join('\n')}`
}

const wordList = ([name, words]: readonly [string, string[]]) =>
  `/** The contract's \`${name}\`. */\nexport type ${name} = ${words.map(literal).join(' | ')}\n`

/**
 * Returns whether the fields of a model are respelled. The client respells one level: objects inside a field of a
 * request keep the spelling of the wire.
 */
const isRespelled = ({ name, isInput }: Model) => isInput && name !== 'Weights'

function interfaceOf(model: Model): string {
  const { name, doc = `The contract's \`${name}\`.`, fields } = model
  const members = fields.map((field) =>
    isRespelled(model) ? twoSpellings(field) : memberOf(field, errorCode(model, field)),
  )
  return `${comment(doc)}export interface ${nameOf(name)} {\n${members.join('')}}\n`
}

const errorCode = (owner: Model, { name }: Field) =>
  owner.name === 'Error' && name === 'code' ? 'ErrorCode' : undefined

const memberOf = (field: Field, type = fieldType(field, false), name = field.name) =>
  `${comment(sentences(field), '  ')}${name}${field.isRequired ? `: ${type}` : `?: ${type} | undefined`}\n`

/** Returns a field of a request in both spellings. An editor offers the deprecated one last and struck through. */
function twoSpellings(field: Field): string {
  const name = camel(field.name)
  const type = fieldType(field, true)
  if (name === field.name) return memberOf(field, type)
  if (field.isRequired) return '' // the namespace: an argument of its own in every method
  const asOnTheWire = `@deprecated The API's own spelling of \`${name}\`; it works as well.`
  return memberOf(field, type, name) + memberOf({ ...field, doc: asOnTheWire, default: undefined }, type)
}

const sentences = ({ doc, default: value }: Field) =>
  [doc, value !== undefined && `Default ${literal(value)}.`].filter(Boolean).join(' ')
