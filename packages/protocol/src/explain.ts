import type * as z from 'zod'
import { lengthOf, shortened } from './fields.ts'

type Raw = z.core.$ZodRawIssue
type Explained = { path: string; message: string }

/**
 * Parses a value and describes violations in plain sentences, with the value and its bounds. `sentAt` returns a value
 * as it was sent, if the schema converts text first.
 */
export function parsePlainly<S extends z.ZodType>(
  schema: S,
  value: unknown,
  sentAt?: (path: PropertyKey[]) => unknown,
) {
  const error = (issue: Raw) => plainly(issue, sentAt ? sentAt(issue.path ?? []) : issue.input)
  return schema.safeParse(value, { error })
}

/** Returns the path and the sentence of each violation, at most `most` of them. */
export const explained = (error: z.ZodError, most: number): Explained[] =>
  error.issues
    .slice(0, most)
    .map(({ path, message }) => ({ path: path.map((part) => shortened(String(part))).join('.'), message }))

/**
 * Returns one sentence with the path: "importance must be between 0 and 1; you sent 3", or "query: …" if the message is
 * a sentence already.
 */
export const sentence = ({ path, message }: Explained): string => {
  const place = path || 'The request'
  return /^(must|is) /.test(message) ? `${place} ${message}` : `${place}: ${message}`
}

/** Returns undefined to leave the message to Zod. */
function plainly(issue: Raw, sent: unknown): string | undefined {
  const told = (rule: string) => `${rule}; you sent ${shown(sent)}`
  switch (issue.code) {
    case 'invalid_type':
      return sent === undefined ? 'is required' : told(`must be ${named(issue.expected as string)}`)
    case 'invalid_value':
      return sent === undefined ? 'is required' : told(`must be ${alternatives(issue.values as unknown[])}`)
    case 'too_big':
    case 'too_small': {
      const { least, most, isAbove } = boundsOf(issue)
      if (typeof sent === 'string' && issue.origin === 'string')
        return `must have ${between(least, most)} characters; you sent ${lengthOf(sent)}`
      if (Array.isArray(sent)) return `must have ${between(least, most)} elements; you sent ${sent.length}`
      const rule = isAbove
        ? `greater than ${least}${most === undefined ? '' : ` and at most ${most}`}`
        : valueBetween(least, most)
      return told(`must be ${rule}`)
    }
    case 'invalid_key':
      return (issue.issues as { message?: string }[])[0]?.message
    case 'invalid_format':
      return issue.format === 'url' ? 'must be a URL, as in https://host:port/path' : undefined
    default:
      return undefined
  }
}

const NAMES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}
const named = (type: string) => NAMES[type] ?? `a ${type}`

function alternatives(values: unknown[]): string {
  const words = values.map((value) => JSON.stringify(value))
  return words.length === 1 ? (words[0] as string) : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** Formats a value for a message, shortened. */
function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length <= 40 ? value : `${value.slice(0, 40).toWellFormed()}…`)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

type Bounds = { least: number | undefined; most: number | undefined; isAbove: boolean }
type Check = { check: string; value?: number; minimum?: number; maximum?: number; inclusive?: boolean }

/** Returns both bounds of the schema; an issue names only the violated one. */
function boundsOf(issue: Raw & { code: 'too_big' | 'too_small' }): Bounds {
  const checks = (issue.schema?._zod.def.checks ?? []).map((check) => check._zod.def as Check)
  const bound = (name: string, length: string) => {
    const check = checks.find((one) => one.check === name || one.check === length)
    return check?.value ?? check?.minimum ?? check?.maximum
  }
  return {
    least: bound('greater_than', 'min_length') ?? (issue.code === 'too_small' ? Number(issue.minimum) : undefined),
    most: bound('less_than', 'max_length') ?? (issue.code === 'too_big' ? Number(issue.maximum) : undefined),
    isAbove: checks.some(({ check, inclusive }) => check === 'greater_than' && !inclusive),
  }
}

const between = (least: number | undefined, most: number | undefined) => {
  if (most === undefined) return `at least ${least}`
  return least ? `${least} to ${most}` : `at most ${most}`
}
const valueBetween = (least: number | undefined, most: number | undefined) => {
  if (least !== undefined && most !== undefined) return `between ${least} and ${most}`
  return least === undefined ? `at most ${most}` : `at least ${least}`
}
