import type { Sql } from './database.ts'

// Times leave the database as numbers: the driver's dates end at milliseconds, and JSON has none.

/** Returns SQL for a time as unix seconds, without a fraction. */
export const unixSeconds = (time: string) => `floor(extract(epoch from ${time}))::float8`
/** Returns SQL for a time as unix milliseconds, without a fraction. */
export const unixMs = (time: string) => `floor(1000 * extract(epoch from ${time}))::float8`

/** Returns columns as unix milliseconds, for a statement in postgres.js' tag. */
export const msColumns = (sql: Sql, columns: string[]) =>
  sql.unsafe(columns.map((column) => `${unixMs(column)} as ${column}`).join(', '))
