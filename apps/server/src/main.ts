import { createApp, createStartingApp } from './app.ts'
import { HELP, readArguments } from './arguments.ts'
import { AccessCounter } from './db/counters/access.ts'
import { UsageCounter } from './db/counters/usage.ts'
import type { Sql } from './db/database.ts'
import { addDemo, removeDemo, requireLoopback } from './db/demo.ts'
import { checkStart, type EmbeddingSpace, settleEmbeddingSpace } from './db/first-start.ts'
import { refuseNewerSchema } from './db/migrate.ts'
import { openDatabase } from './db/open.ts'
import { type RootKey, settleRootKey } from './db/root-key.ts'
import { chooseEmbedder } from './embedding/choose.ts'
import { EmbedderUnavailable } from './embedding/embedder.ts'
import { SwitchingEmbedder } from './embedding/switching.ts'
import { readEnv, SettingsError } from './env.ts'
import { closeServer, type Fetch, listen } from './http/listen.ts'
import { reopenEmbedder, startMove } from './jobs/move.ts'
import { startJobs } from './jobs/runner.ts'
import { createLog } from './log.ts'
import { isLoopback, requirePrivateKey } from './published.ts'
import { version } from './version.ts'
import { welcome } from './welcome.ts'

/** The database could not be started again. */
const EXIT_GIVEN_UP = 70
/** So long after its grace a shutdown that hangs is cut: a signal always ends the process. */
const LAST_RESORT_SECONDS = 30

async function main(): Promise<void> {
  // Whoever reads what is said here may end first, or the disk it goes to be full: that is lost, and the server goes
  // on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const options = readArguments(process.argv.slice(2))
  if (options.help) return console.log(HELP)
  if (options.version) return console.log(version)

  const env = readEnv({
    ...process.env,
    ...(options.port && { DAKERA_PORT: options.port }),
    ...(options.host && { DAKERA_HOST: options.host }),
  })
  const host = options.demo && !options.host ? '127.0.0.1' : env.host
  if (options.demo) requireLoopback(host)
  else requirePrivateKey(env.rootApiKey, host)
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

  /** Whoever supervises this process starts it anew; to live on without a database helps nobody. */
  const giveUp = (why: Error) => {
    console.error(`dakera: ${why.message} Ending; start the server again when the cause is mended.`)
    process.exit(EXIT_GIVEN_UP)
  }

  const opening = (async () => {
    const wanted = await chooseEmbedder(env.embedding)
    let rootKey: RootKey | undefined
    let previous: EmbeddingSpace | undefined
    const settings = {
      chosen: env.rootApiKey,
      dataDir: env.dataDir,
      host,
      isDemo: options.demo,
      isEmbedded: env.database.engine === 'pglite',
      mayReplace: options.replaceRootKey,
      embedding: wanted,
      mayMove: options.reembed,
    }
    const settle = async (sql: Sql, isOwner: boolean) => {
      previous = await settleEmbeddingSpace(sql, wanted, { isOwner, mayMove: settings.mayMove })
      if (!isOwner) {
        if (settings.chosen)
          log.warn(
            'DAKERA_ROOT_API_KEY has no effect: this login may not set the admin key; a start with ' +
              'DAKERA_MIGRATION_URL can',
          )
        return
      }
      if (options.demo) {
        log.warn("the root key is the demo's until a start without --demo")
        return addDemo(sql)
      }
      await removeDemo(sql, log)
      rootKey = await settleRootKey(sql, settings, log)
    }
    const database = await openDatabase(env.database, log, settle, {
      check: (sql, isOwner) => checkStart(sql, isOwner, settings),
      meetNewerSchema: (newest) => {
        if (!options.allowNewerSchema) refuseNewerSchema(newest)
        log.warn(
          { newest },
          'a newer release has migrated this database; this older one serves it all the same (--allow-newer-schema)',
        )
      },
    })
    closers.push(() => database.close())
    void database.givenUp?.then(giveUp)
    const embedder = new SwitchingEmbedder(previous ? await reopenEmbedder(previous, env.provider, log) : wanted)
    const accesses = new AccessCounter(database)
    const usage = new UsageCounter(database)
    const jobs = startJobs({ database, accesses, usage, log })
    closers.push(() => jobs.stop())
    if (previous) closers.push(startMove(database, embedder, wanted, log))
    else if (options.reembed)
      log.info({ model: wanted.model }, 'nothing to re-embed: the vectors are of this model already')
    const loopbackOnly = isLoopback(host) && (options.demo || env.trustedProxies === 0)
    const acceptsPublished = isLoopback(host) && (options.demo || settings.isEmbedded)
    app = createApp({
      ...env,
      database,
      embedder,
      accesses,
      usage,
      log,
      loopbackOnly,
      acceptsPublished,
      isDraining: () => isDraining,
    })
    return welcome({ host, port, engine: database.engine, rootKey, isDemo: options.demo })
  })()

  const drain = async (signal: string) => {
    if (isDraining) return
    isDraining = true
    setTimeout(
      () => {
        log.error(
          { signal },
          'shutdown took too long; the process is ended, and the next start recovers what is needed',
        )
        process.exit(1)
      },
      (env.shutdownSeconds + LAST_RESORT_SECONDS) * 1000,
    ).unref()
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
  console.error(
    error instanceof SettingsError || error instanceof EmbedderUnavailable ? `dakera: ${error.message}` : error,
  )
  process.exit(1)
})
