import type { Database, Sql } from '../db/database.ts'
import { pause } from './pause.ts'

/** Of one call, on a connection that has no other limit. A call is made to take a few thousandths of it. */
const CALL_LIMIT_MS = 10_000
/** After so long a run ends and says what it did; the next one goes on. */
const RUN_MS = 10_000
/** At most so long a turn keeps a session that it had to wait for. */
const TURN_MS = 250
/** A turn that takes longer has lost its connection. */
const TURN_LIMIT_MS = 2 * CALL_LIMIT_MS
/** So often it is found out who is due, also while somebody has enough for many turns. */
const LOOK_EVERY_MS = 1_000
/** What one call should take. */
const AIM_MS = 30

type Place = Pick<Database, 'engine' | 'maintain' | 'sql'>
type Called = { done: number | null; failed: boolean }

/** Runs one call of a job's function: as the owner where the login may, else as the app, which may call it too. */
export function callJob<Row extends object>({ maintain, sql }: Place, call: string): Promise<Row | undefined> {
  return maintain ? maintain((owner) => limited<Row>(owner, call), TURN_LIMIT_MS) : plain<Row>(sql, call)
}

const plain = async <Row extends object>(sql: Sql, call: string) =>
  (await sql.unsafe<Row[]>(`select * from ${call}`))[0]

/** Two statements in one message are one transaction, to which the limit belongs. */
async function limited<Row extends object>(owner: Sql, call: string): Promise<Row | undefined> {
  const results = await owner.unsafe(`set local statement_timeout = ${CALL_LIMIT_MS}; select * from ${call}`).simple()
  return (results as unknown as Row[][]).at(-1)?.[0]
}

/**
 * How much one call does: what lately took about as long as it should. How long that is differs by machine, engine and
 * content.
 */
export class Portion {
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
 * Call after call until nothing is due. The embedded database has one session: there a turn takes as long as others
 * made it wait, and others get as long as it took, so that neither side can keep the other from its work.
 */
export async function takeTurns(
  place: Place,
  call: (portion: number, look: boolean) => string,
  portion: Portion,
  signal: AbortSignal,
): Promise<{ done: number; failures: number }> {
  const { engine, maintain } = place
  const sum = { done: 0, failures: 0 }
  const started = performance.now()
  let isDue = true
  let looked = Number.NEGATIVE_INFINITY
  const oneCall = async (owner?: Sql): Promise<void> => {
    const began = performance.now()
    const look = began - looked >= LOOK_EVERY_MS
    if (look) looked = began
    const text = call(portion.size, look)
    const called = await (owner ? limited<Called>(owner, text) : plain<Called>(place.sql, text))
    isDue = called?.done != null
    if (!called || called.done === null) return
    portion.learn(performance.now() - began)
    sum.done += called.done
    sum.failures += Number(called.failed)
  }
  while (isDue && performance.now() - started < RUN_MS) {
    const asked = performance.now()
    let begun = asked
    await (maintain?.(async (owner) => {
      begun = performance.now()
      const until = begun + Math.min(begun - asked, TURN_MS)
      do await oneCall(owner)
      while (isDue && performance.now() < until)
    }, TURN_LIMIT_MS) ?? oneCall())
    if (!(await pause(engine === 'pglite' ? performance.now() - begun : 0, signal))) break
  }
  return sum
}
