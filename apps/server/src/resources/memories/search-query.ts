/** What a search asks for, read from how a person types it. */
export type SearchQuery = {
  /** All of it but exclusions and tags, as plain text: what the fuzzy arms look for. */
  text: string
  /** Words and quoted phrases, each of which an exact hit holds. */
  all: string[]
  /** Beginnings of words, without the asterisk; an exact hit holds a word for each. */
  prefixes: string[]
  /** Words, phrases and beginnings that no hit may hold. */
  none: string[]
  nonePrefixes: string[]
  tags: string[]
  noneTags: string[]
}

// In this order: an exclusion or a tag may be quoted; a quote that never closes is a word like any other.
const PART = /(?<minus>(?<!\S)-)?(?:(?<tag>(?<![^\s-])tag:(?:"(?<quotedTag>[^"]*)"|(?<plainTag>\S+)))|"(?<phrase>[^"]*)"|(?<word>[^\s"]+|"))/giu
const PREFIX = /^(?<stem>.*[\p{L}\p{N}_])\*+$/u

/**
 * Reads `words "quoted phrases" -excluded tag:x prefix*`. Nothing is an error: what is no syntax is a word. A hyphen excludes only
 * at the start of a word, so `dk-admin-key` stays whole.
 */
export function parseSearch(input: string): SearchQuery {
  const query: SearchQuery = { text: '', all: [], prefixes: [], none: [], nonePrefixes: [], tags: [], noneTags: [] }
  const wanted: string[] = []
  for (const { groups = {} } of input.matchAll(PART)) {
    const { minus, quotedTag, plainTag, phrase, word = '' } = groups
    const tag = quotedTag ?? plainTag
    const stem = PREFIX.exec(word)?.groups?.['stem']
    if (tag !== undefined) add(minus ? query.noneTags : query.tags, tag)
    else if (stem !== undefined) add(minus ? query.nonePrefixes : query.prefixes, stem)
    else add(minus ? query.none : query.all, phrase ?? word)
    if (!minus && tag === undefined) add(wanted, stem ?? phrase ?? word)
  }
  return { ...query, text: wanted.join(' ') }
}

function add(list: string[], text: string): void {
  if (text.trim() !== '') list.push(text.trim())
}
