import { createApp, createStartingApp } from './app.ts'
import { HELP, readArguments } from './arguments.ts'
import { addDemo, DEMO_ADMIN_KEY, removeDemo, requireLoopback } from './db/demo.ts'
import { type EmbeddingSpace, type RootKey, settleEmbeddingSpace, settleRootKey } from './db/first-start.ts'
import { openDatabase } from './db/open.ts'
import { chooseEmbedder } from './embedding/choose.ts'
import { EmbedderUnavailable } from './embedding/embedder.ts'
import { SwitchingEmbedder } from './embedding/switching.ts'
import { readEnv, SettingsError } from './env.ts'
import { isLoopbackAddress } from './http/client.ts'
import { closeServer, type Fetch, listen } from './http/listen.ts'
import { reopenEmbedder, startMove } from './jobs/move.ts'
import { startJobs } from './jobs/runner.ts'
import { createLog } from './log.ts'
import { createUsage } from './resources/keys/usage.ts'
import { createAccesses } from './resources/memories/accesses.ts'
import { version } from './version.ts'
import { welcome } from './welcome.ts'

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2))
  if (options.help) return console.log(HELP)
  if (options.version) return console.log(version)

  const env = readEnv({ ...process.env, ...(options.port && { DAKERA_PORT: options.port }), ...(options.host && { DAKERA_HOST: options.host }) })
  const host = options.demo && !options.host ? '127.0.0.1' : env.host
  if (options.demo) requireLoopback(host)
  const log = createLog(env.logLevel)

  // The port first: a taken one is told at once, and a balancer learns early that this server is coming.
  let app: { fetch: Fetch } = createStartingApp()
  const { server, port } = await listen(host, env.port, (request, node) => app.fetch(request, node), env.connections)
  let isDraining = false
  const closers: (() => Promise<void>)[] = []
  const closeAll = async (graceSeconds: number) => {
    await closeServer(server, graceSeconds * 1000)
    for (const close of closers.reverse()) await close()
  }

  const opening = (async () => {
    const wanted = await chooseEmbedder(env.embedding)
    let rootKey: RootKey
    let previous: EmbeddingSpace | undefined
    const database = await openDatabase(env.database, log, async (sql, isOwner) => {
      const chosen = options.demo ? DEMO_ADMIN_KEY : env.rootApiKey
      previous = await settleEmbeddingSpace(sql, wanted, { isOwner, mayMove: options.reembed })
      if (isOwner && !options.demo) await removeDemo(sql)
      if (isOwner) rootKey = await settleRootKey(sql, chosen, env.dataDir)
      else if (chosen) log.warn('DAKERA_ROOT_API_KEY has no effect: this login may not set the admin key; a start with DAKERA_MIGRATION_URL can')
    })
    closers.push(() => database.close())
    const embedder = new SwitchingEmbedder(previous ? await reopenEmbedder(previous, env.provider, log) : wanted)
    if (options.demo) await addDemo(database)
    const accesses = createAccesses(database)
    const usage = createUsage(database)
    const jobs = startJobs({ database, accesses, usage, log })
    closers.push(() => jobs.stop())
    if (previous) closers.push(startMove(database, embedder, wanted, log))
    else if (options.reembed) log.info({ model: wanted.model }, 'nothing to re-embed: the vectors are of this model already')
    const loopbackOnly = isLoopbackAddress(host) && (options.demo || env.trustedProxies === 0)
    app = createApp({ ...env, database, embedder, accesses, usage, log, loopbackOnly, isDraining: () => isDraining })
    return welcome({ host, port, engine: database.engine, rootKey, isDemo: options.demo })
  })()

  const drain = async (signal: string) => {
    if (isDraining) return
    isDraining = true
    log.info({ signal }, 'draining: requests under way are finished, new ones are refused')
    await opening.catch(() => {}) // a database that is being migrated is not left half way
    await closeAll(env.shutdownSeconds)
    log.info('stopped')
    setTimeout(() => process.exit(), 1_000).unref() // a log that nobody reads would keep the process
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      drain(signal).catch((error: unknown) => {
        log.error({ err: error }, 'shutdown failed')
        process.exitCode = 1
      })
    })
  }

  try {
    console.log(await opening)
  } catch (error) {
    await closeAll(0)
    throw error
  }
}

main().catch((error: unknown) => {
  // What the operator has to change is told in words; a stack is for what nobody foresaw.
  console.error(error instanceof SettingsError || error instanceof EmbedderUnavailable ? `dakera: ${error.message}` : error)
  process.exit(1)
})
