import type { PGlite } from '@electric-sql/pglite'
import { PgliteError } from './error.ts'
import { errorIn, queryMessage } from './frames.ts'

const LONG_JUMP = 100

/** Postgres itself: one session, one statement at a time, used by whoever holds its turn. */
export class Engine {
  readonly #db: PGlite
  #turn: Promise<void> = Promise.resolve()
  #stopped: PgliteError | undefined

  /** `lastWords` is what Postgres wrote to its log before it gave up. */
  constructor(db: PGlite, lastWords: () => string | undefined) {
    this.#db = db
    guardAgainstPanic(db, (cause) => this.stop(new Error(lastWords() ?? cause.message, { cause })))
  }

  /** Why the database no longer answers. */
  get stopped(): PgliteError | undefined {
    return this.#stopped
  }

  /** Waits for the turn; the function gives it back. Hold it through a transaction: there is only one session. */
  async acquire(): Promise<() => void> {
    const before = this.#turn
    let release = () => {}
    this.#turn = new Promise((resolve) => {
      release = resolve
    })
    await before
    return release
  }

  /** Hands messages to Postgres and gives its reply. Only for who holds the turn. */
  async execute(message: Uint8Array): Promise<Buffer> {
    this.#check()
    const chunks: Buffer[] = []
    try {
      // The stream variant, because the plain one parses each reply and keeps what it parsed for ever. A view into WASM memory is copied.
      await this.#db.execProtocolRawStream(message, { syncToFs: false, onRawData: (bytes) => void chunks.push(Buffer.from(bytes)) })
    } catch (error) {
      this.stop(error as Error)
    }
    this.#check()
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
  }

  /** One statement (or several) without parameters. Only for who holds the turn. */
  async run(sql: string): Promise<void> {
    const error = errorIn(await this.execute(queryMessage(sql)))
    if (error) throw Object.assign(new Error(error.message), { code: error.code })
  }

  async rows<T>(sql: string): Promise<T[]> {
    this.#check()
    return (await this.#db.query<T>(sql)).rows
  }

  /** For good: after a failed flush or a crash inside Postgres only a restart, which recovers from the log, gives a known state. */
  stop(cause: Error): void {
    const advice = /ENOSPC|EDQUOT|No space left|quota/.test(cause.message) ? 'The disk is full: make room, then restart.' : 'Check the disk and restart.'
    this.#stopped ??= new PgliteError(
      'STOPPED',
      `The embedded database has stopped and takes no more requests (${cause.message}). ${advice} Every acknowledged write is kept.`,
      { cause },
    )
  }

  #check(): void {
    if (this.#stopped) throw this.#stopped
  }
}

/**
 * PGlite swallows whatever the WASM throws and calls it again until the input is used up; after a PANIC that is an
 * endless loop. So we remember the first exception that is not Postgres' own error jump and throw it where PGlite does not catch.
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
