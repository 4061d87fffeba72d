import { MOMENTS } from './rules.ts'

/**
 * Turns `topK` into `top_k`, one level deep: the fields inside metadata are the caller's own. Of two spellings the
 * camelCase one counts.
 */
export function toWire(fields: object | null | undefined): Record<string, unknown> {
  const given = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)
  const wire = given.filter(([name]) => !CAPITAL.test(name))
  const camel = given
    .filter(([name]) => CAPITAL.test(name))
    .map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value])
  return Object.fromEntries(
    [...wire, ...camel].map(([name, value]) => [name, MOMENTS.has(name as string) ? exactly(value) : value]),
  )
}

/**
 * Converts a time to a form that the API accepts: `Date.now() / 1000 - 60` has a fraction, which it accepts in ISO-8601
 * only.
 */
function exactly(moment: unknown): unknown {
  if (typeof moment !== 'number' || Number.isInteger(moment)) return moment
  const date = new Date(moment * 1000)
  return Number.isNaN(date.getTime()) ? moment : date.toISOString()
}

const CAPITAL = /[A-Z]/
