import { PROBLEMS } from './table.ts'
import { fill } from './texts.ts'

/** The schema of an argument, as it is shown to the model. */
export type ArgumentSchema = {
  type: 'string' | 'number' | 'integer' | 'array'
  description: string
  enum?: string[]
  minLength?: number
  maxLength?: number
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  maxItems?: number
  items?: ArgumentSchema
}
export type InputSchema = { type: 'object'; properties: Record<string, ArgumentSchema>; required: string[] }

/** What is wrong with the arguments of a model, as a sentence about them. */
export class Problem extends Error {}

/**
 * Reads what a model sent: it may send null for nothing, numbers as text and a word in place of a list, and it invents
 * arguments, which are left out.
 */
export function readArguments({ properties, required }: InputSchema, given: unknown): Record<string, unknown> {
  const sent = typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {}
  const read: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(properties)) {
    const value = Object.hasOwn(sent, name) ? sent[name] : undefined
    if (value !== undefined && value !== null && value !== '') read[name] = readOne(name, schema, value)
    else if (required.includes(name)) throw new Problem(fill(PROBLEMS.missing, { name }))
  }
  return read
}

function readOne(name: string, schema: ArgumentSchema, value: unknown): unknown {
  switch (schema.type) {
    case 'string':
      return readText(name, schema.maxLength, value)
    case 'array':
      return readList(name, schema, value)
    default:
      return readNumber(name, schema, value)
  }
}

function readText(name: string, max: number | undefined, value: unknown): string {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
  if (typeof text !== 'string') throw new Problem(fill(PROBLEMS.text, { name }))
  if (max !== undefined && isLonger(text, max)) throw new Problem(fill(PROBLEMS.long, { name, max }))
  return text
}

/** Counts characters as the server does: an emoji is one. */
const isLonger = (text: string, max: number) => text.length > max && (text.length > 2 * max || [...text].length > max)

function readNumber(name: string, schema: ArgumentSchema, value: unknown): number {
  const { type, minimum: min = 0, maximum: max = Number.MAX_SAFE_INTEGER } = schema
  const number = typeof value === 'string' ? Number(value.trim() || Number.NaN) : value
  if (typeof number !== 'number' || Number.isNaN(number)) throw new Problem(fill(PROBLEMS.number, { name, min, max }))
  // A count that is too high has an obvious meaning; a number does not.
  if (type === 'integer') return Math.min(max, Math.max(min, Math.trunc(number)))
  if (number < min || number > max || number === schema.exclusiveMinimum)
    throw new Problem(fill(PROBLEMS.number, { name, min, max }))
  return number
}

function readList(name: string, { maxItems = 100, items }: ArgumentSchema, value: unknown): string[] {
  const list = typeof value === 'string' ? [value] : value
  if (!Array.isArray(list)) throw new Problem(fill(PROBLEMS.list, { name }))
  if (list.length > maxItems) throw new Problem(fill(PROBLEMS.many, { name, max: maxItems }))
  return list.map((item) => readText(name, items?.maxLength, item))
}
