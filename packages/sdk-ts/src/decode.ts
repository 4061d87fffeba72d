import { type Page, withNames } from './list.ts'

/** Facts about the whole list in a reply. */
type Facts = { total?: number | undefined; filtered?: number | undefined; next_cursor?: string | undefined }

/** Returns a page from a reply's list. Throws if there is none. */
export const pageOf = <T>(items: readonly T[], { total, filtered, next_cursor }: Facts = {}): Page<T> =>
  withNames([...items], {
    ...(total !== undefined && { total }),
    ...(filtered !== undefined && { filtered }),
    ...(next_cursor !== undefined && { nextCursor: next_cursor }),
  })

/** Returns a part of a reply. Throws if it is missing, because it would become a memory or a session without an id. */
export function expectPart<T extends object>(part: T, name: string, id?: keyof T): T {
  if (typeof part !== 'object' || part === null || (id !== undefined && typeof part[id] !== 'string'))
    throw new TypeError(`There is no ${name} in the reply.`)
  return part
}
