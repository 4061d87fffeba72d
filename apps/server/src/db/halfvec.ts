import pgvector from 'pgvector'

/** A vector as the text that Postgres casts to halfvec. */
export const toHalfvec = (vector: ArrayLike<number>): string => pgvector.toSql(Array.from(vector)) as string
