// pnpm bench:fair: how long one key waits while another sends the most expensive valid calls.
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { findPostgres } from '../../test/postgres/find.ts'
import { type Build, OWN_CHECKOUT, startBuild } from '../build.ts'
import { openMeter } from '../postgres-meter.ts'
import { atLeast, checkoutName, readArguments, say, whenInterrupted } from '../program.ts'
import { describeFairness, type Result } from './report.ts'
import { type Ground, measureRow, prepare, ROWS } from './rows.ts'

const HELP = `Measures one key's recall in its own namespace of 500 memories while one other key sends an expensive but
valid call on several connections without a pause: before, during and after, row by row. With --against, another build
is measured in turns.

Usage: pnpm bench:fair [options]

  --against <checkout>   Measure the server of this checkout too (its dependencies must be installed)
  --engine <name>        postgres, pglite or both (default both)
  --database-url <url>   A Postgres where databases can be created (and are dropped at the end);
                         default: the one that the tests find or start, with 1 GB of shared buffers
  --seconds <n>          How long each attack lasts, and the time before and after it in total (default 8)
  --connections <n>      Connections of the attacker (default 8)
  --only <text>          Only the rows whose name contains this text
  --memory-limit <MB>    Ends a row if the server or the sessions of Postgres use more (default 4096)
  --json                 Print JSON
  --help                 Show this

Starts servers on 127.0.0.1 and attacks no others. A row takes about 2 x --seconds, and up to two minutes if the server
does not recover.
`

const options = readArguments(HELP, () => {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((argument) => argument !== '--'), // pnpm passes it on unchanged
    options: {
      against: { type: 'string' },
      engine: { type: 'string', default: 'both' },
      'database-url': { type: 'string' },
      seconds: { type: 'string', default: '8' },
      connections: { type: 'string', default: '8' },
      only: { type: 'string', default: '' },
      'memory-limit': { type: 'string', default: '4096' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (!['postgres', 'pglite', 'both'].includes(values.engine))
    throw new Error('--engine must be postgres, pglite or both.')
  const rows = ROWS.filter(({ name }) => name.includes(values.only))
  if (rows.length === 0)
    throw new Error(
      `--only "${values.only}" matches no row. The rows are:\n${ROWS.map(({ name }) => `  ${name}`).join('\n')}`,
    )
  return {
    ...values,
    rows,
    amount: {
      seconds: atLeast('--seconds', values.seconds, 1),
      connections: atLeast('--connections', values.connections, 1),
      memoryLimitMegabytes: atLeast('--memory-limit', values['memory-limit'], 256),
    },
  }
})

if (options.help) console.log(HELP)
else {
  const results = await run()
  const machine = { cores: availableParallelism(), node: process.version, load: loadavg()[0] ?? 0 }
  console.log(
    options.json
      ? JSON.stringify({ machine, results }, null, 2)
      : describeFairness(machine, options.amount.connections, results),
  )
}

async function run(): Promise<Result[]> {
  const results: Result[] = []
  if (options.engine !== 'pglite') {
    const url = options['database-url']
    const found = url
      ? { url, stop: async () => {} }
      : await findPostgres(process.env, ['shared_buffers=1GB', 'max_wal_size=4GB'])
    try {
      results.push(await runOn('Postgres', found.url))
    } finally {
      await found.stop()
    }
  }
  if (options.engine !== 'postgres') results.push(await runOn('Embedded', undefined))
  return results
}

async function runOn(database: string, postgresUrl: string | undefined): Promise<Result> {
  const opened: { close(): Promise<void> }[] = []
  const closeAll = async () => {
    for (const one of opened.splice(0).reverse()) await one.close()
  }
  const interrupt = whenInterrupted(closeAll)
  try {
    const grounds: { name: string; ground: Ground }[] = []
    for (const checkout of [OWN_CHECKOUT, ...(options.against ? [options.against] : [])]) {
      const name = checkout === OWN_CHECKOUT ? 'this' : checkoutName(checkout)
      say(`${database}: starting and filling ${name}`)
      const build: Build = await startBuild({ checkout, postgresUrl })
      opened.push(build)
      interrupt.throwIfSo()
      const meter = build.databaseUrl ? openMeter(build.databaseUrl) : undefined
      if (meter) opened.push(meter)
      grounds.push({ name, ground: await prepare(build, meter && (() => meter.sessionMegabytes())) })
    }
    const rows: Result['rows'] = []
    for (const [i, row] of options.rows.entries()) {
      const builds: Result['rows'][number]['builds'] = []
      for (const { name, ground } of i % 2 === 0 ? grounds : grounds.toReversed()) {
        say(`${database}: ${row.name} [${name}]`)
        builds.push({ build: name, row: await measureRow(ground, row, options.amount) })
      }
      rows.push({ name: row.name, builds: i % 2 === 0 ? builds : builds.reverse() })
    }
    return { database, rows }
  } finally {
    await closeAll()
    await interrupt.exitIfSo()
  }
}
