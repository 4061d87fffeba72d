/**
 * Orders the work on a single session. A statement may be sent while the previous one still runs, so that the database
 * need not wait between the two; work of several statements has the session to itself.
 */
export class Pipeline {
  readonly #limit: (ms: number) => void
  /** Resolves when all work so far is done. */
  #all: Promise<unknown> = Promise.resolve()
  /** Resolves when the last work that needs the session to itself is done. */
  #alone: Promise<unknown> = Promise.resolve()

  /** `limit` is called with the time limit of a statement each time the next one begins. */
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
