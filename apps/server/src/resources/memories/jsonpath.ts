import type { Filter, Scalar } from '@dakera-ai/protocol'

// A filter on metadata changes its language four times on its way to the rows:
//
//   { "topic": { "$in": ["a", "b"] } }               the request, checked and parsed in protocol/filter.ts
//   { kind: 'list', path: ['topic'], … }             Filter: a tree without shorthands
//   $."topic" == $v0[*]   { v0: ["a", "b"] }         Jsonpath, made here: values are variables, keys quoted strings
//   m.metadata @@ …       $1 -> 'metadata'           SQL text of filter_condition() (db/functions/filters.sql), which
//                                                    reads path and variables from its one bound parameter
//
// So no text of a caller becomes SQL: the filter travels as JSON, and its keys end as strings of a jsonpath.

/**
 * A condition on metadata, as filter_condition() in SQL reads it: a jsonpath in which every compared value is a
 * variable. `equal` repeats the plain equalities of it in the form that an index serves: a value is the field's own, or
 * an element of it. `asked` are questions that are answered outside the path, which contains their answers as
 * $t[field][question].
 */
export type Jsonpath = { path: string; vars: Record<string, unknown>; equal?: [object, object][]; asked?: Asked[] }

/**
 * Whether the value of a field, or an element of it, is one of `values` or contains the text `part`. A jsonpath would
 * compare each element with each value, and search a part with a regular expression.
 */
type Asked = { at: string; key?: string; questions: Question[] }
type Question = { values: Scalar[] } | { part: string }
/** Up to this many values are compared faster than looked up. */
const FEW = 8

type Comparison = Exclude<Filter, { kind: 'all' | 'any' | 'not' }>

/**
 * Compiles a filter. Keys are the caller's text too, and are inserted as quoted jsonpath strings. Even if quoting
 * failed, a jsonpath is a pure function of the metadata of one row: no SQL, no other row, no side effect.
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

  // Negations are moved inwards to the comparisons. A negation around a condition would repeat the condition: sixteen
  // nested ones, 65,536 times.
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

  /** A dotted name is a key of exactly this name, as in telemetry; if there is none, it is a path into objects. */
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

/** Joins the lists of one field: the including ones of an $or, and the excluding ones of an $and. */
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

/** Returns the equalities that every match fulfils: those of fields at the top level, outside $or and $not. */
function equalities(filter: Filter): [object, object][] {
  if (filter.kind === 'all') return filter.filters.flatMap(equalities)
  const [key, ...deeper] = filter.kind === 'compare' && filter.operator === '$eq' ? filter.path : []
  if (filter.kind !== 'compare' || key === undefined || deeper.length > 0) return []
  return [[Object.fromEntries([[key, filter.value]]), Object.fromEntries([[key, [filter.value]]])]]
}

const OPERATORS = { $eq: '==', $gt: '>', $gte: '>=', $lt: '<', $lte: '<=' } as const

/**
 * Negates a condition. A comparison of different types is "unknown" in jsonpath; its negation must be true, as for a
 * missing field.
 */
const not = (condition: string) => `!((${condition}) && !((${condition}) is unknown))`
const field = (path: string[]) => `$${path.map((key) => `.${quote(key)}`).join('')}`
const quote = (text: string) =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
