import type { PGlite } from '@electric-sql/pglite'
import { isFull, PgliteError } from './error.ts'
import { errorIn, queryMessage, warningIn } from './frames.ts'
import type { Pulse } from './pulse.ts'

/** The methods of a pino logger that the embedded database uses. */
export type PgliteLog = Record<'info' | 'warn' | 'error', (about: object, message: string) => void>

const LONG_JUMP = 100

/** Postgres itself: one session, one statement at a time, used by the holder of its turn. */
export class Engine {
  readonly #db: PGlite
  readonly #pulse: Pulse
  readonly #onStop: (why: PgliteError) => void
  #turn: Promise<void> = Promise.resolve()
  #stopped: PgliteError | undefined

  /**
   * `lastWords` returns the last lines that Postgres wrote to its log before it ended; `pulse` shows other threads when
   * a statement runs.
   */
  constructor(db: PGlite, pulse: Pulse, lastWords: () => string | undefined, onStop: (why: PgliteError) => void) {
    this.#db = db
    this.#pulse = pulse
    this.#onStop = onStop
    guardAgainstPanic(db, (cause) => this.stop(new Error(lastWords() ?? cause.message, { cause })))
  }

  /** The reason why the database has stopped; undefined while it runs. */
  get stopped(): PgliteError | undefined {
    return this.#stopped
  }

  /**
   * Waits for the turn, and returns a function that releases it. Keep the turn during a transaction, as there is only
   * one session.
   */
  async acquire(): Promise<() => void> {
    const before = this.#turn
    let release = () => {}
    this.#turn = new Promise((resolve) => {
      release = resolve
    })
    await before
    return release
  }

  /** Passes messages to Postgres and returns its reply. May be called only by the holder of the turn. */
  async execute(message: Uint8Array): Promise<Buffer> {
    this.#check()
    const chunks: Uint8Array[] = []
    this.#pulse.begin()
    try {
      // The stream variant, because the plain one parses each reply and never frees the result. A view into WASM memory
      // is copied.
      await this.#db.execProtocolRawStream(message, {
        syncToFs: false,
        onRawData: (bytes) => void chunks.push(bytes.slice()),
      })
    } catch (error) {
      this.stop(error as Error)
    } finally {
      this.#pulse.end()
    }
    this.#check()
    return chunks.length === 1 ? Buffer.from((chunks[0] as Uint8Array<ArrayBuffer>).buffer) : Buffer.concat(chunks)
  }

  /**
   * Runs one or more statements without parameters. A warning counts as a failure, because Postgres only warns of
   * upkeep that it skips.
   */
  async run(sql: string): Promise<void> {
    const reply = await this.execute(queryMessage(sql))
    const complaint = errorIn(reply) ?? warningIn(reply)
    if (complaint) throw Object.assign(new Error(complaint.message), { code: complaint.code })
  }

  async rows<T>(sql: string): Promise<T[]> {
    this.#check()
    this.#pulse.begin()
    try {
      return (await this.#db.query<T>(sql)).rows
    } finally {
      this.#pulse.end()
    }
  }

  /** Runs upkeep as the superuser that owns this session, and then restores the role that the client has taken. */
  async asOwner<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.acquire()
    this.#pulse.isUpkeep = true
    try {
      const [session] = await this.rows<{ role: string }>(`select current_setting('role') as role`)
      await this.run('set role none')
      try {
        return await work()
      } finally {
        if (!this.#stopped) await this.run(`set role ${session?.role ?? 'none'}`)
      }
    } finally {
      this.#pulse.isUpkeep = false
      release()
    }
  }

  /**
   * Stops the database for good: after a failed flush or a crash inside Postgres, only a new thread, which recovers
   * from the log, has a known state.
   */
  stop(cause: Error): void {
    if (this.#stopped) return
    const advice = isFull(cause) ? 'The disk is full: make room. ' : ''
    this.#stopped = new PgliteError(
      'STOPPED',
      `The embedded database has stopped (${cause.message}). ${advice}No acknowledged write is lost.`,
      { cause },
    )
    this.#onStop(this.#stopped)
  }

  #check(): void {
    if (this.#stopped) throw this.#stopped
  }
}

/**
 * PGlite catches every exception of the WASM code and calls it again until the input is used up; after a PANIC this is
 * an endless loop. So we keep the first exception that is not Postgres' own error jump, and throw it where PGlite does
 * not catch it.
 */
function guardAgainstPanic(db: PGlite, stop: (cause: Error) => void): void {
  const module = db.Module as unknown as { _PostgresMainLoopOnce: () => void; stackRestore: (to: number) => void }
  const { _PostgresMainLoopOnce: loop, stackRestore } = module
  let crash: Error | undefined
  module._PostgresMainLoopOnce = () => {
    try {
      loop()
    } catch (error) {
      if ((error as { status?: number }).status !== LONG_JUMP) {
        crash = error as Error
        stop(crash)
      }
      throw error
    }
  }
  module.stackRestore = (to) => {
    if (crash) throw crash
    stackRestore(to)
  }
}
