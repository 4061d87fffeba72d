/** One page of a list: an array, with the cursor of the next page and facts about the whole list. */
export type Page<T> = T[] & {
  /** Absent on the last page. */
  readonly nextCursor?: string
  /** The total number, if the API counts it. */
  readonly total?: number
  /** The number that match the filter, if there is one. */
  readonly filtered?: number
}

/** The result of a list call: await it for one page, or `for await` over it for the items of every page. */
export type List<T> = Promise<Page<T>> & AsyncIterable<T>

/** The size and the start of a page. */
export type ListOptions = { /** Default: all. */ limit?: number | undefined; cursor?: string | undefined }
/** The size and the start of a page, counted from the beginning of the list. */
export type OffsetOptions = {
  /** Default 100. */
  limit?: number | undefined
  /** The number of items to skip. */
  offset?: number | undefined
}

/** Adds properties to an array without adding elements; they do not appear in JSON or in a log. */
export function withNames<T, N extends object>(items: T[], names: N): T[] & N {
  for (const [name, value] of Object.entries(names))
    if (value !== undefined) Object.defineProperty(items, name, { value })
  return items as T[] & N
}

/** Returns a list. Nothing is sent before it is awaited or iterated. */
export const list = <T>(fetchPage: (cursor: string | undefined) => Promise<Page<T>>): List<T> =>
  lazily(fetchPage, ({ nextCursor }) => nextCursor)

/** Returns a list without cursors: it ends at its total or, if the API counts none, with an empty page. */
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
