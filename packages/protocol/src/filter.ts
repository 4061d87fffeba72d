import * as z from 'zod'

export type Scalar = string | number | boolean | null
const COMPARISONS = ['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$contains'] as const
const LISTS = ['$in', '$nin'] as const

/** A metadata filter, checked: what the server turns into a condition. Paths are the keys from the outside in. */
export type Filter =
  | { kind: 'all' | 'any'; filters: Filter[] }
  | { kind: 'not'; filter: Filter }
  | { kind: 'compare'; path: string[]; operator: (typeof COMPARISONS)[number]; value: Scalar }
  | { kind: 'list'; path: string[]; operator: (typeof LISTS)[number]; values: Scalar[] }
  | { kind: 'exists'; path: string[]; value: boolean }

/** Deeper or larger than this is no filter a person wrote. */
const MAX_DEPTH = 8
const MAX_CONDITIONS = 100

export class FilterError extends Error {
  readonly path: string[]
  constructor(path: string[], problem: string) {
    super(problem)
    this.path = path
  }
}

/**
 * Reads the filter grammar of recall, search, list and batch forget:
 * `{"source": "researcher"}` is equality; `$eq $ne $gt $gte $lt $lte $in $nin $exists $contains` stand under a field,
 * `$and $or $not` around fields; a dotted field reaches inside objects. Throws FilterError naming the place.
 */
export function parseFilter(input: unknown): Filter {
  let conditions = 0

  const parse = (node: unknown, at: string[], depth: number): Filter => {
    if (depth > MAX_DEPTH) throw new FilterError(at, `nested more than ${MAX_DEPTH} levels deep`)
    if (!isObject(node)) throw new FilterError(at, 'expected an object')
    return { kind: 'all', filters: Object.entries(node).map(([key, value]) => member(key, value, [...at, key], depth)) }
  }

  const count = (at: string[]) => {
    if (++conditions > MAX_CONDITIONS) throw new FilterError(at, `more than ${MAX_CONDITIONS} conditions`)
  }

  const member = (key: string, value: unknown, at: string[], depth: number): Filter => {
    if (key === '$and' || key === '$or') {
      if (!Array.isArray(value) || value.length === 0) throw new FilterError(at, 'expected a non-empty array of filters')
      if (value.length > MAX_CONDITIONS) throw new FilterError(at, `more than ${MAX_CONDITIONS} conditions`)
      const filters = value.map((inner: unknown, i) => parse(inner, [...at, String(i)], depth + 1))
      return { kind: key === '$and' ? 'all' : 'any', filters }
    }
    if (key === '$not') return { kind: 'not', filter: parse(value, at, depth + 1) }
    if (key.startsWith('$')) throw new FilterError(at, 'unknown operator')
    const path = key.split('.')
    if (!key.isWellFormed() || key.includes('\u0000')) throw new FilterError(at, 'a path must not contain U+0000 or lone surrogates')
    if (path.includes('')) throw new FilterError(at, 'a dotted path must not have empty parts')
    if (!isObject(value)) {
      count(at)
      return { kind: 'compare', path, operator: '$eq', value: scalar(value, at) }
    }
    return { kind: 'all', filters: Object.entries(value).map(([operator, operand]) => comparison(path, operator, operand, [...at, operator])) }
  }

  const comparison = (path: string[], operator: string, operand: unknown, at: string[]): Filter => {
    count(at)
    if (isOneOf(COMPARISONS, operator)) return { kind: 'compare', path, operator, value: scalar(operand, at) }
    if (isOneOf(LISTS, operator)) {
      if (!Array.isArray(operand)) throw new FilterError(at, 'expected an array')
      if (operand.length > 1000) throw new FilterError(at, 'more than 1000 values')
      return { kind: 'list', path, operator, values: operand.map((item: unknown) => scalar(item, at)) }
    }
    if (operator !== '$exists') throw new FilterError(at, 'unknown operator')
    if (typeof operand !== 'boolean') throw new FilterError(at, 'expected true or false')
    return { kind: 'exists', path, value: operand }
  }

  return parse(input, [], 0)
}

function scalar(value: unknown, at: string[]): Scalar {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000')) return value
  throw new FilterError(at, 'expected a well-formed string, a number, a boolean or null')
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isOneOf = <T extends string>(list: readonly T[], value: string): value is T => (list as readonly string[]).includes(value)

/** The schema of a metadata filter in a request; its output is the parsed filter. */
export const MetadataFilter = z
  .record(z.string(), z.unknown())
  .transform((value, context): Filter => {
    try {
      return parseFilter(value)
    } catch (error) {
      if (!(error instanceof FilterError)) throw error
      context.addIssue({ code: 'custom', path: error.path, message: error.message })
      return z.NEVER
    }
  })
  .meta({
    description:
      'Conditions on metadata: {"source": "researcher"} is equality; $eq $ne $gt $gte $lt $lte $in $nin $exists $contains under a field, $and $or $not around fields; dotted paths reach inside objects.',
  })
