import { EmbedderUnavailable, type TextRefused } from './embedder.ts'

/** The result for one text. A text that fails does not fail the other texts of its request. */
export type Outcome = Float32Array | null | EmbedderUnavailable | TextRefused

export type BatchLimits = {
  /** The maximum number of texts, and of their letters, in one request. */
  maxTexts: number
  maxLetters: number
  /** An owner with more waiting texts than this gets requests of its own; the texts of other owners share requests. */
  smallTexts: number
  smallLetters: number
  /** How long the first text waits for others before the request is sent. */
  waitMs: number
  /**
   * The maximum number of concurrent requests. One of them is reserved for shared requests, so that a single text does
   * not wait behind a long request of one owner.
   */
  maxConcurrent: number
  /**
   * The maximum number of waiting texts, in total and per owner. More are rejected at once, because a queue that only
   * grows helps nobody.
   */
  maxQueued: number
  maxQueuedEach: number
}

export type Item = { owner: string; key: string; text: string }
/**
 * Settles each text as soon as its outcome is known. If it rejects, the texts that are not settled yet get that error.
 */
export type Send = (items: readonly Item[], settle: (at: number, outcome: Outcome) => void) => Promise<void>
type Waiting = Item & { callers: number; outcome: Promise<Outcome>; settle(outcome: Outcome): void }

/**
 * Gathers the texts of concurrent callers into few requests. If one owner asks for the same text twice, it is sent
 * once. Owners never share a text, because the response time would reveal what another owner has sent.
 */
export class Batcher {
  readonly #send: Send
  readonly #limits: BatchLimits
  readonly #waiting = new Map<string, Waiting>()
  /** The texts that each owner still has to send, in the order of their turns. */
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

  /** If the signal aborts, this caller stops waiting; a request under way continues for the other callers in it. */
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

  /**
   * Sends this owner's texts in requests of their own for this long, because they delayed or failed those of others.
   */
  keepApart(owner: string, ms: number): void {
    // removes owners whose time is over, as they may never send again
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

  /**
   * Returns the batch of the owner whose turn it is: alone if it has many texts or is kept apart, otherwise together
   * with all owners that have few.
   */
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

  /**
   * Takes as many of these owners' texts as fit into one request. An owner with texts left goes to the end of the
   * round.
   */
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
