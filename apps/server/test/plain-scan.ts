// A second definition of "literally present", independent of the database: a plain scan by the Unicode properties of
// letters.

const UNSPACED =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}ー]/u
const LETTER = /[\p{L}\p{N}\p{M}]/u
const CLOSING = new Set(`]"'.,;:!?)}»”“。،؛؟।`)
const OPENING = new Set(`["'({«“„`)

/**
 * Returns the atoms of a text in two lists: one with compounds like getUserId in parts, one with each of them whole.
 */
export function atomsOf(text: string): { parts: string[]; whole: string[] } {
  const seen = text
    .normalize('NFKC')
    .replace(/\p{Cf}|[\uFE00-\uFE0F\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u064B-\u065F\u0670]/gu, '')
    .replace(/[‘’ʼ]/gu, "'")
    .replace(/‐/gu, '-')
  const whole: string[] = []
  let run = ''
  const end = () => {
    if (run) whole.push(run)
    run = ''
  }
  for (const letter of seen) {
    if (LETTER.test(letter) && !UNSPACED.test(letter)) run += letter
    else {
      end()
      const isSpace = /[\s\p{Cc}]/u.test(letter)
      if (!isSpace) whole.push(letter)
      else if (whole.at(-1) !== ' ') whole.push(' ')
    }
  }
  end()
  const sentence = withoutMargins(whole)
  return { parts: sentence.flatMap(partsOf).map(lowered), whole: sentence.map(lowered) }
}

const lowered = (text: string) => text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ')

function withoutMargins(atoms: string[]): string[] {
  const kept = [...atoms]
  for (let i = kept.length - 1; i >= 0; i--)
    if (CLOSING.has(kept[i] as string) && (i === kept.length - 1 || kept[i + 1] === ' ')) kept.splice(i, 1)
  for (let i = 0; i < kept.length; ) {
    if (OPENING.has(kept[i] as string) && (i === 0 || kept[i - 1] === ' ')) kept.splice(i, 1)
    else i++
  }
  const tidy = kept.filter((atom, i) => atom !== ' ' || (kept[i - 1] !== ' ' && i > 0))
  return tidy.at(-1) === ' ' ? tidy.slice(0, -1) : tidy
}

function partsOf(run: string): string[] {
  const time = /^(\d{2,8})(T)(\d{2,6})(Z?)$/u.exec(run)
  if (time) return time.slice(1).filter(Boolean)
  return run
    .split(/(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u)
    .flatMap((part) => /^(\P{N}+)(\d+)$/u.exec(part)?.slice(1) ?? /^(\d+)(\P{N}+)$/u.exec(part)?.slice(1) ?? [part])
}

const MARK = '\u0001'
const joined = (atoms: string[]) => MARK + atoms.map((atom) => atom + MARK).join('')

/** A text prepared for many queries. */
export function prepare(text: string): { inParts: string; asWhole: string } {
  const { parts, whole } = atomsOf(text)
  return { inParts: joined(parts), asWhole: joined(whole) }
}

/** Returns whether a prepared text has a word or phrase, or a word with this beginning. */
export function scanFor(asked: string, isBeginning: boolean): (text: ReturnType<typeof prepare>) => boolean {
  const { parts, whole } = atomsOf(asked)
  const [inParts, asWhole] = [parts, whole].map((atoms) =>
    isBeginning ? joined(atoms).slice(0, -1) : joined(atoms),
  ) as [string, string]
  return (text) => text.inParts.includes(inParts) || text.asWhole.includes(asWhole)
}
