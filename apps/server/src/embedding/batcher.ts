import { EmbedderUnavailable, type TextRefused } from './embedder.ts'

/** What became of one text: one bad text must not take its neighbours along. */
export type Outcome = Float32Array | null | EmbedderUnavailable | TextRefused

export type BatchLimits = {
  /** Texts, and letters of them, that go into one request. */
  maxTexts: number
  maxLetters: number
  /** An owner with more waiting has its requests to itself; what owners with less wait for goes out together. */
  smallTexts: number
  smallLetters: number
  /** How long the first text waits for company. */
  waitMs: number
  /**
   * One of these is never given to a request of one owner alone, so that a single text need not wait for a long one to
   * end.
   */
  maxConcurrent: number
  /** Texts that may wait, and those of one owner; more are refused at once, as a queue that only grows helps nobody. */
  maxQueued: number
  maxQueuedEach: number
}

export type Item = { owner: string; key: string; text: string }
/** Gives each text its outcome as soon as it is known; those it leaves out get what it rejects with. */
export type Send = (items: readonly Item[], settle: (at: number, outcome: Outcome) => void) => Promise<void>
type Waiting = Item & { callers: number; outcome: Promise<Outcome>; settle(outcome: Outcome): void }

/**
 * Gathers the texts of concurrent callers into few requests. The same text asked for twice by one owner is sent once;
 * an owner never waits for the text of another, as how long that takes would tell what the other has said.
 */
export class Batcher {
  readonly #send: Send
  readonly #limits: BatchLimits
  readonly #waiting = new Map<string, Waiting>()
  /** What each owner still has to send; in the order of their turns. */
  readonly #queues = new Map<string, Waiting[]>()
  readonly #apart = new Map<string, number>()
  #queued = 0
  #running = 0
  #runningAlone = 0
  #timer: NodeJS.Timeout | undefined

  constructor(send: Send, limits: BatchLimits) {
    this.#send = send
    this.#limits = limits
  }

  /** An abort lets this caller go; a request already under way goes on for the others in it. */
  async get(owner: string, items: readonly Omit<Item, 'owner'>[], signal?: AbortSignal): Promise<Outcome[]> {
    signal?.throwIfAborted()
    this.#refuseTooMany(
      this.#queues.get(owner)?.length ?? 0,
      items.length,
      this.#limits.maxQueuedEach,
      'texts of this key wait',
    )
    this.#refuseTooMany(this.#queued, items.length, this.#limits.maxQueued, 'texts wait')
    const mine = items.map((item) => this.#join({ owner, ...item }))
    try {
      return await untilAborted(Promise.all(mine.map((waiting) => waiting.outcome)), signal)
    } finally {
      for (const waiting of mine) waiting.callers--
      if (signal?.aborted) this.#forgetAbandoned(owner)
    }
  }

  /** For so long this owner's texts go in requests of their own: they were in the way of others. */
  keepApart(owner: string, ms: number): void {
    // forgets those whose time is over: they may never send again
    for (const other of this.#apart.keys()) this.#isApart(other)
    this.#apart.set(owner, performance.now() + ms)
  }

  #isApart(owner: string): boolean {
    const until = this.#apart.get(owner)
    if (until === undefined) return false
    if (until > performance.now()) return true
    this.#apart.delete(owner)
    return false
  }

  #refuseTooMany(waiting: number, more: number, most: number, what: string): void {
    if (waiting > 0 && waiting + more > most)
      throw new EmbedderUnavailable(`More than ${most} ${what} for the embedding provider.`, 2)
  }

  #join(item: Item): Waiting {
    const known = this.#waiting.get(idOf(item))
    if (known) {
      known.callers++
      return known
    }
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const waiting: Waiting = { ...item, callers: 1, outcome: promise, settle: resolve }
    this.#waiting.set(idOf(item), waiting)
    const queue = this.#queues.get(item.owner)
    if (queue) queue.push(waiting)
    else this.#queues.set(item.owner, [waiting])
    this.#queued++
    if (this.#queued >= this.#limits.maxTexts) queueMicrotask(() => this.#sendNext())
    else this.#timer ??= setTimeout(() => this.#sendNext(), this.#limits.waitMs)
    return waiting
  }

  #forgetAbandoned(owner: string): void {
    const queue = this.#queues.get(owner) ?? []
    const kept = queue.filter(({ callers }) => callers > 0)
    for (const waiting of queue) if (waiting.callers === 0) this.#waiting.delete(idOf(waiting))
    this.#queued -= queue.length - kept.length
    if (kept.length > 0) this.#queues.set(owner, kept)
    else this.#queues.delete(owner)
  }

  #sendNext(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (this.#running < this.#limits.maxConcurrent) {
      const next = this.#takeNext()
      if (!next) return
      this.#running++
      this.#runningAlone += next.isAlone ? 1 : 0
      this.#answer(next.batch).finally(() => {
        this.#running--
        this.#runningAlone -= next.isAlone ? 1 : 0
        this.#sendNext()
      })
    }
  }

  /** The owner whose turn it is: alone if it has much or is kept apart, else together with all that have little. */
  #takeNext(): { batch: Waiting[]; isAlone: boolean } | undefined {
    for (const owner of this.#queues.keys()) {
      const isAlone = this.#goesAlone(owner)
      if (isAlone && this.#runningAlone >= Math.max(1, this.#limits.maxConcurrent - 1)) continue
      const owners = isAlone ? [owner] : [...this.#queues.keys()].filter((other) => !this.#goesAlone(other))
      return { batch: this.#take(owners), isAlone }
    }
    return undefined
  }

  #goesAlone(owner: string): boolean {
    const queue = this.#queues.get(owner) ?? []
    const { smallTexts, smallLetters } = this.#limits
    return (
      this.#isApart(owner) ||
      queue.length > smallTexts ||
      queue.reduce((letters, { text }) => letters + text.length, 0) > smallLetters
    )
  }

  /** As much of these owners' texts as one request takes; who has more comes last in the next turn. */
  #take(owners: string[]): Waiting[] {
    const { maxTexts, maxLetters } = this.#limits
    const batch: Waiting[] = []
    let letters = 0
    for (const owner of owners) {
      const queue = this.#queues.get(owner) ?? []
      let count = 0
      for (const { text } of queue) {
        letters += text.length
        if (batch.length + count > 0 && (batch.length + count >= maxTexts || letters > maxLetters)) break
        count++
      }
      batch.push(...queue.splice(0, count))
      if (count > 0 || queue.length === 0) this.#queues.delete(owner)
      if (queue.length === 0) continue
      this.#queues.set(owner, queue)
      break // the request is full
    }
    this.#queued -= batch.length
    return batch
  }

  async #answer(batch: Waiting[]): Promise<void> {
    const settle = (at: number, outcome: Outcome) => {
      const waiting = batch[at] as Waiting
      if (this.#waiting.get(idOf(waiting)) === waiting) this.#waiting.delete(idOf(waiting))
      waiting.settle(outcome)
    }
    await this.#send(batch, settle).catch((error: unknown) => {
      const failure =
        error instanceof EmbedderUnavailable
          ? error
          : new EmbedderUnavailable('The embedding request failed.', 1, { cause: error })
      for (const at of batch.keys()) settle(at, failure)
    })
  }
}

const idOf = ({ owner, key }: Item) => `${owner} ${key}`

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', abort))
}
