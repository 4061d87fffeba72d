import type { Summary } from './measure.ts'
import type { Result, Row } from './rows.ts'
import type { Scale, Size } from './scale.ts'

/** The properties of the machine that explain the numbers. */
export type Machine = { cores: number; node: string; load: number }

/** Returns the results as tables. */
export function describe(machine: Machine, results: Result[]): string {
  const about = `${machine.cores} cores, Node ${machine.node}, load ${machine.load.toFixed(1)}.
Milliseconds, p50 / p95 / p99. HTTP: through the TypeScript SDK, embedding included.
SQL: the same function call through postgres.js in the process of the server, without HTTP and embedding.
Empty: GET /health/live, same client.`
  return [about, ...results.map(describeResult)].join('\n\n')
}

function describeResult({
  database,
  memories,
  vectorIndexes,
  load,
  rows,
  residentMegabytes: { loaded, end },
}: Result): string {
  const head = ['', 'HTTP', 'document', 'SQL', 'empty', 'HTTP : document', 'HTTP : SQL', 'calls']
  return [
    `${database}: ${memories} memories, ${vectorIndexes} vector index${vectorIndexes === 1 ? '' : 'es'}`,
    ...table([head, ...rows.map(cells)]),
    `Store batch: ${load.perSecond} memories/s (500 a call, ${load.memories} in all). Server's memory: ${loaded} ` +
      `MB loaded, ${end} MB at the end.`,
  ].join('\n')
}

/** Lays out columns as wide as their widest cell; the first is left-aligned, the others are right-aligned. */
export function table(lines: string[][]): string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   '),
  )
}

/** Returns a tally as text, such as "201 x 40, 429 x 3", the most frequent first. */
export function answers(tally: Record<string, number>): string {
  const sorted = Object.entries(tally).sort(([, a], [, b]) => b - a)
  return sorted.map(([answer, count]) => `${answer} x ${count}`).join(', ') || '-'
}

/** Returns the results for namespaces of several sizes as tables. */
export function describeScale(machine: Machine, results: Scale[]): string {
  const about = `${machine.cores} cores, Node ${machine.node}, load ${machine.load.toFixed(1)}.
Milliseconds, p50 / p95 / p99. One and ten clients: HTTP through the TypeScript SDK, embedding included.
SQL: the same function call through postgres.js in the process of the server. Empty: GET /health/live.
: (SQL + empty): p50 of one client over the sum of both.`
  return [about, ...results.map(describeOneScale)].join('\n\n')
}

function describeOneScale({ database, others, sizes, quotients, residentMegabytes }: Scale): string {
  const growth = sizes
    .slice(1)
    .map(({ rows }, i) => `${rows} : ${sizes[0]?.rows} memories ${quotients.growth[i + 1]?.toFixed(2)}`)
  return [
    `${database}, beside ${others} memories of others`,
    ...sizes.flatMap(describeSize),
    ...(growth.length > 0 ? [`recall k=5, p50: ${growth.join(', ')}`] : []),
    `recall k=5 by SQL, p50: beside ${others} of others : alone ${quotients.others.toFixed(2)}; policies on : ` +
      `off ${quotients.policies.toFixed(2)}`,
    `stores/s by SQL: ten writers : one ${quotients.tenWriters.toFixed(2)}; writers seen waiting for another's ` +
      `lock: ${quotients.lockWaits} in ${quotients.lockLooks} looks`,
    `server's memory ${residentMegabytes} MB`,
  ].join('\n')
}

function describeSize({ rows, storedPerSecond, bytesPerMemory, calls, lag, foundAtOnce }: Size): string[] {
  const lines = calls.map(({ name, one, ten, sql, empty }) => [
    name,
    times(one),
    times(ten),
    times(sql),
    times(empty),
    (one.p50 / (sql.p50 + empty.p50)).toFixed(2),
  ])
  return [
    '',
    `${rows} memories; batch store ${storedPerSecond}/s; ${bytesPerMemory} bytes each on disk; a store is ` +
      `recalled ${times(lag)} ms later, ${Math.round(100 * foundAtOnce)} % by the first recall`,
    ...table([['', 'one client', 'ten clients', 'SQL', 'empty', ': (SQL + empty)'], ...lines]),
  ]
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

const times = ({ p50, p95, p99 }: Summary): string =>
  [p50, p95, p99].map((ms) => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0))).join(' / ')
