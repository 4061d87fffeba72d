import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createApp } from './app.ts'
import { HELP, readArguments } from './arguments.ts'
import { settleEmbeddingSpace, settleRootKey, type RootKey } from './db/first-start.ts'
import { openDatabase } from './db/open.ts'
import { addDemo, DEMO_ADMIN_KEY, requireLoopback } from './demo.ts'
import { chooseEmbedder } from './embedding/choose.ts'
import { EmbedderUnavailable } from './embedding/embedder.ts'
import { readEnv, SettingsError } from './env.ts'
import { Fault, toBody } from './fault.ts'
import { startJobs } from './jobs/runner.ts'
import { createLog } from './log.ts'
import { version } from './version.ts'

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2))
  if (options.help) return console.log(HELP)
  if (options.version) return console.log(version)

  const env = readEnv({ ...process.env, ...(options.port && { DAKERA_PORT: options.port }), ...(options.host && { DAKERA_HOST: options.host }) })
  const host = options.demo && !options.host ? '127.0.0.1' : env.host
  if (options.demo) requireLoopback(host)
  const log = createLog(env.logLevel)

  // The port first: a taken one is told at once, and a balancer learns early that this server is coming.
  let app: { fetch(request: Request): Response | Promise<Response> } = startingApp()
  const { server, port } = await listen(host, env.port, (request) => app.fetch(request))
  let isDraining = false
  const closers: (() => Promise<void>)[] = []

  let stopping: Promise<void> | undefined
  const stop = (signal: string) => {
    stopping ??= drain(signal).catch((error: unknown) => {
      log.error({ err: error }, 'shutdown failed')
      process.exitCode = 1
    })
  }
  const drain = async (signal: string) => {
    isDraining = true
    log.info({ signal }, 'draining: requests under way are finished, new ones are refused')
    await closeServer(server, env.shutdownSeconds * 1000)
    for (const close of closers.reverse()) await close()
    log.info('stopped')
  }

  try {
    const embedder = await chooseEmbedder(env.embedding)
    let rootKey: RootKey
    const database = await openDatabase(env.database, log, async (owner) => {
      await settleEmbeddingSpace(owner, embedder)
      rootKey = await settleRootKey(owner, options.demo ? DEMO_ADMIN_KEY : env.rootApiKey, env.dataDir)
    })
    closers.push(() => database.close())
    if (options.demo) await addDemo(database)
    const jobs = startJobs(database, log)
    closers.push(() => jobs.stop())

    app = createApp({ database, embedder, log, maxBodyBytes: env.maxBodyBytes, corsOrigins: env.corsOrigins, isDraining: () => isDraining })
    process.on('SIGTERM', () => stop('SIGTERM'))
    process.on('SIGINT', () => stop('SIGINT'))
    console.log(welcome(`http://${host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? 'localhost' : host}:${port}`, host, database.engine, rootKey, options.demo))
  } catch (error) {
    server.close()
    for (const close of closers.reverse()) await close()
    throw error
  }
}

/** Answers while the database opens. */
function startingApp() {
  const app = new Hono()
  app.all('*', (c) => {
    const requestId = `req_${crypto.randomUUID().replaceAll('-', '')}`
    const fault = new Fault('SERVICE_UNAVAILABLE', {}, { message: 'The server is starting. Try again in a moment.' })
    return c.json(toBody(fault, requestId), 503, { 'retry-after': '1', 'x-request-id': requestId })
  })
  return app
}

type Server = ReturnType<typeof serve>

function listen(hostname: string, port: number, fetch: (request: Request) => Response | Promise<Response>): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname, port }, (address) => {
      server.off('error', fail)
      resolve({ server, port: address.port })
    })
    const fail = (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE' ? new SettingsError(`Port ${port} is taken. Stop what listens there, or choose another: npm start -- --port ${port + 1}`) : error)
    server.once('error', fail)
  })
}

/** Waits for requests under way, for at most graceMs. */
function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    if ('closeIdleConnections' in server) server.closeIdleConnections()
  })
}

function welcome(url: string, host: string, engine: string, rootKey: RootKey, isDemo: boolean): string {
  const lines = [`Dakera ${version} listens on ${url} (${host}), database: ${engine === 'pglite' ? 'embedded' : 'Postgres'}`]
  if (isDemo) lines.push('', '!! DEMO: this server accepts keys that everybody knows (dk-admin-key, dk-researcher-key, …). Never expose it. !!')
  if (rootKey?.isNew) lines.push('', `Admin key, shown this once and kept in ${rootKey.file}:`, `  ${rootKey.secret}`)
  else if (rootKey?.file) lines.push(`The admin key is in ${rootKey.file}`)
  else if (!rootKey) lines.push('The admin key was shown when this database was new. To set another: DAKERA_ROOT_API_KEY=<key>')
  const key = isDemo ? DEMO_ADMIN_KEY : rootKey?.isNew ? rootKey.secret : rootKey?.file ? `$(cat ${rootKey.file})` : '$DAKERA_ROOT_API_KEY'
  lines.push('', 'Try it:', `  curl ${url}/v1/memory/store -H "Authorization: Bearer ${key}" -d '{"agent_id": "team-shared", "content": "Dakera runs."}'`, `  curl "${url}/v1/memory/recall?agent_id=team-shared&query=what+runs" -H "Authorization: Bearer ${key}"`, '', `API: ${url}/docs`)
  return lines.join('\n')
}

main().catch((error: unknown) => {
  // What the operator has to change is told in words; a stack is for what nobody foresaw.
  console.error(error instanceof SettingsError || error instanceof EmbedderUnavailable ? `dakera: ${error.message}` : error)
  process.exit(1)
})
