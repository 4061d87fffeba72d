import { EmbedderUnavailable } from './embedder.ts'

/** What became of one text: one bad text must not take its neighbours along. */
export type Outcome = Float32Array | null | EmbedderUnavailable

export type BatchLimits = {
  /** Texts, and letters of them, that go into one request. */
  maxTexts: number
  maxLetters: number
  /** How long the first text waits for company. */
  waitMs: number
  maxConcurrent: number
  /** Texts that may wait; more are refused at once, as a queue that only grows helps nobody. */
  maxQueued: number
}

type Waiting = { key: string; text: string; callers: number; outcome: Promise<Outcome>; settle(outcome: Outcome): void }

/** Gathers the texts of concurrent callers into few requests. The same text asked for twice is sent once. */
export class Batcher {
  readonly #send: (texts: string[]) => Promise<Outcome[]>
  readonly #limits: BatchLimits
  readonly #waiting = new Map<string, Waiting>()
  #queue: Waiting[] = []
  #running = 0
  #timer: NodeJS.Timeout | undefined

  /** `send` answers one outcome per text, in order. */
  constructor(send: (texts: string[]) => Promise<Outcome[]>, limits: BatchLimits) {
    this.#send = send
    this.#limits = limits
  }

  /** An abort lets this caller go; a request already under way goes on for the others in it. */
  async get(items: readonly { key: string; text: string }[], signal?: AbortSignal): Promise<Outcome[]> {
    signal?.throwIfAborted()
    if (this.#queue.length > 0 && this.#queue.length + items.length > this.#limits.maxQueued) {
      throw new EmbedderUnavailable(`More than ${this.#limits.maxQueued} texts wait for the embedding provider.`, 2)
    }
    const mine = items.map((item) => this.#join(item))
    try {
      return await untilAborted(Promise.all(mine.map((waiting) => waiting.outcome)), signal)
    } finally {
      for (const waiting of mine) waiting.callers--
      if (signal?.aborted) this.#forgetAbandoned()
    }
  }

  #join({ key, text }: { key: string; text: string }): Waiting {
    const known = this.#waiting.get(key)
    if (known) {
      known.callers++
      return known
    }
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const waiting: Waiting = { key, text, callers: 1, outcome: promise, settle: resolve }
    this.#waiting.set(key, waiting)
    this.#queue.push(waiting)
    if (this.#queue.length >= this.#limits.maxTexts) queueMicrotask(() => this.#sendNext())
    else this.#timer ??= setTimeout(() => this.#sendNext(), this.#limits.waitMs)
    return waiting
  }

  #forgetAbandoned(): void {
    this.#queue = this.#queue.filter((waiting) => {
      if (waiting.callers > 0) return true
      this.#waiting.delete(waiting.key)
      return false
    })
  }

  #sendNext(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (this.#queue.length > 0 && this.#running < this.#limits.maxConcurrent) {
      const batch = this.#takeBatch()
      this.#running++
      this.#answer(batch).finally(() => {
        this.#running--
        this.#sendNext()
      })
    }
  }

  #takeBatch(): Waiting[] {
    let letters = 0
    let count = 0
    for (const { text } of this.#queue) {
      letters += text.length
      if (count > 0 && (count >= this.#limits.maxTexts || letters > this.#limits.maxLetters)) break
      count++
    }
    return this.#queue.splice(0, count)
  }

  async #answer(batch: Waiting[]): Promise<void> {
    const outcomes = await this.#send(batch.map(({ text }) => text)).catch((error: unknown) => {
      const failure = error instanceof EmbedderUnavailable ? error : new EmbedderUnavailable('The embedding request failed.', 1, { cause: error })
      return batch.map(() => failure)
    })
    batch.forEach((waiting, i) => {
      this.#waiting.delete(waiting.key)
      waiting.settle(outcomes[i] as Outcome)
    })
  }
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', abort))
}
