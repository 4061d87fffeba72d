// What a search may have of each thing. Beyond: 400 INVALID_REQUEST with the path `query` and the bound, unless the
// comment says otherwise.

/** Words, phrases, beginnings and tags of a search together, the excluded ones included. */
export const SEARCH_MAX_PARTS = 64

/**
 * Words in all of them, those inside of a phrase, of a compound or of an address counted one by one; of scripts without
 * spaces each letter. What joins words nests as deep as they are many in the parsers of a database.
 */
export const SEARCH_MAX_WORDS = 128

/** Beginnings of words (`hnsw*`), excluded ones included: each is looked up in the vocabulary of the namespace. */
export const SEARCH_MAX_BEGINNINGS = 32

/**
 * Words that no memory of the namespace holds and that are compared with those that it does hold: the longest. The
 * others find nothing, without an error.
 */
export const SEARCH_MAX_FORGIVEN = 3

/**
 * Distinct words of a recall that are looked at, in the order in which they first occur; further ones count for its
 * meaning alone, without an error.
 */
export const RECALL_MAX_WORDS = 1_000

/**
 * Distinct words of one memory, each pair of letters counted in scripts without spaces. Beyond: 400 INVALID_REQUEST
 * with the path `content`.
 */
export const MEMORY_MAX_WORDS = 60_000

// Bodies, in bytes. Beyond: 413 before anything of it is read.

/** Of a call with one memory: its longest content, every letter escaped, with the largest metadata and a vector. */
export const ONE_MEMORY_BYTES = 1_048_576

/** Of a call that asks: its longest query and filter, with a vector. */
export const QUESTION_BYTES = 262_144
