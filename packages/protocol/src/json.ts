// JSON can represent any number, a double cannot: 1546130668394913793 would be returned as …3800. Numbers that would
// change are kept as the text in which they were sent, so that they are stored in jsonb, which is exact, and returned
// unchanged. Why: docs/decisions/0030.

/** A number that a double would change, created by JSON.rawJSON: JSON.stringify prints the original text. */
export type ExactNumber = { readonly rawJSON: string }

type Context = { source?: string }
/** Node 24 has these functions; the types of this TypeScript release do not. */
const EXACT = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: Context) => unknown): unknown
  rawJSON(text: string): ExactNumber
  isRawJSON(value: unknown): value is ExactNumber
}

/**
 * A number that might change: an integer with 16 digits or more, a decimal with more than 17, or an exponent with
 * three. A double prints at most 17 digits, so vectors contain no such number. Most texts contain none and are parsed
 * by JSON.parse alone.
 */
const SUSPECT = /(?:^|[[:,\s])-?(?:[1-9]\d{15}|[1-9][\d.]{18}|0\.0*[1-9]\d{17}|\d[\d.]*[eE][+-]?\d{3})/

/** Parses JSON; numbers that a double would change become exact numbers. */
export function parseExactly(text: string): unknown {
  if (!SUSPECT.test(text)) return JSON.parse(text)
  return EXACT.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined || !SUSPECT.test(source)) return value
    return decimal(String(value)) === decimal(source) ? value : EXACT.rawJSON(source)
  })
}

export const isExactNumber = (value: unknown): value is ExactNumber => EXACT.isRawJSON(value)

const PARTS = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/
const partsOf = (text: string): { whole: string; fraction: string; shift: number } => {
  const [, whole = '', fraction = '', exponent = '0'] = PARTS.exec(text) ?? []
  return { whole, fraction, shift: Number(exponent) }
}

/** Returns a canonical text of a number: its digits without leading and trailing zeros, and its exponent. */
function decimal(text: string): string {
  const { whole, fraction, shift } = partsOf(text)
  const digits = whole + fraction
  let [first, end] = [0, digits.length]
  // A regular expression for trailing zeros would be quadratic.
  while (digits[first] === '0') first++
  while (end > first && digits[end - 1] === '0') end--
  return first === end ? '0' : `${digits.slice(first, end)}e${whole.length - first + shift}`
}

/**
 * The most digits of an exact number, written without an exponent, as the database returns it: 1e100000 would have
 * 100,001.
 */
export const NUMBER_DIGITS = 100

/** Returns the violation of an exact number, or undefined. */
export function flawOfNumber({ rawJSON }: ExactNumber): string | undefined {
  const { whole, fraction, shift } = partsOf(rawJSON)
  const digits = Math.max(whole.length + shift, 1) + Math.max(fraction.length - shift, 0)
  return digits > NUMBER_DIGITS ? `a number of more than ${NUMBER_DIGITS} digits; send it as a string` : undefined
}
