// JSON holds any number, and a double does not: 1546130668394913793 would come back as …3800. Numbers that would change
// are kept as the text they were written in, so that they reach the database, whose jsonb is exact, and come back from
// it. Why: docs/decisions/0030.

/** A number that a double would change, as JSON.rawJSON makes it: JSON.stringify writes it as it was. */
export type ExactNumber = { readonly rawJSON: string }

type Context = { source?: string }
/** What Node 24 has and the types of this release of TypeScript do not. */
const EXACT = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: Context) => unknown): unknown
  rawJSON(text: string): ExactNumber
  isRawJSON(value: unknown): value is ExactNumber
}

/**
 * A number that might change: an integer of 16 digits or more, a decimal of more than 17, or an exponent of three. A
 * double prints 17 digits at most, so vectors hold no such number. Most texts have none, and are read as fast as ever.
 */
const SUSPECT = /(?:^|[[:,\s])-?(?:[1-9]\d{15}|[1-9][\d.]{18}|0\.0*[1-9]\d{17}|\d[\d.]*[eE][+-]?\d{3})/

/** As JSON.parse, but that numbers which a double would change become exact ones. */
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

/** One text for all ways to write a number: its digits without zeros at either end, and the place of the point. */
function decimal(text: string): string {
  const { whole, fraction, shift } = partsOf(text)
  const digits = whole + fraction
  let [first, end] = [0, digits.length]
  // a regular expression for the zeros at the end would begin anew at each of a million
  while (digits[first] === '0') first++
  while (end > first && digits[end - 1] === '0') end--
  return first === end ? '0' : `${digits.slice(first, end)}e${whole.length - first + shift}`
}

/**
 * Digits of an exact number written out, without an exponent: that is how it comes back, and 1e100000 would have
 * 100,001.
 */
export const NUMBER_DIGITS = 100

/** What is wrong with a number that is kept exactly. */
export function flawOfNumber({ rawJSON }: ExactNumber): string | undefined {
  const { whole, fraction, shift } = partsOf(rawJSON)
  const digits = Math.max(whole.length + shift, 1) + Math.max(fraction.length - shift, 0)
  return digits > NUMBER_DIGITS ? `a number of more than ${NUMBER_DIGITS} digits; send it as a string` : undefined
}
