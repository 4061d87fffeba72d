import { setTimeout as sleep } from 'node:timers/promises'
import type { PendingQuery, Row } from 'postgres'
import { connectionIsLost, diskIsFull, Fault } from '../fault.ts'
import type { Work } from '../principal.ts'
import { asDb, type Db, type Sql } from './database.ts'

/**
 * The fields of a statement that the types of postgres.js omit: whether it runs, and its connection once it was sent.
 * Its own cancel() does not report when the request to cancel is over, or that it failed.
 */
type Statement = PendingQuery<Row[]> & {
  active: boolean
  state: object | null
  canceller(of: Statement): Promise<void>
}
type Options = {
  /** Opens a client with a single connection. */
  open: () => Sql
  /**
   * The time limit of a statement in milliseconds, which the database enforces; undefined if it has none and statements
   * cannot be cancelled.
   */
  limitMs?: number | undefined
}

/** The database ends a statement at its limit. If no response has come this much later, the connection is dead. */
const GRACE_MS = 5_000
/** A statement that ignores a request to cancel may not have begun. After the last pause the connection is cut. */
const CANCEL_PAUSES_MS = [50, 200, 1_000, 1_000]
const CANCEL_TIMEOUT_MS = 2_000

const OUTCOME_UNKNOWN =
  'The connection to the database was lost during this write, so the outcome is unknown. Repeat it with the ' +
  'same Idempotency-Key, which is safe; without one, check first whether the write happened.'

const NO_ROOM = 'The disk of the database is full; its operator must make room.'

/** Returns the error for a write that may have happened. */
export const outcomeUnknown = (cause?: unknown) =>
  diskIsFull(cause)
    ? new Fault('SERVICE_UNAVAILABLE', { retryAfterSeconds: 10 }, { message: `${NO_ROOM} ${OUTCOME_UNKNOWN}`, cause })
    : new Fault('SERVICE_UNAVAILABLE', { retryAfterSeconds: 1 }, { message: OUTCOME_UNKNOWN, cause })

/** Runs a piece of work in a session. */
export type Executor = Pick<Session, 'statement' | 'transaction'>

/**
 * One connection to the database, for one piece of work at a time: a FairPool decides whose. When the caller hangs up,
 * the running statement is cancelled, and the connection is kept until the request to cancel is over: a late one would
 * hit the next work.
 */
export class Session {
  readonly #open: () => Sql
  readonly #limitMs: number | undefined
  #sql: Sql
  /** The start of the last statement; undefined while there is no work. */
  #since: number | undefined

  constructor({ open, limitMs }: Options) {
    this.#open = open
    this.#limitMs = limitMs
    this.#sql = this.#connect()
  }

  /** Runs a statement that needs no transaction around it. */
  async statement<T>(work: Work, mode: 'read' | 'write', fn: (sql: Sql) => Promise<T>): Promise<T> {
    this.#since = performance.now()
    try {
      return await this.#watch(work, this.#sql, (sql) => {
        work.mayHaveWritten = mode === 'write'
        return fn(sql)
      })
    } catch (error) {
      throw afterWrite(work, error)
    } finally {
      this.#since = undefined
    }
  }

  async transaction<T>(work: Work, mode: 'read' | 'write', fn: (db: Db) => Promise<T>): Promise<T> {
    this.#since = performance.now()
    try {
      return (await this.#sql.begin((inner) =>
        this.#watch(work, inner as unknown as Sql, async (sql) => {
          const result = await fn(asDb(sql))
          work.signal.throwIfAborted()
          work.mayHaveWritten = mode === 'write'
          return result
        }),
      )) as T
    } catch (error) {
      throw afterWrite(work, error)
    } finally {
      this.#since = undefined
    }
  }

  /** The client itself, for work outside of a pool; another one after a cut. */
  get sql(): Sql {
    return this.#sql
  }

  /** Returns whether the connection responds in time, and replaces one that does not. */
  async ask(withTimeout: (answer: Promise<unknown>) => Promise<boolean>): Promise<boolean> {
    const answers = await withTimeout(this.#sql`select 1`)
    if (!answers) this.cut()
    return answers
  }

  /** Returns whether a statement has waited longer for its response than the database allows it to run. */
  isSilent(): boolean {
    return (
      this.#since !== undefined &&
      this.#limitMs !== undefined &&
      performance.now() - this.#since > this.#limitMs + GRACE_MS
    )
  }

  /** Drops the connection. Running work fails; the next statement connects again. */
  cut(): void {
    const given = this.#sql
    this.#sql = this.#connect()
    given.end({ timeout: 0 }).catch(() => {})
  }

  close(): Promise<void> {
    return this.#sql.end({ timeout: 5 })
  }

  #connect(): Sql {
    const sql = this.#open()
    asDb(sql) // drizzle changes how the client writes dates and JSON, and all statements must see the same
    return sql
  }

  async #watch<T>(work: Work, sql: Sql, fn: (sql: Sql) => Promise<T>): Promise<T> {
    const { signal } = work
    const statements: Statement[] = []
    const begin = <Q>(make: () => Q): Q => {
      signal.throwIfAborted()
      this.#since = performance.now()
      const statement = make()
      statements.push(statement as never)
      return statement
    }
    const watched = Object.assign(
      (...args: never[]) => begin(() => (sql as unknown as (...args: never[]) => unknown)(...args)),
      {
        unsafe: (...args: Parameters<Sql['unsafe']>) => begin(() => sql.unsafe(...args)),
        options: this.#sql.options,
      },
    ) as unknown as Sql

    let cancelling: Promise<void> | undefined
    const cancel = () => {
      if (this.#limitMs !== undefined) cancelling = this.#cancel(statements)
    }
    signal.addEventListener('abort', cancel, { once: true })
    try {
      return await fn(watched)
    } catch (error) {
      if (!statements.some(({ state }) => state)) work.mayHaveWritten = false
      throw signal.aborted && !connectionIsLost(error) ? signal.reason : error
    } finally {
      signal.removeEventListener('abort', cancel)
      if (cancelling) {
        await cancelling
        await sql`select 1`.catch(() => {}) // takes a signal that is still on its way
      }
    }
  }

  /** Cancels the running statements. Resolves when no request to cancel is on its way any more. */
  async #cancel(statements: Statement[]): Promise<void> {
    await new Promise(setImmediate) // the driver begins a statement in a later microtask
    for (const pause of CANCEL_PAUSES_MS) {
      const running = statements.find(({ active }) => active)
      if (!running) return
      const isOver = await Promise.race([
        running.canceller(running).then(yes, yes),
        sleep(CANCEL_TIMEOUT_MS, false, { ref: false }),
      ])
      if (!isOver) {
        this.cut() // even if the statement has ended: the request may still arrive
        return
      }
      await Promise.race([running.then(yes, yes), sleep(pause, undefined, { ref: false })])
    }
    if (statements.some(({ active }) => active)) this.cut()
  }
}

const yes = () => true

/** Returns the error for the caller. A write whose connection broke, or whose disk failed, may have happened. */
function afterWrite(work: Work, error: unknown): unknown {
  if (work.mayHaveWritten && connectionIsLost(error)) return outcomeUnknown(error)
  work.mayHaveWritten = false
  return error
}
