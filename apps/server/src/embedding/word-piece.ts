/** Longer words are unknown, as in BERT. */
const MAX_WORD_LETTERS = 100
const CACHED_WORDS = 20_000
/** In V8 a longer word is a view, which keeps the whole text it was cut from in memory while it is cached. */
const CACHED_WORD_LENGTH = 12

const PUNCTUATION = /[\p{P}\p{S}]/u // symbols too: "great" directly followed by an emoji stays a word
const CJK = /[\u4E00-\u9FFF\u3400-\u4DBF\uF900-\uFAFF\u{20000}-\u{2A6DF}\u{2A700}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/u
const CONTROL = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\uFFFD]/u
const ASCII = /^[\x20-\x7e\t\n\r]*$/
const ASCII_WORD = /[a-z0-9]+|[^a-z0-9\s]/g

/** The letters read before the caller may do other work: about 2 ms for Chinese, less for other scripts. */
export const PART_LETTERS = 4_000
/** Matches at places where a text is not cut: inside a word, or between a letter and its accents. */
const ASCII_INSIDE = /^[a-z0-9]/i
const INSIDE = /^[\p{M}\uDC00-\uDFFF]/u

/**
 * Yields, for each part of the text, the words that end in it: in lower case without accents, and single punctuation
 * marks.
 */
export function* words(text: string): Generator<string[]> {
  if (ASCII.test(text)) {
    for (const part of parts(text, ASCII_INSIDE)) yield part.toLowerCase().match(ASCII_WORD) ?? []
    return
  }
  let word = ''
  for (const part of parts(text, INSIDE)) {
    const found: string[] = []
    const flush = () => {
      if (word) found.push(word)
      word = ''
    }
    for (const letter of withoutControls(part)
      .normalize('NFD')
      .replace(/\p{Mn}/gu, '')) {
      if (letter === ' ') flush()
      else if (PUNCTUATION.test(letter)) {
        flush()
        found.push(letter)
      } else word += letter.toLowerCase() // letter by letter, so that a final sigma stays one letter
    }
    yield found
  }
  if (word) yield [word]
}

function* parts(text: string, inside: RegExp): Generator<string> {
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = start + PART_LETTERS
    while (end < text.length && inside.test(text.slice(end, end + 2))) end++
    yield text.slice(start, end)
  }
}

/** Replaces every kind of space by a space, removes control characters, and makes each CJK letter a word of its own. */
function withoutControls(text: string): string {
  let clean = ''
  for (const letter of text) {
    if (/\s/u.test(letter) && letter !== '\uFEFF')
      clean += ' ' // before controls: tab and newline are both
    else if (CONTROL.test(letter)) continue
    else clean += CJK.test(letter) ? ` ${letter} ` : letter
  }
  return clean
}

/** Turns words into token ids: BERT's uncased WordPiece, except that unknown words are dropped. */
export class WordPiece {
  readonly #ids: ReadonlyMap<string, number>
  /** The length of the longest piece. No longer one is looked up, so a hostile text of long words takes linear time. */
  readonly #longest: number
  readonly #cache = new Map<string, readonly number[]>()

  constructor(vocabulary: readonly string[]) {
    this.#ids = new Map(vocabulary.map((token, id) => [token, id]))
    this.#longest = vocabulary.reduce((longest, token) => Math.max(longest, token.length), 1)
  }

  tokens(text: string): number[] {
    return [...words(text)].flat().flatMap((word) => this.pieces(word))
  }

  /** Returns the ids of one word's pieces. Short words repeat often, so they are cached. */
  pieces(word: string): readonly number[] {
    if (word.length > CACHED_WORD_LENGTH) return this.#split(word)
    const known = this.#cache.get(word)
    if (known) return known
    const ids = this.#split(word)
    if (this.#cache.size >= CACHED_WORDS) this.#cache.clear()
    this.#cache.set(word, ids)
    return ids
  }

  /** Splits a word by the longest match from the left. Returns nothing if a remainder does not match. */
  #split(word: string): readonly number[] {
    if (word.length > MAX_WORD_LETTERS && [...word].length > MAX_WORD_LETTERS) return []
    const ids: number[] = []
    for (let start = 0; start < word.length; ) {
      let end = Math.min(word.length, start + this.#longest)
      let id: number | undefined
      for (; end > start; end--) {
        id = this.#ids.get(start ? `##${word.slice(start, end)}` : word.slice(0, end))
        if (id !== undefined) break
      }
      if (id === undefined) return []
      ids.push(id)
      start = end
    }
    return ids
  }
}
