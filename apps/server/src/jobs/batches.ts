import type { Database, Sql } from '../db/database.ts'
import { pause } from './pause.ts'

/** The time limit of one call, on a connection that has no other. A call is meant to take a small part of it. */
const CALL_LIMIT_MS = 10_000
/** A run ends after this time and reports what it did; the next one continues. */
const RUN_MS = 10_000
/** The longest time that a turn keeps a session which it had to wait for. */
const TURN_MS = 250
/** A turn that takes longer has lost its connection. */
const TURN_LIMIT_MS = 2 * CALL_LIMIT_MS
/** How often a run looks for namespaces that are due, even if one has work for many turns. */
const LOOK_EVERY_MS = 1_000
/** The time that one call should take. */
const AIM_MS = 30

type Place = Pick<Database, 'engine' | 'asOwner' | 'sql'>
type Called = { done: number | null; failed: boolean }

/** Calls a job's function: as the owner if the login may, otherwise as the app, which may call it too. */
export function callJob<Row extends object>({ asOwner, sql }: Place, call: string): Promise<Row | undefined> {
  return asOwner ? asOwner((owner) => limited<Row>(owner, call), TURN_LIMIT_MS) : plain<Row>(sql, call)
}

const plain = async <Row extends object>(sql: Sql, call: string) =>
  (await sql.unsafe<Row[]>(`select * from ${call}`))[0]

/** Two statements in one message are one transaction, which the limit applies to. */
async function limited<Row extends object>(owner: Sql, call: string): Promise<Row | undefined> {
  const results = await owner.unsafe(`set local statement_timeout = ${CALL_LIMIT_MS}; select * from ${call}`).simple()
  return (results as unknown as Row[][]).at(-1)?.[0]
}

/** How much one call does: adapts until a call takes its time, which differs by machine, engine and content. */
export class BatchSize {
  readonly #least: number
  readonly #most: number
  size: number

  constructor(least: number, most: number) {
    this.#least = least
    this.#most = most
    this.size = 4 * least
  }

  learn(ms: number): void {
    if (ms > 1.5 * AIM_MS) this.size = Math.max(this.#least, Math.floor(this.size / 2))
    else if (ms < AIM_MS / 2) this.size = Math.min(this.#most, 2 * this.size)
  }
}

/**
 * Calls a job's function until nothing is due. The embedded database has one session: there a turn takes as long as it
 * had to wait for others, and then pauses for as long as it took, so that neither blocks the other.
 */
export async function runBatches(
  place: Place,
  call: (size: number, look: boolean) => string,
  batch: BatchSize,
  signal: AbortSignal,
): Promise<{ done: number; failures: number }> {
  const { engine, asOwner } = place
  const sum = { done: 0, failures: 0 }
  const started = performance.now()
  let isDue = true
  let looked = Number.NEGATIVE_INFINITY
  const oneCall = async (owner?: Sql): Promise<void> => {
    const began = performance.now()
    const look = began - looked >= LOOK_EVERY_MS
    if (look) looked = began
    const text = call(batch.size, look)
    const called = await (owner ? limited<Called>(owner, text) : plain<Called>(place.sql, text))
    isDue = called?.done != null
    if (!called || called.done === null) return
    batch.learn(performance.now() - began)
    sum.done += called.done
    sum.failures += Number(called.failed)
  }
  while (isDue && performance.now() - started < RUN_MS) {
    const asked = performance.now()
    let begun = asked
    await (asOwner?.(async (owner) => {
      begun = performance.now()
      const until = begun + Math.min(begun - asked, TURN_MS)
      do await oneCall(owner)
      while (isDue && performance.now() < until)
    }, TURN_LIMIT_MS) ?? oneCall())
    if (!(await pause(engine === 'pglite' ? performance.now() - begun : 0, signal))) break
  }
  return sum
}
