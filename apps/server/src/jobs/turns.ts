import type { Database } from '../db/database.ts'
import { pause } from './pause.ts'

/** Of one turn, on a connection that has no other limit. A turn is made to take a few hundredths of it. */
const TURN_LIMIT_MS = 10_000
/** After so long a run ends and says what it did; the next one goes on. */
const RUN_MS = 10_000

type Turn = { done: number | null; failed: boolean }
export type Turns = { done: number; failures: number }

/** Runs one call of a job's function: as the owner where the login may, else as the app, which may call it too. */
export async function callJob<Row extends object>({ maintain, sql }: Pick<Database, 'maintain' | 'sql'>, call: string): Promise<Row | undefined> {
  const statement = `select * from ${call}`
  if (!maintain) return (await sql.unsafe<Row[]>(statement))[0]
  // Two statements in one message are one transaction, to which the limit belongs.
  return maintain(async (owner) => {
    const results = (await owner.unsafe(`set local statement_timeout = ${TURN_LIMIT_MS}; ${statement}`).simple()) as unknown as Row[][]
    return results.at(-1)?.[0]
  })
}

/**
 * Turn after turn until nothing is due. Between two turns others get the database for as long as the last one took, so upkeep
 * never takes more than half of a database that has one session.
 */
export async function takeTurns(database: Pick<Database, 'maintain' | 'sql'>, call: string, signal: AbortSignal): Promise<Turns> {
  const started = performance.now()
  const sum = { done: 0, failures: 0 }
  let isAwake = true
  while (isAwake && performance.now() - started < RUN_MS) {
    const began = performance.now()
    const turn = await callJob<Turn>(database, call)
    if (!turn || turn.done === null) break
    sum.done += turn.done
    sum.failures += Number(turn.failed)
    isAwake = await pause(performance.now() - began, signal)
  }
  return sum
}
