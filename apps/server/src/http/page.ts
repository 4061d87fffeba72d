import { Fault } from '../fault.ts'

/**
 * A cursor is opaque to clients and says nothing but a position: what the next page shows is decided by the grants
 * then.
 */
export const toCursor = (position: object): string => Buffer.from(JSON.stringify(position)).toString('base64url')

/** Reads a cursor made by toCursor; whatever else was sent is the caller's mistake. */
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
  } catch {} // told below
  throw new Fault(
    'INVALID_REQUEST',
    { issues: [{ path: 'cursor', message: 'not a cursor of this list' }] },
    { message: 'cursor: this is not a cursor of this list. Start again without one.' },
  )
}
