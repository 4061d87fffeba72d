/**
 * Shows the thread that supervises the database whether a statement runs there: a thread that is busy inside Postgres
 * can answer no message. The start and the end of a statement each add one to the count, so an odd count means busy,
 * and an unchanged odd count means the same statement.
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

  /** Whether upkeep runs, which has its own time limit. */
  get isUpkeep(): boolean {
    return Atomics.load(this.#cells, UPKEEP) === 1
  }

  set isUpkeep(value: boolean) {
    Atomics.store(this.#cells, UPKEEP, Number(value))
  }
}

const COUNT = 0
const UPKEEP = 1
