/** One page of a list: an array, with the cursor of the next page and what the reply says of the whole. */
export type Page<T> = T[] & {
  /** Absent on the last page. */
  readonly nextCursor?: string
  /** How many there are in all, where the API counts them. */
  readonly total?: number
  /** How many match the filter, where there is one. */
  readonly filtered?: number
}

/** What a list call gives: await it for one page, or `for await` over it for the items of every page. */
export type List<T> = Promise<Page<T>> & AsyncIterable<T>

/** How much of a list to fetch at once, and from where. */
export type ListOptions = { /** All of them unless said. */ limit?: number | undefined; cursor?: string | undefined }
/** Which part of a list to fetch at once, counted from its beginning. */
export type OffsetOptions = {
  /** Default 100. */
  limit?: number | undefined
  /** How many to leave out first. */
  offset?: number | undefined
}

/** Adds names to an array without adding elements; they do not show in JSON or in a log. */
export function withNames<T, N extends object>(items: T[], names: N): T[] & N {
  for (const [name, value] of Object.entries(names))
    if (value !== undefined) Object.defineProperty(items, name, { value })
  return items as T[] & N
}

/** Nothing is sent before the list is awaited or iterated. */
export const list = <T>(fetchPage: (cursor: string | undefined) => Promise<Page<T>>): List<T> =>
  lazily(fetchPage, ({ nextCursor }) => nextCursor)

/** A list without cursors: it ends with its total, or, where the API counts none, with an empty page. */
export const listByOffset = <T>(from: number, fetchPage: (offset: number | undefined) => Promise<Page<T>>): List<T> =>
  lazily<T, number>(
    (offset) => fetchPage(offset ?? (from || undefined)),
    ({ length, total = Number.POSITIVE_INFINITY }, offset = from) =>
      length === 0 || offset + length >= total ? undefined : offset + length,
  )

function lazily<T, P>(
  fetchPage: (place: P | undefined) => Promise<Page<T>>,
  after: (page: Page<T>, place: P | undefined) => P | undefined,
): List<T> {
  let first: Promise<Page<T>> | undefined
  const start = () => (first ??= fetchPage(undefined))
  return {
    // biome-ignore lint/suspicious/noThenProperty: it is a promise
    then: (onValue, onError) => start().then(onValue, onError),
    catch: (onError) => start().catch(onError),
    finally: (onEnd) => start().finally(onEnd),
    [Symbol.toStringTag]: 'List',
    async *[Symbol.asyncIterator]() {
      let place: P | undefined
      for (let page = await start(); ; page = await fetchPage(place)) {
        yield* page
        place = after(page, place)
        if (place === undefined) return
      }
    },
  }
}
