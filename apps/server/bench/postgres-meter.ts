import postgres from 'postgres'
import { megabytesOf } from './build.ts'

/** Measurements of a database by a superuser, outside the server. */
export type Meter = {
  /**
   * Returns the memory of the sessions of this database without shared memory; undefined if they do not run on this
   * machine.
   */
  sessionMegabytes(): Promise<number | undefined>
  /**
   * Returns the log written since the start of the cluster, the present size of the log, and the number of dead rows.
   */
  log(): Promise<{ writtenMegabytes: number; onDiskMegabytes: number; deadRows: number }>
  close(): Promise<void>
}

export function openMeter(databaseUrl: string): Meter {
  const sql = postgres(databaseUrl, {
    max: 1,
    onnotice: () => {},
    connection: { application_name: 'dakera-bench-meter' },
  })
  return {
    async sessionMegabytes() {
      const sessions = await sql<{ pid: number }[]>`select pid from pg_stat_activity where datname = current_database()`
      const sizes = sessions.map(({ pid }) => megabytesOf(pid, 'RssAnon')).filter((size) => size !== undefined)
      return sizes.length === 0 ? undefined : sizes.reduce((sum, size) => sum + size, 0)
    },
    async log() {
      const [found] = await sql<{ written: number; disk: number; dead: number }[]>`
        select (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8 / 1048576 as written,
          (select sum(size)::float8 from pg_ls_waldir()) / 1048576 as disk,
          (select sum(n_dead_tup)::float8 from pg_stat_user_tables) as dead`
      return { writtenMegabytes: found?.written ?? 0, onDiskMegabytes: found?.disk ?? 0, deadRows: found?.dead ?? 0 }
    },
    close: () => sql.end({ timeout: 5 }),
  }
}
