/** A clock that is set right moves by seconds; one that is wrong, by more. */
const JUMP_MS = 60_000
/** So long a clock that went ahead has to stay there before it is believed. */
const HOLD_MS = 600_000

export type Verdict = 'steady' | 'jumped' | 'held' | 'believed'

/**
 * Compares the clock of the database with the time that has passed in this process, which no setting of a clock
 * changes. A clock that jumps ahead is not believed for a while: what it says has expired may live on when it is set
 * right.
 */
export class ClockWatch {
  #offset: number | undefined
  #heldSince: number | undefined

  /** `clock` is what the database says now, `passed` a time that only ever goes on; both in milliseconds. */
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

  /** While this is true nothing is taken away because its time is over. */
  get isHeld(): boolean {
    return this.#heldSince !== undefined
  }
}
