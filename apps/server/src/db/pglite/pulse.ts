/**
 * Shows the thread that supervises the database whether a statement runs there: a thread that is busy inside Postgres
 * can answer no message. Begun and ended together count up, so an odd count means busy, and the same odd count still
 * the same statement.
 */
export class Pulse {
  readonly memory: SharedArrayBuffer
  readonly #cells: Int32Array

  constructor(memory = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#cells = new Int32Array(memory)
  }

  begin(): void {
    Atomics.add(this.#cells, COUNT, 1)
  }

  end(): void {
    Atomics.add(this.#cells, COUNT, 1)
  }

  get count(): number {
    return Atomics.load(this.#cells, COUNT)
  }

  get isBusy(): boolean {
    return this.count % 2 === 1
  }

  /** Upkeep has a time limit of its own. */
  get isUpkeep(): boolean {
    return Atomics.load(this.#cells, UPKEEP) === 1
  }

  set isUpkeep(value: boolean) {
    Atomics.store(this.#cells, UPKEEP, Number(value))
  }
}

const COUNT = 0
const UPKEEP = 1
