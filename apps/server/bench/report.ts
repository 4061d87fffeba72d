import type { Summary } from './measure.ts'
import type { Result, Row } from './rows.ts'

/** The machine, as far as it explains the numbers. */
export type Machine = { cores: number; node: string; load: number }

/** The results as tables to read. */
export function describe(machine: Machine, results: Result[]): string {
  const about = `${machine.cores} cores, Node ${machine.node}, load ${machine.load.toFixed(1)}. Milliseconds, p50 / p95 / p99. HTTP: through the TypeScript SDK, embedding included.
SQL: the same function call through postgres.js in the server's process, without HTTP and embedding. Empty: GET /health/live, same client.`
  return [about, ...results.map(describeResult)].join('\n\n')
}

function describeResult({ database, memories, vectorIndexes, load, rows, residentMegabytes: { loaded, end } }: Result): string {
  const head = ['', 'HTTP', 'document', 'SQL', 'empty', 'HTTP : document', 'HTTP : SQL', 'calls']
  const lines = [head, ...rows.map(cells)]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const table = lines.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('   '),
  )
  return [
    `${database}: ${memories} memories, ${vectorIndexes} vector index${vectorIndexes === 1 ? '' : 'es'}`,
    ...table,
    `Store batch: ${load.perSecond} memories/s (500 a call, ${load.memories} in all). Server's memory: ${loaded} MB loaded, ${end} MB at the end.`,
  ].join('\n')
}

function cells({ name, promised, http, sql, empty }: Row): string[] {
  const ratio = (a: number, b: number) => (a / b).toFixed(2)
  return [
    name,
    times(http),
    `${promised.p50} / - / ${promised.p99}`,
    times(sql),
    times(empty),
    `${ratio(http.p50, promised.p50)} / ${ratio(http.p99, promised.p99)}`,
    `${ratio(http.p50, sql.p50)} / ${ratio(http.p99, sql.p99)}`,
    String(http.count),
  ]
}

const times = ({ p50, p95, p99 }: Summary): string => [p50, p95, p99].map((ms) => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0))).join(' / ')
