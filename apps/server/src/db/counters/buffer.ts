/**
 * The maximum number of waiting counts. The next one starts a write ahead of the job's turn; a count with a new key is
 * dropped.
 */
export const MAX_PENDING = 10_000

type Options<C> = {
  /** Counts with the same key are added up. */
  keyOf(count: C): string
  add(sum: C, count: C): void
  write(counts: C[]): Promise<unknown>
}

/**
 * Keeps counts in memory until they are written, because a request must not cost a write. Counts whose write fails go
 * back into the buffer. A killed server loses the counts of the last seconds.
 */
export class CountBuffer<C> {
  readonly #options: Options<C>
  #pending = new Map<string, C>()
  #writing: Promise<void> | undefined

  constructor(options: Options<C>) {
    this.#options = options
  }

  /**
   * Adds the counts of one response. If there are too many, only the rest of this response is dropped: later ones have
   * room again.
   */
  record(counts: Iterable<C>): void {
    if (this.#pending.size >= MAX_PENDING && !this.#writing) this.flush().catch(() => {}) // the job retries
    for (const count of counts) this.#add(count)
  }

  /** Writes every count that was recorded before. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing.catch(() => {}) // reported to the caller that started it
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined
    })
    await this.#writing
  }

  async #write(): Promise<void> {
    if (this.#pending.size === 0) return
    const counts = [...this.#pending.values()]
    this.#pending = new Map()
    try {
      await this.#options.write(counts)
    } catch (error) {
      for (const count of counts) this.#add(count)
      throw error
    }
  }

  #add(count: C): void {
    const key = this.#options.keyOf(count)
    const sum = this.#pending.get(key)
    if (sum) this.#options.add(sum, count)
    else if (this.#pending.size < MAX_PENDING) this.#pending.set(key, count)
  }
}
