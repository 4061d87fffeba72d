// Bounds of a search. Beyond a bound: 400 INVALID_REQUEST with the path `query` and the bound, unless the comment says
// otherwise.

/** Words, phrases, prefixes and tags of a search together, including excluded ones. */
export const SEARCH_MAX_PARTS = 64

/**
 * Words in all of them. Words inside a phrase, compound or address count one by one, as do the letters of scripts
 * without spaces. The expression that joins n words is nested n deep in the parser of the database.
 */
export const SEARCH_MAX_WORDS = 128

/** Prefixes (`hnsw*`), including excluded ones: each is looked up in the vocabulary of the namespace. */
export const SEARCH_MAX_BEGINNINGS = 32

/**
 * Words missing from the vocabulary of the namespace for which similar words are looked up: the longest ones. The
 * others match nothing, without an error.
 */
export const SEARCH_MAX_FORGIVEN = 3

/**
 * Distinct words of a recall that are searched for, in order of first occurrence. Further words only affect the
 * meaning, without an error.
 */
export const RECALL_MAX_WORDS = 1_000

/**
 * Distinct words of one memory; in scripts without spaces, distinct pairs of letters. Beyond: 400 INVALID_REQUEST with
 * the path `content`.
 */
export const MEMORY_MAX_WORDS = 60_000

// Sizes of bodies in bytes. Beyond: 413 before the body is parsed.

/** For one memory: the longest content with every letter escaped, the largest metadata and a vector. */
export const ONE_MEMORY_BYTES = 1_048_576

/** For a query: the longest query and filter, with a vector. */
export const QUESTION_BYTES = 262_144
