import { SEARCH_MAX_BEGINNINGS, SEARCH_MAX_PARTS, SEARCH_MAX_WORDS } from '@dakera-ai/protocol'

/** A search, parsed from what a person types. */
export type SearchQuery = {
  /** The query without exclusions and tags, as plain text for the fuzzy arms. */
  text: string
  /** Words and quoted phrases that an exact hit contains. */
  all: string[]
  /** Beginnings of words, without the asterisk. An exact hit contains a matching word for each. */
  prefixes: string[]
  /** Words and phrases that no hit contains. */
  none: string[]
  nonePrefixes: string[]
  tags: string[]
  noneTags: string[]
}

// The order of the alternatives matters: an exclusion or a tag may be quoted; a quote that is never closed is a word.
// `--flag` and `-5` exclude nothing.
const PART = new RegExp(
  [
    String.raw`(?<minus>(?<!\S)-(?![-\d]))?`,
    '(?:',
    String.raw`(?<tag>(?<![^\s-])tag:(?:"(?<quotedTag>[^"]*)"|(?<plainTag>\S+)))`,
    '|"(?<phrase>[^"]*)"',
    String.raw`|(?<word>[^\s"]+|")`,
    ')',
  ].join(''),
  'giu',
)
// A beginning may end at a part of a path, a version or a name: src/db/*, 1.26.*, http://*
const PREFIX = /^(?<stem>.*[\p{L}\p{N}_](?:[-./\\@#]+|:\/\/)?)\*+$/u

/**
 * Parses `words "quoted phrases" -excluded tag:x prefix*`. Nothing is an error: text without special syntax is a word.
 * A hyphen excludes only at the start of a word, so `dk-admin-key` stays whole.
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

// Approximates what the database takes for a word or a piece of one (words.sql). Letters of scripts without spaces
// count alone.
const SCRIPT = [
  String.raw`\u0E01-\u0EDF\u1000-\u109F\u1100-\u11FF\u1780-\u17DD\u3005-\u3007\u3041-\u30FF`,
  String.raw`\u3105-\u318F\u31A0-\u31BF\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97F`,
  String.raw`\uA9E0-\uA9FE\uAA60-\uAA7F\uAC00-\uD7FF\uF900-\uFAFF\uFF66-\uFF9D\u{20000}-\u{3FFFF}`,
].join('')
const WORD = new RegExp(String.raw`[${SCRIPT}]|[[\p{L}\p{Nd}]--[${SCRIPT}]]+|[\p{M}\p{Nl}\p{No}\p{Alphabetic}]`, 'gv')

/** Returns which bound a search exceeds, as a sentence for the caller; undefined if none. */
export function excess({ all, prefixes, none, nonePrefixes, tags, noneTags }: SearchQuery): string | undefined {
  const beginnings = prefixes.length + nonePrefixes.length
  const texts = [...all, ...prefixes, ...none, ...nonePrefixes]
  const parts = texts.length + tags.length + noneTags.length
  const words = texts.reduce((sum, text) => sum + (text.match(WORD)?.length ?? 0), 0)
  if (parts > SEARCH_MAX_PARTS)
    return `a search has at most ${SEARCH_MAX_PARTS} words, phrases, beginnings and tags, but this one has ${parts}`
  if (beginnings > SEARCH_MAX_BEGINNINGS)
    return `a search has at most ${SEARCH_MAX_BEGINNINGS} beginnings of words, but this one has ${beginnings}`
  if (words > SEARCH_MAX_WORDS)
    return `a search has at most ${SEARCH_MAX_WORDS} words, including those in phrases, but this one has ${words}`
  return undefined
}
