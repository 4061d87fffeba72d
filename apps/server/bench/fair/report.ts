import { answers, type Machine, table } from '../report.ts'
import type { Row } from './rows.ts'

/** The rows of one database, each with one result for each build. */
export type Result = { database: string; rows: { name: string; builds: { build: string; row: Row }[] }[] }

/** Returns the results as tables. */
export function describeFairness(machine: Machine, connections: number, results: Result[]): string {
  const about = `${machine.cores} cores, Node ${machine.node}, load ${machine.load.toFixed(1)}.
Milliseconds of one key's recall (k = 5, one call at a time, 500 memories) while another key sends the call of the row
on ${connections} connections as fast as it can.
Ratio: p99 over the p99 before and after the row. Loop: how late the event loop of the server ran, p99 / max.
Memory: the largest seen in the row, of the server, and of the sessions of Postgres beside shared memory.
Quiet again: after the attack has ended.`
  return [about, ...results.map(describeResult)].join('\n\n')
}

function describeResult({ database, rows }: Result): string {
  const head = [
    '',
    'quiet p50 / p99',
    'p50 / p95 / p99 / max',
    'ratio',
    'calls',
    'failed',
    'attacker got',
    'MB',
    'loop',
    'quiet again',
  ]
  const lines = rows.flatMap(({ name, builds }) =>
    builds.map(({ build, row }) => {
      const { quiet, attacked, ratio, failures, attacker, megabytes, loop, secondsUntilQuiet, note } = row
      return [
        builds.length > 1 ? `${name} [${build}]` : name,
        `${ms(quiet.p50)} / ${ms(quiet.p99)}`,
        [attacked.p50, attacked.p95, attacked.p99, attacked.max].map(ms).join(' / '),
        ratio.toFixed(1),
        String(attacked.count),
        answers(failures),
        answers(attacker) + (note ? `; ${note}` : ''),
        [megabytes.server, megabytes.database].filter((size) => size !== undefined).join(' + ') || '-',
        loop ? `${ms(loop.p99)} / ${ms(loop.max)}` : 'silent',
        secondsUntilQuiet === undefined ? 'no: started anew' : `${secondsUntilQuiet.toFixed(1)} s`,
      ]
    }),
  )
  return [database, ...table([head, ...lines])].join('\n')
}

const ms = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0))
