import { setImmediate as pause } from 'node:timers/promises'
import type { DeadEntries } from './dead-entries.ts'
import type { Engine, PgliteLog } from './engine.ts'

const MINUTE_MS = 60_000
const CHECKPOINT_MS = 5 * MINUTE_MS
const VACUUM_MS = 10 * MINUTE_MS
// The bytes of changes after which a vacuum runs sooner: dead rows slow down every scan.
const VACUUM_BYTES = 64 * 1024 * 1024
const LOOK_MS = MINUTE_MS / 2
const ANALYZE_MS = 10_000
// The minutes after a checkpoint, with changes since, from which readiness warns.
const LATE_MINUTES = 15
// The bytes of log that a start after a crash may have to replay; this bounds how long it takes.
const CHECKPOINT_BYTES = 24 * 1024 * 1024

/**
 * The upkeep that a Postgres server does in the background and a single session does not. Each step waits until the
 * open transaction ends.
 */
export class Maintenance {
  readonly #engine: Engine
  readonly #deadEntries: DeadEntries
  readonly #log: PgliteLog
  #timers: NodeJS.Timeout[] = []
  #sinceCheckpoint = 0
  #sinceVacuum = 0
  #sinceAnalyze = 0
  #checkpointDue = false
  #lastCheckpoint = performance.now()
  #lastVacuum = performance.now()
  #failure: string | undefined
  #closing = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(engine: Engine, deadEntries: DeadEntries, log: PgliteLog) {
    this.#engine = engine
    this.#deadEntries = deadEntries
    this.#log = log
  }

  /** Called by the file system after each write to the log. */
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
      LOOK_MS,
      'vacuum',
      () => this.vacuum(),
      () =>
        this.#sinceVacuum > VACUUM_BYTES || (this.#sinceVacuum > 0 && performance.now() - this.#lastVacuum > VACUUM_MS),
    )
    every(
      ANALYZE_MS,
      'analyze',
      () => this.analyze(),
      () => this.#sinceAnalyze > 0,
    )
  }

  /** Stops the upkeep. Afterwards no timer fires and nothing runs. */
  async stop(): Promise<void> {
    this.#closing = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    await this.#last
  }

  /** The warning for readiness; undefined while upkeep works. */
  get warning(): string | undefined {
    const minutes = Math.round((performance.now() - this.#lastCheckpoint) / MINUTE_MS)
    if (this.#sinceCheckpoint > 0 && minutes > LATE_MINUTES)
      return `The last checkpoint of the embedded database was ${minutes} minutes ago.`
    return this.#failure
  }

  /** Moves the point from which a restart replays the log. It is safe at any moment: durable-fs.ts explains why. */
  async checkpoint(): Promise<void> {
    await this.#engine.asOwner(() => this.#engine.run('checkpoint'))
    this.#sinceCheckpoint = 0
    this.#checkpointDue = false
    this.#lastCheckpoint = performance.now()
  }

  /**
   * Frees dead rows for reuse and refreshes the planner's statistics, table by table, so that requests run in between.
   * The indexes of a table with an HNSW index are skipped, because cleaning one blocks for minutes. So are tables that
   * have not changed since the last time.
   */
  async vacuum(): Promise<void> {
    this.#sinceVacuum = 0
    this.#lastVacuum = performance.now()
    const tables = await this.#engine.asOwner(async () => {
      await this.#engine.run('select pg_stat_force_next_flush()')
      return this.#engine.rows<{ name: string; has_hnsw: boolean }>(`
        select format('%I.%I', schemaname, relname) as name, exists (
          select from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
          where i.indrelid = relid and a.amname = 'hnsw') as has_hnsw
        from pg_stat_all_tables
        where (n_dead_tup > 50 or n_mod_since_analyze > 50) and schemaname not in ('pg_toast', 'information_schema')`)
    })
    for (const { name, has_hnsw } of tables) {
      if (this.#closing) return
      await this.#engine.asOwner(() =>
        this.#engine.run(`vacuum (index_cleanup ${has_hnsw ? 'off' : 'auto'}, truncate off, analyze) ${name}`),
      )
      await pause()
    }
    await this.#engine.asOwner(() => this.#deadEntries.save())
  }

  /**
   * Refreshes the planner's statistics of tables that grew by a fifth: plans are kept for the session, and one made
   * while a table was nearly empty reads all of it. It takes a fifteenth of the usual sample, because all other work
   * waits.
   */
  async analyze(): Promise<void> {
    this.#sinceAnalyze = 0
    const tables = await this.#engine.asOwner(async () => {
      await this.#engine.run('select pg_stat_force_next_flush()')
      return this.#engine.rows<{ name: string }>(`
        select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables
          where n_mod_since_analyze > 200 + 0.2 * n_live_tup`)
    })
    for (const { name } of tables) {
      if (this.#closing) return
      await this.#engine.asOwner(async () => {
        await this.#engine.run('set default_statistics_target = 7')
        await this.#engine.run(`analyze ${name}`).finally(() => this.#engine.run('reset default_statistics_target'))
      })
      await pause()
    }
  }

  async #attempt(name: string, work: () => Promise<void>): Promise<void> {
    if (this.#closing) return
    const before = this.#last
    this.#last = before.then(work).then(
      () => {
        if (this.#failure?.startsWith(name)) this.#failure = undefined
      },
      (error: Error) => {
        this.#checkpointDue = false
        if (this.#engine.stopped) return
        this.#failure = `${name} of the embedded database failed: ${error.message}`
        this.#log.error({ err: error }, `${name} failed; it will be retried`)
      },
    )
    await this.#last
  }
}
