import { Fault } from '../fault.ts'

/** Writes a position as a cursor. It is opaque to clients, and grants nothing: the next page checks access again. */
const toCursor = (position: object): string => Buffer.from(JSON.stringify(position)).toString('base64url')

/** Reads a cursor with these names. Throws if it is not a cursor of this list. */
export function fromCursor<T extends string>(cursor: string, names: readonly T[]): Record<T, string> {
  try {
    const position = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as Record<T, string>
    if (
      names.every(
        (name) =>
          typeof position[name] === 'string' && !position[name].includes('\u0000') && position[name].isWellFormed(),
      )
    )
      return position
  } catch {} // reported below
  throw badCursor()
}

export const badCursor = (message = 'this is not a cursor of this list. Start again without one') =>
  new Fault(
    'INVALID_REQUEST',
    { issues: [{ path: 'cursor', message: 'not a cursor of this list' }] },
    { message: `cursor: ${message}.` },
  )

/** Returns how many rows to fetch: the one beyond the limit shows that there is another page. */
export function oneMore(limit: number): number
export function oneMore(limit: number | undefined): number | undefined
export function oneMore(limit: number | undefined): number | undefined {
  return limit && limit + 1
}

/** Returns a page and the cursor of the next one, from rows of which one more than the limit was fetched. */
export function toPage<T>(
  rows: T[],
  limit: number | undefined,
  positionOf: (last: T) => object,
  endedEarly = false,
): { items: T[]; next: { next_cursor?: string } } {
  const items = limit ? rows.slice(0, limit) : rows
  const last = items.at(-1)
  const hasMore = endedEarly || rows.length > items.length
  return { items, next: last && hasMore ? { next_cursor: toCursor(positionOf(last)) } : {} }
}
