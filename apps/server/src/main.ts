import { HELP, readArguments } from './arguments.ts'
import { requireLoopback } from './db/demo.ts'
import { EmbedderUnavailable } from './embedding/embedder.ts'
import { readEnv, SettingsError } from './env.ts'
import { createLog } from './log.ts'
import { requirePrivateKey } from './published-secrets.ts'
import { openServer } from './server.ts'
import { version } from './version.ts'
import { welcome } from './welcome.ts'

/** The exit code if the database could not be restarted. */
const EXIT_GIVEN_UP = 70
/**
 * A shutdown that takes this much longer than its grace period is cut short, because a signal must always end the
 * process.
 */
const LAST_RESORT_SECONDS = 30

async function main(): Promise<void> {
  // The reader of this output may end first, or its disk may be full: the output is lost, and the server keeps running.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const options = readArguments(process.argv.slice(2))
  if (options.help) return console.log(HELP)
  if (options.version) return console.log(version)

  const env = readEnv({
    ...process.env,
    ...(options.port && { DAKERA_PORT: options.port }),
    ...(options.host && { DAKERA_HOST: options.host }),
  })
  const isDemo = options.demo
  const host = isDemo && !options.host ? '127.0.0.1' : env.host
  if (isDemo) requireLoopback(host)
  else requirePrivateKey(env.rootApiKey, host)
  const log = createLog(env.logLevel)
  const server = await openServer({ ...env, ...options, host, port: env.port, isDemo, log, onGivenUp: giveUp })

  let isDraining = false
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
    log.info({ signal }, 'draining: requests under way are finished, new ones are rejected')
    await server.close(env.shutdownSeconds)
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

  const { database, rootKey } = await server.opened
  console.log(welcome({ host, port: server.port, engine: database.engine, rootKey, isDemo }))
}

/** Ends the process, so that its supervisor restarts it: a server without a database is useless. */
function giveUp(why: Error): void {
  console.error(`dakera: ${why.message} The server ends; start it again once the cause is fixed.`)
  process.exit(EXIT_GIVEN_UP)
}

main().catch((error: unknown) => {
  // An error that the operator can fix is printed as a sentence; the stack is for unexpected ones.
  console.error(
    error instanceof SettingsError || error instanceof EmbedderUnavailable ? `dakera: ${error.message}` : error,
  )
  process.exit(1)
})
