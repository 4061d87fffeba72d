import { Fault } from '../fault.ts'

/** The bytes that one request has reserved. */
export type Reservation = {
  /** Reserves more bytes. Throws if they exceed the quota, unless `must` is true. */
  take(bytes: number, must?: boolean): void
  /** Gives back this many bytes, or all of them. */
  release(bytes?: number): void
}

/**
 * Limits the bytes in memory, of all keys together and of each key. The only request of a key always gets its bytes, so
 * that other keys cannot starve it.
 */
export class ByteQuota {
  readonly #what: string
  readonly #max: number
  readonly #maxPerKey: number
  readonly #perKey = new Map<string, number>()
  #total = 0

  constructor(what: string, max: number, maxPerKey: number) {
    this.#what = what
    this.#max = max
    this.#maxPerKey = maxPerKey
  }

  open(keyId: string): Reservation {
    let mine = 0
    return {
      take: (bytes, must = false) => {
        const own = this.#perKey.get(keyId) ?? 0
        if (!must && own > mine) this.#check(own + bytes, this.#total + bytes)
        this.#perKey.set(keyId, own + bytes)
        this.#total += bytes
        mine += bytes
      },
      release: (bytes = mine) => {
        const left = (this.#perKey.get(keyId) ?? 0) - bytes
        if (left > 0) this.#perKey.set(keyId, left)
        else this.#perKey.delete(keyId)
        this.#total -= bytes
        mine -= bytes
      },
    }
  }

  #check(own: number, total: number): void {
    if (own > this.#maxPerKey) {
      const message =
        `The ${this.#what} of this API key that are under way take too many bytes together. Send ` +
        'fewer requests at once, or wait for the seconds in Retry-After.'
      throw new Fault('RATE_LIMITED', { retryAfterSeconds: 1 }, { message })
    }
    if (total > this.#max) {
      const message = `The server has no memory left for ${this.#what}. Wait for the seconds in Retry-After.`
      throw new Fault('SERVICE_UNAVAILABLE', { retryAfterSeconds: 1 }, { message })
    }
  }
}
