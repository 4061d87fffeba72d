import * as z from 'zod'
import { METADATA_ARRAY_LENGTH, METADATA_BYTES, METADATA_DEPTH, METADATA_VALUES } from './filter-bounds.ts'
import { flawOfNumber, isExactNumber, parseExactly } from './json.ts'

/**
 * Whether Postgres and every JSON reader can represent the text: no NUL and no lone surrogate.
 * Such text is rejected and not repaired: a silent replacement would lose data.
 */
const isWellFormed = (text: string) => !text.includes('\u0000') && text.isWellFormed()
const malformed = 'must not contain U+0000 or lone surrogates'

/** Between min and max characters, counted as Postgres and JSON Schema count them: an emoji is one. */
export const text = (min: number, max: number) =>
  z
    .string()
    .refine((value) => value.length >= min && isAtMost(value, max), {
      error: ({ input }) =>
        `must have ${min === 0 ? 'at most' : `${min} to`} ${max} characters; you sent ${lengthOf(String(input))}`,
    })
    .refine(isWellFormed, malformed)
    .meta({ minLength: min, maxLength: max })

/** Counts characters. An emoji outside the BMP is two JavaScript string units and one character. */
export const lengthOf = (value: string) => value.length - (value.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0)

/** Counts characters only if the cheap bounds are inconclusive. */
const isAtMost = (value: string, max: number) =>
  value.length <= max || (value.length <= 2 * max && lengthOf(value) <= max)

/** The most invalid elements of one list that are reported. */
const MOST_WRONG = 10

const AnyList: z.core.$constructor<z.ZodArray> = z.ZodArray
/**
 * A Zod array that stops after MOST_WRONG invalid elements: half a million of them would produce as many issues.
 */
const List = z.core.$constructor<z.ZodArray, z.core.$ZodArrayDef & { most: number }>('List', (inst, definition) => {
  AnyList.init(inst, definition)
  const parse = inst._zod.parse
  inst._zod.parse = (payload, context) => {
    const { value, issues } = payload
    if (!Array.isArray(value) || value.length > definition.most) return parse(payload, context)
    const read: unknown[] = []
    for (const [i, element] of value.entries()) {
      const result = definition.element._zod.run({ value: element, issues: [] }, context) as z.core.ParsePayload
      read.push(result.value)
      issues.push(...z.core.util.prefixIssues(i, result.issues))
      if (issues.length >= MOST_WRONG) break
    }
    payload.value = read
    return payload
  }
})

/** A list in a request: at most `most` elements, counted before any of them is parsed. */
export const list = <S extends z.ZodType>(element: S, most: number) =>
  new List({ type: 'array', element, most }).max(most) as unknown as z.ZodArray<S>

/**
 * An object in a request with names chosen by the caller: at most `most` of them, counted before any is parsed.
 */
export const record = <K extends z.ZodType<string, string>, V extends z.ZodType>(name: K, value: V, most: number) =>
  z
    .preprocess(
      (input, context) => {
        const isTooMany = typeof input === 'object' && input !== null && Object.keys(input).length > most
        if (isTooMany) context.addIssue({ code: 'custom', message: `must have at most ${most} names` })
        return input
      },
      z.record(name, value),
    )
    .meta({ maxProperties: most }) as unknown as z.ZodType<Record<string, z.output<V>>, Record<string, z.input<V>>>

/**
 * Any JSON object with well-formed strings, within the bounds of filter-bounds.ts. It is passed on unchanged: z.record
 * would copy it and lose a key named __proto__.
 */
export const JsonObject = z
  .unknown()
  .refine((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
    error: 'must be an object',
    abort: true,
  })
  .superRefine((value, context) => {
    const flaw = flawOf(value as object)
    if (flaw) context.addIssue({ code: 'custom', path: flaw.path, message: flaw.message })
  })
  .meta({ type: 'object', additionalProperties: {} }) as unknown as z.ZodType<
  Record<string, unknown>,
  Record<string, unknown>
>

const flawed = (message: string | undefined): Flaw | undefined =>
  message === undefined ? undefined : { path: [], message }
type Flaw = {
  path: string[]
  message: string
  /** Concerns the whole object and not one place in it. */
  isOfAll?: true
}

/** Returns the first violation in the object, or undefined. */
function flawOf(object: object): Flaw | undefined {
  let values = 0
  const look = (value: unknown, depth: number): Flaw | undefined => {
    if (typeof value === 'string') return isWellFormed(value) ? undefined : { path: [], message: malformed }
    if (typeof value !== 'object' || value === null) return undefined
    if (isExactNumber(value)) return flawed(flawOfNumber(value))
    if (depth === METADATA_DEPTH)
      return { path: [], message: `nested more than ${METADATA_DEPTH} levels deep`, isOfAll: true }
    if (Array.isArray(value) && value.length > METADATA_ARRAY_LENGTH)
      return { path: [], message: `an array of more than ${METADATA_ARRAY_LENGTH} elements` }
    for (const key in value) {
      if (++values > METADATA_VALUES)
        return { path: [], message: `more than ${METADATA_VALUES} fields and elements in all`, isOfAll: true }
      if (!isWellFormed(key)) return { path: [], message: `a name in it ${malformed}` }
      const flaw = look((value as Record<string, unknown>)[key], depth + 1)
      // The path is built on the way back: building it on the way down would cost more than the check itself.
      if (flaw) return flaw.isOfAll ? flaw : { ...flaw, path: [shortened(key), ...flaw.path] }
    }
    return undefined
  }
  // The size comes last: deep objects, on which JSON.stringify overflows, have been rejected by then.
  return (
    look(object, 0) ??
    (jsonBytes(object) > METADATA_BYTES
      ? { path: [], message: `larger than ${METADATA_BYTES} bytes as JSON` }
      : undefined)
  )
}

/** Shortens a name for an error message. */
export const shortened = (name: string) => (name.length <= 100 ? name : `${name.slice(0, 100).toWellFormed()}…`)

/** Returns the size of a value as JSON, in UTF-8 bytes. */
export const jsonBytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length

// The years 1 to 9999: four digits in ISO-8601, and Postgres reads them back.
const FIRST_MS = -62_135_596_800_000
const LAST_MS = 253_402_300_799_000

const HAS_ZONE = /(?:Z|[+-]\d\d:?\d\d)$/i

/** A point in time in a request: Unix seconds, optionally with a fraction, or ISO-8601. Handlers receive a Date. */
export const Instant = z
  .union([z.number(), z.iso.datetime({ offset: true, local: true }), z.iso.date()], {
    error: 'must be unix seconds or an ISO-8601 date-time',
  })
  .refine(
    (value) => typeof value !== 'number' || value * 1000 <= LAST_MS,
    'must be unix seconds until the year 9999; milliseconds are divided by 1000',
  )
  .transform(toDate)
  .refine(
    (moment) => moment.getTime() >= FIRST_MS && moment.getTime() <= LAST_MS,
    'must lie between the years 1 and 9999, in UTC',
  )
  .meta({ description: 'Unix seconds, optionally with a fraction, or ISO-8601 (UTC unless it has an offset).' })

/**
 * A date-time without an offset would be read in the time zone of this process, so UTC is appended. A date alone is UTC
 * already.
 */
function toDate(value: number | string): Date {
  if (typeof value === 'number') return new Date(value * 1000)
  return new Date(value.includes('T') && !HAS_ZONE.test(value) ? `${value}Z` : value)
}

/** A point in time in a response. */
export const UnixSeconds = z.int().meta({ description: 'Unix seconds.' })
export const UnixMilliseconds = z
  .int()
  .meta({ description: 'The same time in Unix milliseconds. Not part of the response to a store.' })

// Query strings contain only text. These readers convert it, so that a handler sees the same values from GET and POST.
const numeric = /^-?\d+(\.\d+)?$/
const numberFromText = (value: unknown) => (typeof value === 'string' && numeric.test(value) ? Number(value) : value)
/** Reads `a, b`, or `["a", "b"]` for values that contain commas, or a repeated parameter. */
function listFromText(value: unknown): unknown {
  if (Array.isArray(value)) return value.flatMap(listFromText)
  if (typeof value !== 'string') return value
  const list = value.startsWith('[') ? jsonFromText(value) : value
  if (Array.isArray(list)) return list
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
const booleanFromText = (value: unknown) =>
  value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value
const jsonFromText = (value: unknown) => {
  if (typeof value !== 'string') return value
  try {
    const parsed = parseExactly(value)
    return isExactNumber(parsed) ? value : parsed // a number is no object, however it is kept
  } catch {
    return value // not an object, so the schema behind says what is wrong
  }
}

const READERS = { number: numberFromText, list: listFromText, boolean: booleanFromText, json: jsonFromText }

/** Returns the schema of the same field in a query string. */
export const fromQuery = <S extends z.ZodType>(reader: keyof typeof READERS, schema: S) =>
  z.preprocess(READERS[reader], schema)

/** A page of a list by offset. */
export const offsetPage = {
  limit: fromQuery('number', z.int().min(1).max(1000).default(100)).meta({ description: 'Maximum number of results.' }),
  offset: fromQuery('number', z.int().min(0).default(0)).meta({ description: 'Number of results to skip.' }),
}
