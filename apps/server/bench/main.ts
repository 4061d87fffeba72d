// pnpm bench: measures the performance table of the product document, or with --scale how cost grows, on this machine.
import { randomBytes } from 'node:crypto'
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { findPostgres } from '../test/postgres/find.ts'
import { describe, describeScale } from './report.ts'
import { measure, type Result } from './rows.ts'
import { measureScale, type Scale } from './scale.ts'
import { type Server, startServer } from './server.ts'

const HELP = `Measures the performance table of the product document over HTTP through the TypeScript SDK, beside the
same SQL without a server and an HTTP request that does nothing. The three take turns within each row.

Usage: pnpm bench [options]

  --database-url <url>   A Postgres where a database can be created (and is dropped at the end);
                         default: the one that the tests find or start, with 1 GB of shared buffers
  --engine <name>        postgres, pglite or both (default both)
  --rows <n>             Memories in the shared namespace (default 10000)
  --scale                Instead: namespaces of several sizes beside the memories of others, one client and ten
  --sizes <n,n,...>      With --scale: the sizes (default 1000,10000,100000; on the embedded database 1000,10000)
  --others <n>           With --scale: memories of others (default 200000; on the embedded database 20000)
  --seconds <n>          How long to measure each row on each database (default 8)
  --json                 Print JSON
  --help                 Show this
`

const options = readArguments()
if (options.help) console.log(HELP)
else {
  const results = await run()
  const machine = { cores: availableParallelism(), node: process.version, load: loadavg()[0] ?? 0 }
  const text = () => (isScale(results) ? describeScale(machine, results) : describe(machine, results))
  console.log(options.json ? JSON.stringify({ machine, results }, null, 2) : text())
}

function isScale(results: Result[] | Scale[]): results is Scale[] {
  return options.scale
}

async function run(): Promise<Result[] | Scale[]> {
  const results: (Result | Scale)[] = []
  if (options.engine !== 'pglite') {
    const found = options.databaseUrl
      ? { url: options.databaseUrl, stop: async () => {} }
      : // as is usual for a database of this size, instead of the default of 128 MB
        await findPostgres(process.env, ['shared_buffers=1GB', 'max_wal_size=4GB'])
    try {
      results.push(await runOn('Postgres', found.url))
    } finally {
      await found.stop()
    }
  }
  if (options.engine !== 'postgres') results.push(await runOn('Embedded', undefined))
  return results as Result[] | Scale[]
}

async function runOn(name: string, postgresUrl: string | undefined): Promise<Result | Scale> {
  const adminKey = `dk-${randomBytes(24).toString('base64url')}`
  let server: Server | undefined
  let isInterrupted = false
  const interrupt = () => {
    isInterrupted = true
    server?.close()
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, interrupt)
  try {
    say(`${name}: starting`)
    server = await startServer(postgresUrl, adminKey)
    if (isInterrupted) throw new Error('interrupted')
    if (!options.scale) return await measure(name, server, adminKey, options, say)
    const sizes = options.sizes ?? (postgresUrl ? [1_000, 10_000, 100_000] : [1_000, 10_000])
    const startAnother = () => startServer(postgresUrl, adminKey)
    return await measureScale(
      name,
      server,
      startAnother,
      adminKey,
      { sizes, others: options.others ?? (postgresUrl ? 200_000 : 20_000), seconds: options.seconds },
      say,
    )
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, interrupt)
    await server?.close()
    if (isInterrupted) process.exit(130) // and not with an error that the end of the server caused
  }
}

/** Progress; the result alone goes to standard output. */
function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

function readArguments() {
  try {
    return checkArguments()
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`)
    process.exit(1)
  }
}

function checkArguments() {
  const { values } = parseArgs({
    // pnpm passes a "--" on unchanged.
    args: process.argv.slice(2).filter((argument) => argument !== '--'),
    options: {
      'database-url': { type: 'string' },
      engine: { type: 'string', default: 'both' },
      rows: { type: 'string', default: '10000' },
      seconds: { type: 'string', default: '8' },
      scale: { type: 'boolean', default: false },
      sizes: { type: 'string' },
      others: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const [rows, seconds] = [Number(values.rows), Number(values.seconds)]
  if (!Number.isInteger(rows) || rows < 1) throw new Error('--rows must be a whole number from 1.')
  if (!(seconds > 0)) throw new Error('--seconds must be a number above 0.')
  if (!['postgres', 'pglite', 'both'].includes(values.engine))
    throw new Error('--engine must be postgres, pglite or both.')
  const sizes = values.sizes?.split(',').map(Number)
  const others = values.others === undefined ? undefined : Number(values.others)
  if (sizes?.some((size) => !Number.isInteger(size) || size < 1))
    throw new Error('--sizes must be whole numbers from 1, separated by commas.')
  if (others !== undefined && !(Number.isInteger(others) && others >= 0))
    throw new Error('--others must be a whole number from 0.')
  return {
    databaseUrl: values['database-url'],
    engine: values.engine,
    rows,
    seconds,
    scale: values.scale,
    sizes,
    others,
    json: values.json,
    help: values.help,
  }
}
