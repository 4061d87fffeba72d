// What a caller may make deep, long or many where a database parses or compares it for every row. Far above what people
// and agents write, and far below what the engines' own recursive parsers take: docs/decisions/0023.

/** How deep `$and`, `$or` and `$not` may be nested. */
export const FILTER_DEPTH = 8
/** Comparisons in one filter. Each looks at every element of an array it meets. */
export const FILTER_CONDITIONS = 100
/**
 * Lists (`$in`, `$nin`) and `$contains` in one filter together: each looks at what it meets for longer than a
 * comparison.
 */
export const FILTER_SEARCHES = 32
/** Values in all lists (`$in`, `$nin`) of one filter together. */
export const FILTER_VALUES = 1_000
/** Characters of a field's name, its dots included. */
export const FILTER_PATH_LENGTH = 1_000
/** Parts of a dotted field. */
export const FILTER_PATH_PARTS = 32
/** Characters of one text that is compared. */
export const FILTER_TEXT_LENGTH = 2_000
/**
 * Characters of all texts that `$contains` looks for in one filter, together: each is searched for in every text it
 * meets.
 */
export const FILTER_CONTAINS_LENGTH = 1_000
/** Bytes of a whole filter, as JSON. */
export const FILTER_BYTES = 65_536

/** Bytes of one free object (metadata of memories, sessions and namespaces, and `policy`), as JSON. */
export const METADATA_BYTES = 65_536
/** How deep its objects and arrays may be nested. */
export const METADATA_DEPTH = 64
/** Elements of one array in it. */
export const METADATA_ARRAY_LENGTH = 1_000
/** Fields and elements of all its objects and arrays together. */
export const METADATA_VALUES = 4_000

/**
 * Bytes of memories or sessions in one reply, about: a page ends early, and its cursor or offset goes on from there.
 */
export const REPLY_BYTES = 8_388_608
