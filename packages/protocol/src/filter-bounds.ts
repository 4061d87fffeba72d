// Bounds of what the database parses or compares for every row. They are far above what people and agents write, and
// far below what the recursive parsers of the engines support: docs/decisions/0023.

/** Nesting depth of `$and`, `$or` and `$not`. */
export const FILTER_DEPTH = 8
/** Comparisons in one filter. Each visits every element of an array. */
export const FILTER_CONDITIONS = 100
/**
 * Lists (`$in`, `$nin`) and `$contains` in one filter together: each takes longer than a comparison.
 */
export const FILTER_SEARCHES = 32
/** Values in all lists (`$in`, `$nin`) of one filter together. */
export const FILTER_VALUES = 1_000
/** Characters of a field name, including dots. */
export const FILTER_PATH_LENGTH = 1_000
/** Parts of a dotted field. */
export const FILTER_PATH_PARTS = 32
/** Characters of one compared text. */
export const FILTER_TEXT_LENGTH = 2_000
/**
 * Characters of all `$contains` texts of one filter together: each is searched for in every text of the field.
 */
export const FILTER_CONTAINS_LENGTH = 1_000
/** Size of a filter in bytes of JSON. */
export const FILTER_BYTES = 65_536

/** Size of one free-form object (metadata of memories, sessions and namespaces, and `policy`) in bytes of JSON. */
export const METADATA_BYTES = 65_536
/** Nesting depth of its objects and arrays. */
export const METADATA_DEPTH = 64
/** Elements of one array in it. */
export const METADATA_ARRAY_LENGTH = 1_000
/** Fields and elements of all its objects and arrays together. */
export const METADATA_VALUES = 4_000

/**
 * Approximate size in bytes of the memories or sessions in one response: a page ends early, and its cursor or offset
 * continues from there.
 */
export const REPLY_BYTES = 8_388_608
