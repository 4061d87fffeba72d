import { setImmediate as pause } from 'node:timers/promises'
import type { DeadEntries } from './dead-entries.ts'
import type { Engine } from './engine.ts'
import type { PgliteLog } from './open.ts'

const MINUTE_MS = 60_000
const CHECKPOINT_MS = 5 * MINUTE_MS
const VACUUM_MS = 10 * MINUTE_MS
const ANALYZE_MS = 10_000
// Replayed at the next start after a crash, so it bounds how long that takes.
const CHECKPOINT_BYTES = 64 * 1024 * 1024

/** The upkeep a Postgres server does in the background and a single session does not. Each step waits for the open transaction to end. */
export class Maintenance {
  readonly #engine: Engine
  readonly #deadEntries: DeadEntries
  readonly #log: PgliteLog
  #timers: NodeJS.Timeout[] = []
  #sinceCheckpoint = 0
  #sinceVacuum = 0
  #sinceAnalyze = 0
  #checkpointDue = false
  #closing = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(engine: Engine, deadEntries: DeadEntries, log: PgliteLog) {
    this.#engine = engine
    this.#deadEntries = deadEntries
    this.#log = log
  }

  /** Told by the file system about each write to the log. */
  readonly written = (bytes: number): void => {
    this.#sinceCheckpoint += bytes
    this.#sinceVacuum += bytes
    this.#sinceAnalyze += bytes
    if (this.#sinceCheckpoint < CHECKPOINT_BYTES || this.#checkpointDue || this.#timers.length === 0) return
    this.#checkpointDue = true
    setImmediate(() => void this.#attempt('checkpoint', () => this.checkpoint()))
  }

  start(): void {
    const every = (milliseconds: number, name: string, work: () => Promise<void>, isDue: () => boolean) =>
      this.#timers.push(setInterval(() => isDue() && void this.#attempt(name, work), milliseconds).unref())
    every(
      CHECKPOINT_MS,
      'checkpoint',
      () => this.checkpoint(),
      () => this.#sinceCheckpoint > 0,
    )
    every(
      VACUUM_MS,
      'vacuum',
      () => this.vacuum(),
      () => this.#sinceVacuum > 0,
    )
    every(
      ANALYZE_MS,
      'analyze',
      () => this.analyze(),
      () => this.#sinceAnalyze > 0,
    )
  }

  /** After this no timer fires and nothing is running. */
  async stop(): Promise<void> {
    this.#closing = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    await this.#last
  }

  /** Moves the point from which a restart replays the log. Safe at any moment: durable-fs.ts says why. */
  async checkpoint(): Promise<void> {
    await this.#withTurn(() => this.#engine.run('checkpoint'))
    this.#sinceCheckpoint = 0
    this.#checkpointDue = false
  }

  /**
   * Frees dead rows for reuse and refreshes the planner's figures, table by table, so that requests get in between.
   * Without the indexes: cleaning an HNSW index blocks for minutes. Only tables that changed since the last time.
   */
  async vacuum(): Promise<void> {
    this.#sinceVacuum = 0
    const tables = await this.#withTurn(() =>
      this.#engine.rows<{ name: string }>(`
        select format('%I.%I', schemaname, relname) as name from pg_stat_all_tables
        where (n_dead_tup > 50 or n_mod_since_analyze > 50) and schemaname not in ('pg_toast', 'information_schema')`),
    )
    for (const { name } of tables) {
      if (this.#closing) return
      await this.#withTurn(() => this.#engine.run(`vacuum (index_cleanup off, truncate off, analyze) ${name}`))
      await pause()
    }
    await this.#withTurn(() => this.#deadEntries.save())
  }

  /**
   * Refreshes the planner's figures of tables that grew by a fifth: plans are kept for the session, and one made while a table was
   * nearly empty reads all of it. A fifteenth of the usual sample, as everything else waits meanwhile.
   */
  async analyze(): Promise<void> {
    this.#sinceAnalyze = 0
    const tables = await this.#withTurn(async () => {
      await this.#engine.run('select pg_stat_force_next_flush()')
      return this.#engine.rows<{ name: string }>(`
        select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables where n_mod_since_analyze > 200 + 0.2 * n_live_tup`)
    })
    for (const { name } of tables) {
      if (this.#closing) return
      await this.#withTurn(() => this.#engine.run(`begin; set local default_statistics_target = 7; analyze ${name}; commit`))
      await pause()
    }
  }

  async #withTurn<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.#engine.acquire()
    try {
      return await work()
    } finally {
      release()
    }
  }

  async #attempt(name: string, work: () => Promise<void>): Promise<void> {
    if (this.#closing) return
    const before = this.#last
    this.#last = before.then(work).catch((error: Error) => {
      this.#checkpointDue = false
      if (!this.#engine.stopped) this.#log.warn({ err: error }, `${name} failed; it will be tried again`)
    })
    await this.#last
  }
}
