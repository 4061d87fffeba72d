import { UsageError } from './errors.ts'

/** Writes a request as JSON. Values that JSON would silently change or omit are rejected before anything is sent. */
export function toJson(operation: string, body: unknown): string {
  try {
    const flaw = flawOf(body, new Set())
    if (flaw) throw new UsageError(`${operation}: ${flaw.path} ${flaw.why}.`)
    return JSON.stringify(body)
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    // too deep, or a toJSON that throws
    throw new UsageError(`${operation}: the request cannot be written as JSON (${(cause as Error).message}).`, cause)
  }
}

type Flaw = { path: string; why: string }

/** Returns the first value that JSON cannot represent. A class with its own `toJSON` is trusted. */
function flawOf(value: unknown, parents: Set<object>): Flaw | undefined {
  const why = typeof value === 'object' && value !== null ? whyNoObject(value, parents) : whyNoValue(value)
  if (why) return { path: '', why }
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return undefined
  parents.add(value)
  for (const name of Object.keys(value)) {
    const flaw = flawOf(Reflect.get(value, name), parents)
    if (flaw) return { ...flaw, path: [name, flaw.path].filter(Boolean).join('.') }
  }
  parents.delete(value)
  return undefined
}

function whyNoValue(value: unknown): string | undefined {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return `is ${value}, and JSON has no such number`
    // From 1e21 on JavaScript itself writes an exponent, so no digits are expected to be exact.
    if (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21)
      return `is ${value}, an integer above 2^53, where JavaScript no longer keeps every digit; write it as a string`
  }
  if (typeof value === 'bigint' && !('toJSON' in BigInt.prototype))
    return 'is a BigInt, and JSON has none; write it as a string'
  if (typeof value === 'function' || typeof value === 'symbol') return `is a ${typeof value}, and JSON has none`
  return undefined
}

function whyNoObject(value: object, parents: Set<object>): string | undefined {
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'is an invalid Date'
  if (value instanceof Map || value instanceof Set)
    return `is a ${value.constructor.name}, of which JSON keeps nothing; write an object or an array`
  if (parents.has(value)) return 'contains itself'
  return undefined
}
