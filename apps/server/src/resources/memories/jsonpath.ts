import type { Filter, Scalar } from '@dakera-ai/protocol'

/**
 * A condition on metadata as recall's SQL takes it: a jsonpath in which every compared value is a variable. `equal`
 * says the plain equalities among it once more, in the form an index serves: a value is the field's own, or an element
 * of it.
 * `asked` is answered outside of it, and stands in it as $t[field][question].
 */
export type Jsonpath = { path: string; vars: Record<string, unknown>; equal?: [object, object][]; asked?: Asked[] }

/**
 * Whether what a field holds (the value, or an element of an array) is one of `values`, or has `part` in its text. A
 * jsonpath would compare each element with each value, and search for a part with a regular expression.
 */
type Asked = { at: string; key?: string; questions: Question[] }
type Question = { values: Scalar[] } | { part: string }
/** So many values are compared sooner than looked up. */
const FEW = 8

type Comparison = Exclude<Filter, { kind: 'all' | 'any' | 'not' }>

/**
 * Keys are the caller's text too: they enter as quoted jsonpath strings. Should a quote ever slip, a jsonpath is a pure
 * function of one row's metadata: no SQL, no other row, no side effect.
 */
export function compileFilter(filter: Filter): Jsonpath {
  const vars: Record<string, unknown> = {}
  const asked: Asked[] = []
  let count = 0
  const variable = (value: unknown) => {
    const name = `v${count++}`
    vars[name] = value
    return `$${name}`
  }
  const ask = (path: string[], question: Question) => {
    const at = `${field(path)}[*]`
    const known = asked.findIndex((one) => one.at === at)
    const [key] = path
    const place =
      known >= 0 ? known : asked.push({ at, ...(path.length === 1 && key !== undefined && { key }), questions: [] }) - 1
    return `$t[${place}][${(asked[place] as Asked).questions.push(question) - 1}] == true`
  }

  // A negation moves inwards to the comparisons: written around a condition it repeats it, and sixteen of them 65,536
  // times.
  const condition = (node: Filter, isNegated = false): string => {
    switch (node.kind) {
      case 'all':
      case 'any': {
        const areAllWanted = (node.kind === 'all') !== isNegated
        return (
          node.filters.map((inner) => `(${condition(inner, isNegated)})`).join(areAllWanted ? ' && ' : ' || ') ||
          (areAllWanted ? '1 == 1' : '1 == 0')
        )
      }
      case 'not':
        return condition(node.filter, !isNegated)
      default:
        return isNegated ? not(comparing(node)) : comparing(node)
    }
  }

  /**
   * A dotted name is first a key of that very name, as telemetry has them, and only where there is none a way inside.
   */
  const comparing = (node: Comparison): string => {
    if (node.path.length === 1) return comparingAt(node)
    const itself = { ...node, path: [node.path.join('.')] }
    if (node.kind === 'exists') return `${comparingAt(itself)} ${node.value ? '||' : '&&'} ${comparingAt(node)}`
    const isThere = `exists(${field(itself.path)})`
    return `(${isThere} && (${comparingAt(itself)})) || (!${isThere} && (${comparingAt(node)}))`
  }

  const comparingAt = (node: Comparison): string => {
    switch (node.kind) {
      case 'exists':
        return node.value ? `exists(${field(node.path)})` : `!exists(${field(node.path)})`
      case 'list': {
        const any = isOneOf(node.path, node.values)
        return node.operator === '$in' ? any : not(any)
      }
      case 'compare':
        return comparison(node.path, node.operator, node.value)
    }
  }

  const isOneOf = (path: string[], values: Scalar[]) => {
    if (values.length === 0) return '1 == 0'
    return values.length > FEW ? ask(path, { values }) : `${field(path)} == ${variable(values)}[*]`
  }

  const comparison = (
    path: string[],
    operator: keyof typeof OPERATORS | '$ne' | '$contains',
    value: unknown,
  ): string => {
    const at = field(path)
    if (operator === '$ne') return not(`${at} == ${variable(value)}`)
    if (operator !== '$contains') return `${at} ${OPERATORS[operator]} ${variable(value)}`
    // An element of an array, or a part of a string.
    return typeof value === 'string' ? ask(path, { part: value }) : `${at} == ${variable(value)}`
  }

  const equal = equalities(filter)
  return {
    path: condition(joined(filter)),
    vars,
    ...(equal.length > 0 && { equal }),
    ...(asked.length > 0 && { asked }),
  }
}

/**
 * The same filter with the lists of one field made one: of those of which one must hold, and of those that all exclude.
 */
function joined(filter: Filter): Filter {
  if (filter.kind === 'not') return { kind: 'not', filter: joined(filter.filter) }
  if (filter.kind !== 'all' && filter.kind !== 'any') return filter
  const { kind } = filter
  const parts = filter.filters.map(joined).flatMap((part) => (part.kind === kind ? part.filters : [part]))
  const operator = kind === 'any' ? '$in' : '$nin'
  const lists = Map.groupBy(parts, (part) => (isListed(part, operator) ? JSON.stringify(part.path) : undefined))
  const rest = lists.get(undefined) ?? []
  lists.delete(undefined)
  const filters = [...rest, ...[...lists.values()].map((of) => join(of as Comparison[], operator))]
  const [only, ...others] = filters
  return only && others.length === 0 ? only : { kind, filters }
}
const isListed = (part: Filter, operator: '$in' | '$nin'): part is Comparison =>
  part.kind === 'list'
    ? part.operator === operator
    : part.kind === 'compare' && part.operator === (operator === '$in' ? '$eq' : '$ne')
function join(parts: Comparison[], operator: '$in' | '$nin'): Filter {
  const [first] = parts as [Comparison]
  if (parts.length === 1) return first
  const values = parts.flatMap((part) =>
    part.kind === 'list' ? part.values : part.kind === 'compare' ? [part.value] : [],
  )
  return { kind: 'list', path: first.path, operator, values }
}

/** What must hold whatever the rest says: equalities of fields at the top that no $or or $not surrounds. */
function equalities(filter: Filter): [object, object][] {
  if (filter.kind === 'all') return filter.filters.flatMap(equalities)
  const [key, ...deeper] = filter.kind === 'compare' && filter.operator === '$eq' ? filter.path : []
  if (filter.kind !== 'compare' || key === undefined || deeper.length > 0) return []
  return [[Object.fromEntries([[key, filter.value]]), Object.fromEntries([[key, [filter.value]]])]]
}

const OPERATORS = { $eq: '==', $gt: '>', $gte: '>=', $lt: '<', $lte: '<=' } as const

/**
 * Comparing unlike types gives "unknown" in jsonpath; its negation must be true, as a missing field is not equal to
 * anything.
 */
const not = (condition: string) => `!((${condition}) && !((${condition}) is unknown))`
const field = (path: string[]) => `$${path.map((key) => `.${quote(key)}`).join('')}`
const quote = (text: string) =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
