/**
 * The order of work on a single session. A statement may be sent while the one before it still runs, so that the
 * database need not wait for us between the two; what takes several statements has the session to itself.
 */
export class Pipeline {
  readonly #limit: (ms: number) => void
  /** Resolves when all that was asked so far is over. */
  #all: Promise<unknown> = Promise.resolve()
  /** Resolves when the last that needs the session to itself is over. */
  #alone: Promise<unknown> = Promise.resolve()

  /** `limit` is told how long a statement may run, each time another is first. */
  constructor(limit: (ms: number) => void) {
    this.#limit = limit
  }

  statement<T>(limitMs: number, send: () => Promise<T>): Promise<T> {
    const before = this.#all
    void before.then(() => this.#limit(limitMs))
    const sent = this.#alone.then(send)
    this.#all = Promise.allSettled([before, sent])
    return sent
  }

  alone<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
    const worked = this.#all.then(() => {
      this.#limit(limitMs)
      return work()
    })
    this.#all = this.#alone = worked.catch(() => {})
    return worked
  }
}
