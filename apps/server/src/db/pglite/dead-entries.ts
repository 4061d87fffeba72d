import fs from 'node:fs'
import type { Engine, PgliteLog } from './engine.ts'

const DEAD_SHARE = 0.2
const DEAD_AT_LEAST = 1000

type Counts = Record<string, number>
/** `isClosed`: the database has been shut down since, so the next start is not a recovery. */
type Noted = { dead: Counts; isClosed: boolean }

/**
 * Counts the dead entries of tables with an HNSW index, where our vacuum leaves them in place. Postgres counts them
 * too, but in single-user mode it loses its statistics at shutdown, so the counts are kept in a file beside the
 * database. After a crash a count is too low, and the rebuild happens later; nothing else depends on it.
 */
export class DeadEntries {
  readonly #engine: Engine
  readonly #file: string
  #before: Counts = {}

  constructor(engine: Engine, file: string) {
    this.#engine = engine
    this.#file = file
  }

  /**
   * Rebuilds the indexes of a table if more than a fifth of its entries are dead, and vacuums the table fully. Called
   * only at start, before requests. It does nothing after a crash, because callers wait while that start replays the
   * log; the next start after a shutdown does it.
   */
  async rebuild(log: PgliteLog): Promise<void> {
    const { dead, isClosed } = read(this.#file)
    if (isClosed) await this.#rebuild(dead, log)
    this.#before = dead
    this.#write(dead, false)
  }

  async #rebuild(dead: Counts, log: PgliteLog): Promise<void> {
    const tables = await this.#engine.rows<{ name: string; id: string; rows: number }>(`
      select format('%I.%I', n.nspname, t.relname) as name, t.oid::text as id, t.reltuples::float8 as rows
      from pg_class t join pg_namespace n on n.oid = t.relnamespace
      where exists (select from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
        where i.indrelid = t.oid and a.amname = 'hnsw')`)
    for (const { name, id, rows } of tables) {
      if ((dead[id] ?? 0) < Math.max(DEAD_AT_LEAST, DEAD_SHARE * rows)) continue
      log.info({ table: name, dead: dead[id] }, 'rebuilding indexes: more than a fifth of their entries are dead')
      await this.#engine.run(`reindex table ${name}`)
      await this.#engine.run(`vacuum (index_cleanup on, truncate off, analyze) ${name}`)
      delete dead[id]
    }
  }

  /** May be called only by the holder of the turn. */
  async save(isClosing = false): Promise<void> {
    await this.#engine.run('select pg_stat_force_next_flush()')
    const tables = await this.#engine.rows<{ id: string; dead: number }>(
      'select relid::text as id, (n_tup_del + n_tup_upd - n_tup_hot_upd)::float8 as dead from ' +
        'pg_stat_user_tables where n_tup_del + n_tup_upd > 0',
    )
    const counts = { ...this.#before }
    for (const { id, dead } of tables) counts[id] = (counts[id] ?? 0) + dead
    this.#write(counts, isClosing)
  }

  #write(dead: Counts, isClosed: boolean): void {
    fs.writeFileSync(this.#file, JSON.stringify({ dead, isClosed } satisfies Noted))
  }
}

function read(file: string): Noted {
  try {
    const noted = JSON.parse(fs.readFileSync(file, 'utf8')) as Noted | Counts
    // Releases before November 2026 wrote only the counts.
    return 'isClosed' in noted ? (noted as Noted) : { dead: noted as Counts, isClosed: true }
  } catch {
    return { dead: {}, isClosed: false }
  }
}
