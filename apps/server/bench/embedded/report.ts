import { answers, type Machine, table } from '../report.ts'
import type { Kills } from './kills.ts'
import type { Speed } from './speed.ts'

/** Returns the results as tables; with two builds the last column is the first divided by the second. */
export function describeEmbedded(
  machine: Machine,
  memories: number,
  updates: number,
  speeds: Speed[],
  kills: { build: string; result: Kills }[],
): string {
  const about =
    `${machine.cores} cores, Node ${machine.node}, load ${machine.load.toFixed(1)}. Embedded ` +
    `database, ${memories} memories. HTTP through the TypeScript SDK, embedding included.`
  return [about, ...(speeds.length > 0 ? [describeSpeeds(updates, speeds)] : []), ...kills.map(describeKills)].join(
    '\n\n',
  )
}

function describeSpeeds(updates: number, speeds: Speed[]): string {
  const rows: [string, (speed: Speed) => number | undefined][] = [
    ['one store, p50 ms', ({ store }) => store.p50],
    ['one store, p99 ms', ({ store }) => store.p99],
    ['ten agents storing, p50 ms', ({ tenStoring }) => tenStoring.p50],
    ['ten agents storing, p99 ms', ({ tenStoring }) => tenStoring.p99],
    ['recall k=5, p50 ms', ({ recall }) => recall.p50],
    ['recall k=5, p99 ms', ({ recall }) => recall.p99],
    ['event loop late, p99 ms', ({ loop }) => loop?.p99],
    ['event loop late, max ms', ({ loop }) => loop?.max],
    ['batch store, memories/s', ({ filled }) => filled.perSecond],
    ['event loop late in batch store, p99 ms', ({ filled }) => filled.loop?.p99],
    ['event loop late in batch store, max ms', ({ filled }) => filled.loop?.max],
    ['RSS at the end, MB', ({ residentMegabytes }) => residentMegabytes],
    [`ready after ${updates} updates and kill -9, s`, ({ restart }) => restart.seconds],
    ['log on disk when killed, MB', ({ restart }) => restart.logMegabytes.killed],
    ['log on disk when ready again, MB', ({ restart }) => restart.logMegabytes.restarted],
    ['acknowledged and lost', ({ restart }) => restart.lost],
  ]
  const head = ['', ...speeds.map(({ build }) => build), ...(speeds.length === 2 ? ['quotient'] : [])]
  const lines = rows.map(([name, of]) => {
    const values = speeds.map(of)
    const [own, other] = values
    const quotient = own !== undefined && other !== undefined && other > 0 ? (own / other).toFixed(2) : ''
    return [name, ...values.map(number), ...(speeds.length === 2 ? [quotient] : [])]
  })
  return table([head, ...lines]).join('\n')
}

function describeKills({ build, result }: { build: string; result: Kills }): string {
  const { way, kills, acknowledged, lost, failures, backAfter } = result
  const what = way === 'worker' ? 'its database worker ended' : 'the whole process ended by kill -9 and started again'
  const [p50, p99, most] = [backAfter.p50, backAfter.p99, backAfter.max].map(number)
  return `${build}: ${what} ${kills} times under ten writers.
  acknowledged ${acknowledged}, of them lost ${lost}
  a store succeeded again after p50 ${p50}, p99 ${p99}, at most ${most} ms
  the writers got meanwhile: ${answers(failures)}`
}

const number = (value: number | undefined): string =>
  value === undefined ? '-' : value < 10 ? String(Math.round(10 * value) / 10) : value.toFixed(0)
