import { Fault } from '../fault.ts'

/** What one request holds of a room. */
export type Place = {
  /** Refuses what does not fit, unless it must be taken. */
  take(bytes: number, must?: boolean): void
  leave(): void
}

/**
 * Bytes that are held at once, of all keys and of one. The only request of a key always finds room: however much the
 * other keys hold, they cannot shut it out.
 */
export class Room {
  readonly #what: string
  readonly #most: number
  readonly #mostOfOne: number
  readonly #held = new Map<string, number>()
  #total = 0

  constructor(what: string, most: number, mostOfOne: number) {
    this.#what = what
    this.#most = most
    this.#mostOfOne = mostOfOne
  }

  enter(keyId: string): Place {
    let mine = 0
    return {
      take: (bytes, must = false) => {
        const own = this.#held.get(keyId) ?? 0
        if (!must && own > mine) this.#refuse(own + bytes, this.#total + bytes)
        this.#held.set(keyId, own + bytes)
        this.#total += bytes
        mine += bytes
      },
      leave: () => {
        const left = (this.#held.get(keyId) ?? 0) - mine
        if (left > 0) this.#held.set(keyId, left)
        else this.#held.delete(keyId)
        this.#total -= mine
        mine = 0
      },
    }
  }

  #refuse(own: number, total: number): void {
    if (own > this.#mostOfOne) {
      const message =
        `The ${this.#what} of this API key that are under way hold too many bytes together. Send ` +
        'fewer requests at once, or wait for the seconds in Retry-After.'
      throw new Fault('RATE_LIMITED', { retryAfterSeconds: 1 }, { message })
    }
    if (total > this.#most) {
      const message = `The server holds as many bytes of ${this.#what} as it may. Wait for the seconds in Retry-After.`
      throw new Fault('SERVICE_UNAVAILABLE', { retryAfterSeconds: 1 }, { message })
    }
  }
}
