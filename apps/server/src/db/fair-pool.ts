import { Fault } from '../fault.ts'
import { isStranger } from '../principal.ts'

type Bounds = {
  /** Returns how many sessions one key may hold at once while this many keys are active. */
  share: (keys: number) => number
  /** The maximum numbers of waiting pieces of work, of one key and of all. More are rejected with 429. */
  waitingPerKey: number
  waiting: number
}
type Waiting<S> = { begin(session: S): void }
type Lane<S> = { key: string; running: number; waiting: Set<Waiting<S>>; isListed: boolean }

/**
 * A pool of sessions with fair queueing: first come, first served within a key, round robin between keys. Work of a
 * client that has hung up leaves the queue at once. The cost of each step does not depend on how many wait.
 */
export class FairPool<S> {
  readonly #free: S[]
  readonly #bounds: Bounds
  readonly #lanes = new Map<string, Lane<S>>()
  /** The lanes in the order of their turns. A lane is listed once, and may have no more work. */
  readonly #round = new Fifo<Lane<S>>()
  readonly #activeKeys: ActiveKeys
  /** The number of sessions that a lane may use; as of the last dispatch, so that it is the same for all lanes. */
  #share = 1
  #waiting = 0
  #alarm: NodeJS.Timeout | undefined

  /** `activeKeys` is shared by the pools of one database. */
  constructor(sessions: readonly S[], bounds: Bounds, activeKeys = new ActiveKeys()) {
    this.#free = [...sessions]
    this.#bounds = bounds
    this.#activeKeys = activeKeys
  }

  /** Runs the work with a session of its own. Rejects with the signal's reason if it aborts while the work waits. */
  async run<T>(key: string, signal: AbortSignal, work: (session: S) => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    if (!isStranger(key)) this.#activeKeys.touch(key) // a caller without a key takes nobody's share
    this.#dispatch() // shares may have grown, and waiting work comes first
    const lane = this.#lane(key)
    const session = this.#take(lane) ?? (await this.#queue(lane, signal))
    try {
      return await work(session)
    } finally {
      lane.running--
      this.#free.push(session)
      this.#forget(lane)
      this.#list(lane)
      this.#dispatch()
    }
  }

  /** Runs the work ahead of all queues if a session is free; otherwise returns undefined. */
  runIfFree<T>(work: (session: S) => Promise<T>): Promise<T> | undefined {
    const session = this.#free.pop()
    if (session === undefined) return undefined
    return work(session).finally(() => {
      this.#free.push(session)
      this.#dispatch()
    })
  }

  #lane(key: string): Lane<S> {
    const known = this.#lanes.get(key)
    if (known) return known
    const lane: Lane<S> = { key, running: 0, waiting: new Set(), isListed: false }
    this.#lanes.set(key, lane)
    return lane
  }

  /**
   * Takes a free session for a lane. This overtakes nobody: while a session is free, no lane that may have one waits.
   */
  #take(lane: Lane<S>): S | undefined {
    if (lane.running >= this.#share) return undefined
    const session = this.#free.pop() // the one used last, whose plans are cached
    if (session !== undefined) lane.running++
    return session
  }

  #queue(lane: Lane<S>, signal: AbortSignal): Promise<S> {
    if (lane.waiting.size >= this.#bounds.waitingPerKey || this.#waiting >= this.#bounds.waiting) {
      const message =
        lane.waiting.size >= this.#bounds.waitingPerKey
          ? 'Too many calls of this API key wait for the database. Send fewer at once, or wait for the seconds ' +
            'in Retry-After.'
          : 'Too many calls wait for the database. Wait for the seconds in Retry-After.'
      this.#forget(lane)
      throw new Fault('RATE_LIMITED', { retryAfterSeconds: 1 }, { message })
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        lane.waiting.delete(entry)
        this.#waiting--
        this.#forget(lane)
        reject(signal.reason)
      }
      const entry: Waiting<S> = {
        begin(session) {
          signal.removeEventListener('abort', leave)
          resolve(session)
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      lane.waiting.add(entry)
      this.#waiting++
      this.#list(lane)
    })
  }

  /** Puts a lane at the end of the round if it waits for a session that it may have. */
  #list(lane: Lane<S>): void {
    if (lane.isListed || lane.waiting.size === 0 || lane.running >= this.#share) return
    lane.isListed = true
    this.#round.push(lane)
  }

  #dispatch(): void {
    const share = this.#bounds.share(this.#activeKeys.size)
    const hasGrown = share > this.#share
    this.#share = share
    if (hasGrown) for (const lane of this.#lanes.values()) this.#list(lane)
    while (this.#free.length > 0) {
      const lane = this.#round.shift()
      if (!lane) break
      lane.isListed = false
      const [next] = lane.waiting
      const session = next && this.#take(lane)
      if (session !== undefined && next) {
        lane.waiting.delete(next)
        this.#waiting--
        next.begin(session)
      }
      this.#list(lane)
      this.#forget(lane)
    }
    if (this.#free.length > 0 && this.#waiting > 0) this.#setAlarm()
  }

  /**
   * Sets a timer that dispatches again when shares may have grown: all waiting lanes use their whole share, and no
   * other event follows.
   */
  #setAlarm(): void {
    const ms = this.#activeKeys.msUntilFewer
    if (ms === undefined) return
    this.#alarm ??= setTimeout(() => {
      this.#alarm = undefined
      this.#dispatch()
    }, ms).unref()
  }

  #forget(lane: Lane<S>): void {
    if (lane.running === 0 && lane.waiting.size === 0 && !lane.isListed) this.#lanes.delete(lane.key)
  }
}

/** A queue with constant cost at both ends; shift() of a long array moves the rest. */
class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    const item = this.#items[this.#head]
    if (this.#head < this.#items.length) this.#items[this.#head++] = undefined
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }
}

/** The keys that asked within the last second, so that a key stays active between two requests. */
export class ActiveKeys {
  readonly #seen = new Map<string, number>()
  readonly #now: () => number

  /** `now` returns milliseconds. */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  touch(key: string): void {
    this.#seen.delete(key) // re-inserted at the end, so that the oldest come first
    this.#seen.set(key, this.#now())
  }

  get size(): number {
    for (const [key, at] of this.#seen) {
      if (this.#now() - at < ACTIVE_MS) break
      this.#seen.delete(key)
    }
    return Math.max(1, this.#seen.size)
  }

  /** Returns the time until the next key becomes inactive; undefined if none is active. */
  get msUntilFewer(): number | undefined {
    const [longestAgo] = this.#seen.values()
    return longestAgo === undefined ? undefined : Math.max(1, longestAgo + ACTIVE_MS - this.#now())
  }
}

const ACTIVE_MS = 1_000

/** Gives each active key an equal share of the sessions, at least one, and keeps one share for the next key. */
export const fairPool = <S>(sessions: readonly S[], activeKeys?: ActiveKeys): FairPool<S> => {
  const share = (keys: number) =>
    Math.max(1, keys === 1 ? sessions.length - 1 : Math.floor(sessions.length / (keys + 1)))
  return new FairPool(sessions, { share, waitingPerKey: 640, waiting: 10_000 }, activeKeys)
}
