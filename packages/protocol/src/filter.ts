import * as z from 'zod'
import { jsonBytes, shortened } from './fields.ts'
import {
  FILTER_BYTES,
  FILTER_CONDITIONS,
  FILTER_CONTAINS_LENGTH,
  FILTER_DEPTH,
  FILTER_PATH_LENGTH,
  FILTER_PATH_PARTS,
  FILTER_SEARCHES,
  FILTER_TEXT_LENGTH,
  FILTER_VALUES,
} from './filter-bounds.ts'
import { type ExactNumber, flawOfNumber, isExactNumber } from './json.ts'

export type Scalar = string | number | ExactNumber | boolean | null
const COMPARISONS = ['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$contains'] as const
const LISTS = ['$in', '$nin'] as const

/**
 * A validated metadata filter, which the server compiles to a condition. A path lists the keys from the outermost to
 * the innermost.
 */
export type Filter =
  | { kind: 'all' | 'any'; filters: Filter[] }
  | { kind: 'not'; filter: Filter }
  | { kind: 'compare'; path: string[]; operator: (typeof COMPARISONS)[number]; value: Scalar }
  | { kind: 'list'; path: string[]; operator: (typeof LISTS)[number]; values: Scalar[] }
  | { kind: 'exists'; path: string[]; value: boolean }

export class FilterError extends Error {
  readonly path: string[]
  constructor(path: string[], problem: string) {
    super(problem)
    this.path = path
  }
}

/**
 * Parses the filter grammar of recall, search, list and batch forget. `{"source": "researcher"}` is equality; `$eq $ne
 * $gt $gte $lt $lte $in $nin $exists $contains` are operators of a field; `$and $or $not` combine fields. A dotted
 * field names the key with exactly that name, or, if there is none, a path into nested objects. Throws a FilterError
 * with the path of the violation.
 */
export function parseFilter(input: unknown): Filter {
  const counts = { conditions: 0, searches: 0, values: 0, contains: 0 }
  const count = (what: keyof typeof counts, more: number, most: number, at: string[]) => {
    counts[what] += more
    if (counts[what] > most) throw new FilterError(at, `the filter has more than ${most} ${COUNTED[what]}`)
  }

  const parse = (node: unknown, at: string[], depth: number): Filter => {
    if (depth > FILTER_DEPTH) throw new FilterError(at, `nested more than ${FILTER_DEPTH} levels deep`)
    if (!isObject(node)) throw new FilterError(at, 'expected an object')
    return {
      kind: 'all',
      filters: Object.entries(node).map(([key, value]) => member(key, value, [...at, shortened(key)], depth)),
    }
  }

  const member = (key: string, value: unknown, at: string[], depth: number): Filter => {
    if (key === '$and' || key === '$or') {
      if (!Array.isArray(value) || value.length === 0)
        throw new FilterError(at, 'expected a non-empty array of filters')
      if (value.length > FILTER_CONDITIONS)
        throw new FilterError(at, `the filter has more than ${FILTER_CONDITIONS} ${COUNTED.conditions}`)
      const filters = value.map((inner: unknown, i) => parse(inner, [...at, String(i)], depth + 1))
      return { kind: key === '$and' ? 'all' : 'any', filters }
    }
    if (key === '$not') return { kind: 'not', filter: parse(value, at, depth + 1) }
    if (key.startsWith('$')) throw new FilterError(at, 'unknown operator; around fields there are $and, $or and $not')
    const path = pathOf(key, at)
    if (Array.isArray(value))
      throw new FilterError(at, `expected a well-formed string, a number, a boolean or null. ${insteadOfList(at)}`)
    if (!isObject(value)) {
      count('conditions', 1, FILTER_CONDITIONS, at)
      return { kind: 'compare', path, operator: '$eq', value: scalar(value, at) }
    }
    return {
      kind: 'all',
      filters: Object.entries(value).map(([operator, operand]) =>
        comparison(path, operator, operand, [...at, shortened(operator)]),
      ),
    }
  }

  const comparison = (path: string[], operator: string, operand: unknown, at: string[]): Filter => {
    count('conditions', 1, FILTER_CONDITIONS, at)
    if (isOneOf(COMPARISONS, operator)) {
      const value = scalar(operand, at)
      if (operator === '$contains' && typeof value === 'string') {
        count('searches', 1, FILTER_SEARCHES, at)
        count('contains', value.length, FILTER_CONTAINS_LENGTH, at)
      }
      return { kind: 'compare', path, operator, value }
    }
    if (isOneOf(LISTS, operator)) {
      if (!Array.isArray(operand)) throw new FilterError(at, 'expected an array')
      count('searches', 1, FILTER_SEARCHES, at)
      count('values', operand.length, FILTER_VALUES, at)
      return { kind: 'list', path, operator, values: operand.map((item: unknown) => scalar(item, at)) }
    }
    if (operator !== '$exists') throw new FilterError(at, unknownOperator(path, operator))
    if (typeof operand !== 'boolean') throw new FilterError(at, 'expected true or false')
    return { kind: 'exists', path, value: operand }
  }

  const filter = parse(input, [], 0)
  // The size comes last: deep objects, on which JSON.stringify overflows, have been rejected by then.
  if (jsonBytes(input) > FILTER_BYTES) throw new FilterError([], `larger than ${FILTER_BYTES} bytes`)
  return filter
}

const COUNTED = {
  conditions: 'conditions',
  searches: '$in, $nin and $contains in all',
  values: 'values in its lists',
  contains: 'characters to look for with $contains',
}

function pathOf(key: string, at: string[]): string[] {
  if (!key.isWellFormed() || key.includes('\u0000'))
    throw new FilterError(at, 'a path must not contain U+0000 or lone surrogates')
  if (key.length > FILTER_PATH_LENGTH) throw new FilterError(at, `longer than ${FILTER_PATH_LENGTH} characters`)
  const path = key.split('.')
  if (path.length > FILTER_PATH_PARTS) throw new FilterError(at, `a dotted path has at most ${FILTER_PATH_PARTS} parts`)
  if (path.includes('')) throw new FilterError(at, 'a dotted path must not have empty parts')
  return path
}

function scalar(value: unknown, at: string[]): Scalar {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (isExactNumber(value)) {
    const flaw = flawOfNumber(value)
    if (flaw) throw new FilterError(at, flaw)
    return value
  }
  if (typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000')) {
    if (value.length > FILTER_TEXT_LENGTH) throw new FilterError(at, `longer than ${FILTER_TEXT_LENGTH} characters`)
    return value
  }
  throw new FilterError(at, 'expected a well-formed string, a number, a boolean or null')
}

/**
 * Fields that are siblings of a metadata filter and are easily put inside it by mistake.
 */
const BESIDE = ['tags', 'tags_any', 'memory_ids', 'namespaces']
const insteadOfList = ([field = '', ...deeper]: string[]) =>
  deeper.length === 0 && BESIDE.includes(field)
    ? `A filter asks about metadata: did you mean the field ${field}, beside it?`
    : 'For one of several values write {"$in": […]}.'

/** Returns true or false if the filter has that value for every memory, otherwise undefined. */
export function constantOf(filter: Filter): boolean | undefined {
  switch (filter.kind) {
    case 'not': {
      const inner = constantOf(filter.filter)
      return inner === undefined ? undefined : !inner
    }
    case 'all':
    case 'any': {
      const decisive = filter.kind === 'any'
      const parts = filter.filters.map(constantOf)
      if (parts.includes(decisive)) return decisive
      return parts.includes(undefined) ? undefined : !decisive
    }
    case 'list':
      return filter.values.length === 0 ? filter.operator === '$nin' : undefined
    default:
      return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value)
const isOneOf = <T extends string>(list: readonly T[], value: string): value is T =>
  (list as readonly string[]).includes(value)

function unknownOperator(path: string[], operator: string): string {
  const all = [...COMPARISONS, ...LISTS, '$exists']
  if (all.includes(`$${operator}`)) return `unknown operator; did you mean $${operator}?`
  if (operator.startsWith('$')) return `unknown operator; there are ${all.join(' ')}`
  return `unknown operator; to ask about what is inside, write ${shortened([...path, operator].join('.'))}`
}

/** The schema of a metadata filter in a request. Its output is the parsed filter. */
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
      'Conditions on metadata. {"source": "researcher"} is equality; operators of a field are $eq $ne $gt $gte ' +
      '$lt $lte $in $nin $exists $contains; $and $or $not combine fields. A dotted name is the key with exactly ' +
      'that name, or, if there is none, a path into nested objects.',
  })
