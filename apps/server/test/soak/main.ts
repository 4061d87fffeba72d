// npm run test:soak: the tests' series at their full length, then half an hour of ordinary and hostile keys on one
// server. Checks that memory does not grow and that nothing is lost.
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { OWN_CHECKOUT } from '../../bench/build.ts'
import { atLeast, readArguments, say } from '../../bench/program.ts'
import { answers, table } from '../../bench/report.ts'
import { findPostgres } from '../postgres/find.ts'
import { type Soak, soak } from './soak.ts'
import { condense } from './verdict.ts'

const HELP = `Runs the tests of kills, crashes, crowds and random texts with their full series, which are short under
npm test. Then ten ordinary keys work at the pace of people (store, recall, search, list, update, forget,
sessions), while two hostile keys send expensive but valid calls on several connections without a pause.
Memory, log, disk and the delay of the event loop are sampled every ten seconds.

Usage: npm run test:soak -- [options]

  --part <name>          series, load or both (default both)
  --engine <name>        postgres, pglite or both, one after the other (default both)
  --minutes <n>          Minutes of the load on each database (default 30)
  --database-url <url>   For the load: a Postgres where a database can be created (and is dropped at the end), as a
                         superuser; default: the one that the tests find or start
  --connections <n>      Connections of each hostile key (default 4)
  --checkout <folder>    The server of another checkout instead of this one, for the load
  --json                 Print the load's figures as JSON, with every sample
  --help                 Show this

Exits with 1 if a series fails, if an ordinary key got a 5xx or no response, if an acknowledged memory is missing at
the end, or if the memory of the last third exceeds that of the second by more than 15 %. Ctrl-C during the load prints
the results so far and checks nothing.
`
const ROWS = 15

const options = readArguments(HELP, () => {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((argument) => argument !== '--'), // pnpm passes it on unchanged
    options: {
      part: { type: 'string', default: 'both' },
      minutes: { type: 'string', default: '30' },
      engine: { type: 'string', default: 'both' },
      'database-url': { type: 'string' },
      connections: { type: 'string', default: '4' },
      checkout: { type: 'string', default: OWN_CHECKOUT },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (!['postgres', 'pglite', 'both'].includes(values.engine))
    throw new Error('--engine must be postgres, pglite or both.')
  if (!['series', 'load', 'both'].includes(values.part)) throw new Error('--part must be series, load or both.')
  const minutes = atLeast('--minutes', values.minutes, 0.1)
  return {
    ...values,
    amount: {
      minutes,
      sampleSeconds: Math.min(10, 4 * minutes),
      connections: atLeast('--connections', values.connections, 1),
    },
  }
})

if (options.help) console.log(HELP)
else await run()

async function run(): Promise<void> {
  if (options.part !== 'load' && (await runSeries()) !== 0) process.exitCode = 1
  if (options.part !== 'series') await load()
}

/** Runs the test files that have a series, and returns the exit code. */
function runSeries(): Promise<number> {
  const files = globSync('apps/server/{src,test}/**/*.test.ts', { cwd: OWN_CHECKOUT }).filter((file) =>
    /^import .*\/series\.ts'$/m.test(readFileSync(join(OWN_CHECKOUT, file), 'utf8')),
  )
  const engines = options.engine === 'both' ? ['postgres', 'pglite'] : [options.engine]
  const projects = engines.flatMap((engine) => ['--project', `server-${engine}`])
  say(`The whole series of ${files.length} files ...`)
  return new Promise((resolve, reject) => {
    const child = spawn('vitest', ['run', ...projects, ...files], {
      cwd: OWN_CHECKOUT,
      env: { ...process.env, DAKERA_TEST_SERIES: 'whole' },
      stdio: ['ignore', 2, 2],
    })
    process.once('SIGTERM', () => child.kill())
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

async function load(): Promise<void> {
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort())
  const soaks: Soak[] = []
  if (options.engine !== 'pglite') {
    const url = options['database-url']
    const found = url ? { url, stop: async () => {} } : await findPostgres()
    try {
      soaks.push(await soak('Postgres', options.checkout, found.url, options.amount, interruption.signal, say))
    } finally {
      await found.stop()
    }
  }
  if (options.engine !== 'postgres' && !interruption.signal.aborted) {
    soaks.push(await soak('Embedded', options.checkout, undefined, options.amount, interruption.signal, say))
  }
  console.log(options.json ? JSON.stringify(soaks, null, 2) : soaks.map(describe).join('\n\n'))
  if (soaks.some(({ faults }) => faults.length > 0)) process.exitCode = 1
  if (interruption.signal.aborted) process.exitCode = 130
}

function describe({ database, seconds, samples, ordinary, recall, hostile, logged, checked, faults }: Soak): string {
  const isEmbedded = database === 'Embedded'
  const cell = (value: number | undefined) => (value === undefined ? '-' : String(Math.round(value)))
  const head = [
    'seconds',
    'RSS MB',
    'log MB',
    isEmbedded ? 'data MB' : 'log written MB',
    ...(isEmbedded ? [] : ['dead rows']),
    'loop late p99 / max ms',
  ]
  const lines = condense(samples, ROWS).map((sample) => [
    cell(sample.seconds),
    cell(sample.residentMegabytes),
    cell(sample.logMegabytes),
    cell(isEmbedded ? sample.dataMegabytes : sample.logWrittenMegabytes),
    ...(isEmbedded ? [] : [cell(sample.deadRows)]),
    sample.loop ? `${cell(sample.loop.p99)} / ${cell(sample.loop.max)}` : 'silent',
  ])
  const memories = checked?.reduce((sum, key) => sum + key.memories, 0)
  return [
    `${database}, ${seconds} s. Each line has the largest value of its stretch.`,
    ...table([head, ...lines]),
    `ordinary keys: ${answers(ordinary)}; recall p50 / p95 / p99 / max ` +
      `${[recall.p50, recall.p95, recall.p99, recall.max].map(cell).join(' / ')} ms`,
    `hostile keys: ${answers(hostile)}`,
    checked
      ? `acknowledged and asked for by id: ${memories} memories`
      : 'interrupted: what was acknowledged is not checked',
    ...Object.entries(logged).map(([text, times]) => `logged ${times} x: ${text.slice(0, 160)}`),
    faults.length === 0
      ? checked
        ? 'PASSED'
        : 'no fault so far'
      : `FAILED\n${faults
          .slice(0, 20)
          .map((fault) => `  ${fault}`)
          .join('\n')}${faults.length > 20 ? `\n  and ${faults.length - 20} more` : ''}`,
  ].join('\n')
}
