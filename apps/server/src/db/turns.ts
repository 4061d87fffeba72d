import { Fault } from '../fault.ts'
import { isStranger } from '../principal.ts'

type Bounds = {
  /**
   * Sessions that one key may hold at once, when so many keys have asked of late. What is left is there for whoever
   * comes next.
   */
  share: (keys: number) => number
  /** Pieces of work that wait, of one key and of all. More is refused with 429. */
  waitingPerKey: number
  waiting: number
}
type Waiting<S> = { begin(session: S): void }
type Lane<S> = { key: string; running: number; waiting: Set<Waiting<S>>; isListed: boolean }

/**
 * Hands out few sessions to many who ask: first come, first served within a key, in turn between keys. Work of a client
 * that has hung up leaves the queue at once. Each step costs the same however many wait.
 */
export class Turns<S> {
  readonly #free: S[]
  readonly #bounds: Bounds
  readonly #lanes = new Map<string, Lane<S>>()
  /** Whose turn it is. A lane stands here once, perhaps without work by now. */
  readonly #round = new Fifo<Lane<S>>()
  readonly #crowd: Crowd
  /** What a lane may hold; as of the last dispatch, so that all lanes are measured by the same. */
  #share = 1
  #waiting = 0
  #alarm: NodeJS.Timeout | undefined

  /** `crowd`: who asks, here and in the other pools of the same database. */
  constructor(sessions: readonly S[], bounds: Bounds, crowd = new Crowd()) {
    this.#free = [...sessions]
    this.#bounds = bounds
    this.#crowd = crowd
  }

  /** Runs the work with a session of its own. Rejects with the signal's reason when it aborts before the turn came. */
  async run<T>(key: string, signal: AbortSignal, work: (session: S) => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    if (!isStranger(key)) this.#crowd.saw(key) // who has no key takes nobody's share
    this.#dispatch() // shares may have grown: those who wait come first
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

  /** The same past all queues, when a session happens to be free; else undefined. */
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

  /** Nobody is overtaken: while a session is free, no lane that may have one waits. */
  #take(lane: Lane<S>): S | undefined {
    if (lane.running >= this.#share) return undefined
    const session = this.#free.pop() // the one used last, which has its plans at hand
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

  /** Puts a lane at the end of the round if it waits for something it may have. */
  #list(lane: Lane<S>): void {
    if (lane.isListed || lane.waiting.size === 0 || lane.running >= this.#share) return
    lane.isListed = true
    this.#round.push(lane)
  }

  #dispatch(): void {
    const share = this.#bounds.share(this.#crowd.size)
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
   * All who wait hold their share. When somebody no longer counts as asking it may grow, and nothing else would tell.
   */
  #setAlarm(): void {
    const ms = this.#crowd.msUntilFewer
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

/** A queue whose both ends cost nothing; shift() of a long array moves all the rest. */
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

/** Keys that have asked within the last second: who asks one thing after the other is there in between too. */
export class Crowd {
  readonly #seen = new Map<string, number>()
  readonly #now: () => number

  /** `now` counts milliseconds. */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  saw(key: string): void {
    this.#seen.delete(key) // and in again at the end, so that those seen longest ago come first
    this.#seen.set(key, this.#now())
  }

  get size(): number {
    for (const [key, at] of this.#seen) {
      if (this.#now() - at < PRESENT_MS) break
      this.#seen.delete(key)
    }
    return Math.max(1, this.#seen.size)
  }

  /** Until a key that is counted now is counted no longer, if it does not ask again; undefined for nobody. */
  get msUntilFewer(): number | undefined {
    const [longestAgo] = this.#seen.values()
    return longestAgo === undefined ? undefined : Math.max(1, longestAgo + PRESENT_MS - this.#now())
  }
}

const PRESENT_MS = 1_000

/**
 * An equal share of the sessions for each key that asks, and one share for whoever comes next; at least one session.
 */
export const turnsOver = <S>(sessions: readonly S[], crowd?: Crowd): Turns<S> => {
  const share = (keys: number) =>
    Math.max(1, keys === 1 ? sessions.length - 1 : Math.floor(sessions.length / (keys + 1)))
  return new Turns(sessions, { share, waitingPerKey: 640, waiting: 10_000 }, crowd)
}
