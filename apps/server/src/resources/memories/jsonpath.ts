import type { Filter } from '@dakera-ai/protocol'

/**
 * A condition on metadata as recall's SQL takes it: a jsonpath in which every compared value is a variable. `equal` says the
 * plain equalities among it once more, in the form an index serves: a value is the field's own, or an element of it.
 */
export type Jsonpath = { path: string; vars: Record<string, unknown>; equal?: [object, object][] }

/**
 * Keys are the caller's text too: they enter as quoted jsonpath strings. Should a quote ever slip, a jsonpath is a pure
 * function of one row's metadata: no SQL, no other row, no side effect.
 */
export function compileFilter(filter: Filter): Jsonpath {
  const vars: Record<string, unknown> = {}
  let count = 0
  const variable = (value: unknown) => {
    const name = `v${count++}`
    vars[name] = value
    return `$${name}`
  }

  // A negation moves inwards to the comparisons: written around a condition it repeats it, and sixteen of them 65,536 times.
  const condition = (node: Filter, isNegated = false): string => {
    switch (node.kind) {
      case 'all':
      case 'any': {
        const areAllWanted = (node.kind === 'all') !== isNegated
        return node.filters.map((inner) => `(${condition(inner, isNegated)})`).join(areAllWanted ? ' && ' : ' || ') || (areAllWanted ? '1 == 1' : '1 == 0')
      }
      case 'not':
        return condition(node.filter, !isNegated)
      default:
        return isNegated ? not(comparing(node)) : comparing(node)
    }
  }

  const comparing = (node: Exclude<Filter, { kind: 'all' | 'any' | 'not' }>): string => {
    switch (node.kind) {
      case 'exists':
        return node.value ? `exists(${field(node.path)})` : `!exists(${field(node.path)})`
      case 'list': {
        const any = node.values.map((value) => `${field(node.path)} == ${variable(value)}`).join(' || ') || '1 == 0'
        return node.operator === '$in' ? any : not(any)
      }
      case 'compare':
        return comparison(field(node.path), node.operator, node.value)
    }
  }

  const comparison = (at: string, operator: keyof typeof OPERATORS | '$ne' | '$contains', value: unknown): string => {
    if (operator === '$ne') return not(`${at} == ${variable(value)}`)
    if (operator !== '$contains') return `${at} ${OPERATORS[operator]} ${variable(value)}`
    // An element of an array, or a part of a string; like_regex takes no variable, flag "q" quotes it all.
    const equal = `${at} == ${variable(value)}`
    return typeof value === 'string' ? `${equal} || ${at} like_regex ${quote(value)} flag "q"` : equal
  }

  const equal = equalities(filter)
  return { path: condition(filter), vars, ...(equal.length > 0 && { equal }) }
}

/** What must hold whatever the rest says: equalities of fields at the top that no $or or $not surrounds. */
function equalities(filter: Filter): [object, object][] {
  if (filter.kind === 'all') return filter.filters.flatMap(equalities)
  const [key, ...deeper] = filter.kind === 'compare' && filter.operator === '$eq' ? filter.path : []
  if (filter.kind !== 'compare' || key === undefined || deeper.length > 0) return []
  return [[Object.fromEntries([[key, filter.value]]), Object.fromEntries([[key, [filter.value]]])]]
}

const OPERATORS = { $eq: '==', $gt: '>', $gte: '>=', $lt: '<', $lte: '<=' } as const

/** Comparing unlike types gives "unknown" in jsonpath; its negation must be true, as a missing field is not equal to anything. */
const not = (condition: string) => `!((${condition}) && !((${condition}) is unknown))`
const field = (path: string[]) => `$${path.map((key) => `.${quote(key)}`).join('')}`
const quote = (text: string) => JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
