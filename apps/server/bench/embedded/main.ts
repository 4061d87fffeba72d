// pnpm bench:embedded: measures the embedded database with 10,000 memories, also against another build, and the cost of
// ending it at bad moments.
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { OWN_CHECKOUT, startBuild } from '../build.ts'
import { atLeast, checkoutName, readArguments, say, whenInterrupted } from '../program.ts'
import { type Kills, type KillWay, measureKills } from './kills.ts'
import { describeEmbedded } from './report.ts'
import { type Contender, measureSpeed, type Speed } from './speed.ts'

const HELP = `Measures the server on its embedded database with 10,000 memories: one store, ten agents storing at once,
recall, the delay of the event loop and the memory; then 10,000 updates, kill -9, and the time until it is ready again.
With --against, another build takes turns within each row.

Usage: pnpm bench:embedded [options]

  --against <checkout>   Measure the server of this checkout too (its dependencies must be installed)
  --memories <n>         Memories (default 10000)
  --updates <n>          Updates before the kill -9 (default 10000)
  --seconds <n>          How long to measure each row, all builds together (default 15)
  --worker-kills <n>     Instead: end the database's worker thread n times at random moments under ten writers
  --process-kills <n>    Instead: kill -9 the whole process n times, and restart it; with --against that build too
  --json                 Print JSON
  --help                 Show this

Exits with 1 if an acknowledged write was lost.
`

const options = readArguments(HELP, () => {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((argument) => argument !== '--'), // pnpm passes it on unchanged
    options: {
      against: { type: 'string' },
      memories: { type: 'string', default: '10000' },
      updates: { type: 'string', default: '10000' },
      seconds: { type: 'string', default: '15' },
      'worker-kills': { type: 'string', default: '0' },
      'process-kills': { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  return {
    ...values,
    amount: {
      memories: atLeast('--memories', values.memories, 100),
      updates: atLeast('--updates', values.updates, 0),
      seconds: atLeast('--seconds', values.seconds, 1),
    },
    kills: {
      worker: atLeast('--worker-kills', values['worker-kills'], 0),
      process: atLeast('--process-kills', values['process-kills'], 0),
    },
  }
})

if (options.help) console.log(HELP)
else await run()

async function run(): Promise<void> {
  const contenders: Contender[] = []
  const closeAll = async () => {
    for (const { build } of contenders.splice(0)) await build.close()
  }
  const interrupt = whenInterrupted(closeAll)
  let speeds: Speed[] = []
  const kills: { build: string; result: Kills }[] = []
  try {
    for (const checkout of [OWN_CHECKOUT, ...(options.against ? [options.against] : [])]) {
      const name = checkout === OWN_CHECKOUT ? 'this' : checkoutName(checkout)
      say(`${name}: starting`)
      contenders.push({ name, build: await startBuild({ checkout, postgresUrl: undefined }) })
      interrupt.throwIfSo()
    }
    const asked = (Object.entries(options.kills) as [KillWay, number][]).filter(([, count]) => count > 0)
    for (const [way, count] of asked) {
      // Other builds may have no worker.
      for (const { name, build } of way === 'worker' ? contenders.slice(0, 1) : contenders) {
        kills.push({ build: name, result: await measureKills(build, way, count, (line) => say(`${name}: ${line}`)) })
      }
    }
    if (asked.length === 0) speeds = await measureSpeed([...contenders], options.amount, say)
  } finally {
    await closeAll()
    await interrupt.exitIfSo()
  }
  const machine = { cores: availableParallelism(), node: process.version, load: loadavg()[0] ?? 0 }
  const { memories, updates } = options.amount
  console.log(
    options.json
      ? JSON.stringify({ machine, memories, updates, speeds, kills }, null, 2)
      : describeEmbedded(machine, memories, updates, speeds, kills),
  )
  if (speeds.some(({ restart }) => restart.lost > 0) || kills.some(({ result }) => result.lost > 0))
    process.exitCode = 1
}
