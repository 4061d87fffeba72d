/** The smallest jump that is suspicious: a correction of the clock moves it by seconds only. */
const JUMP_MS = 60_000
/** How long a clock that jumped ahead must stay there before it is trusted. */
const HOLD_MS = 600_000

export type Verdict = 'steady' | 'jumped' | 'held' | 'believed'

/**
 * Compares the clock of the database with the monotonic clock of this process. A clock that jumps ahead is not trusted
 * for a while, because rows that seem expired may be valid once the clock is corrected.
 */
export class ClockWatch {
  #offset: number | undefined
  #heldSince: number | undefined

  /** `clock` is the time of the database, and `passed` a monotonic time; both are in milliseconds. */
  look(clock: number, passed: number): Verdict {
    const offset = clock - passed
    const ahead = this.#offset === undefined ? 0 : offset - this.#offset
    if (ahead > JUMP_MS && this.#heldSince === undefined) {
      this.#heldSince = passed
      return 'jumped'
    }
    if (ahead > JUMP_MS && passed - (this.#heldSince as number) < HOLD_MS) return 'held'
    this.#offset = offset
    if (this.#heldSince === undefined) return 'steady'
    this.#heldSince = undefined
    return 'believed'
  }

  /** While this is true, no expired row is removed. */
  get isHeld(): boolean {
    return this.#heldSince !== undefined
  }
}
