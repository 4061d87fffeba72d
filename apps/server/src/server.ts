import { DakeraClient } from '@dakera-ai/dakera'
import { createMcpEndpoint, narrowingOf } from '@dakera-ai/mcp'
import type { Logger } from 'pino'
import { createApp, createStartingApp } from './app.ts'
import { checkStart, type EmbeddingSpace, ensureEmbeddingSpace } from './db/bootstrap.ts'
import { AccessCounter } from './db/counters/access.ts'
import { UsageCounter } from './db/counters/usage.ts'
import type { Sql } from './db/database.ts'
import { addDemo, removeDemo } from './db/demo.ts'
import { refuseNewerSchema } from './db/migrate.ts'
import { openDatabase } from './db/open.ts'
import { ensureRootKey, type RootKey } from './db/root-key.ts'
import type { Deps } from './deps.ts'
import { chooseEmbedder } from './embedding/choose.ts'
import type { Embedder } from './embedding/embedder.ts'
import type { Env } from './env.ts'
import { closeServer, type Fetch, listen } from './http/listen.ts'
import type { ServeMcp } from './http/mcp.ts'
import { reopenEmbedder, startReembedding } from './jobs/reembed/start.ts'
import { SwitchingEmbedder } from './jobs/reembed/switching-embedder.ts'
import { startJobs } from './jobs/runner.ts'
import { isLoopback } from './published-secrets.ts'

export type ServerSettings = Omit<Env, 'logLevel' | 'shutdownSeconds'> & {
  log: Logger
  isDemo?: boolean
  /** Move the database to the embedding model that is set now. */
  reembed?: boolean
  replaceRootKey?: boolean
  allowNewerSchema?: boolean
  /** The default is the embedder that `embedding` names. */
  embedder?: Embedder
  /** The default is true. */
  runsJobs?: boolean
  /** Called when the database is gone for good. */
  onGivenUp?: (why: Error) => void
} & Partial<Pick<Deps, 'loopbackOnly' | 'acceptsPublished'>>

/** A server whose database is open. */
export type OpenedServer = Deps & { app: ReturnType<typeof createApp>; rootKey: RootKey | undefined }

export type DakeraServer = {
  port: number
  /** Resolves when the server serves. Rejects when it cannot be opened; it is closed then. */
  opened: Promise<OpenedServer>
  /** Rejects new requests, waits at most this long for those under way, and closes everything. */
  close(graceSeconds: number): Promise<void>
}

/**
 * Opens a server: listens, then opens the database, the embedder, the jobs and the app. Listening comes first, so that
 * a port conflict fails immediately and load balancers see early that the server is starting. Resolves once it listens.
 */
export async function openServer(settings: ServerSettings): Promise<DakeraServer> {
  let app: { fetch: Fetch } = createStartingApp()
  const { server, port } = await listen(
    settings.host,
    settings.port,
    (request, node) => app.fetch(request, node),
    settings.connections,
  )
  const draining = new AbortController()
  const closers: (() => Promise<void>)[] = []
  const closeAll = async (graceSeconds: number) => {
    draining.abort()
    await closeServer(server, graceSeconds * 1000)
    for (const close of closers.reverse()) await close()
  }
  const opened = (async () => {
    try {
      const all = await open(settings, draining.signal, (close) => closers.push(close))
      app = all.app
      return all
    } catch (error) {
      await closeAll(0)
      throw error
    }
  })()
  opened.catch(() => {}) // reported to the caller that waits for it

  let closing: Promise<void> | undefined
  return {
    port,
    opened,
    close(graceSeconds) {
      draining.abort()
      // A migration under way is finished first.
      closing ??= opened.then(
        () => closeAll(graceSeconds),
        () => {},
      )
      return closing
    },
  }
}

async function open(
  settings: ServerSettings,
  draining: AbortSignal,
  onClose: (close: () => Promise<void>) => void,
): Promise<OpenedServer> {
  const { log, host, isDemo = false, reembed = false, replaceRootKey = false, allowNewerSchema = false } = settings
  const isEmbedded = settings.database.engine === 'pglite'
  const wanted = settings.embedder ?? (await chooseEmbedder(settings.embedding))
  const start = {
    chosen: settings.rootApiKey,
    dataDir: settings.dataDir,
    host,
    isDemo,
    isEmbedded,
    mayReplace: replaceRootKey,
    embedding: wanted,
    mayMove: reembed,
  }
  let rootKey: RootKey | undefined
  let previous: EmbeddingSpace | undefined
  const settle = async (sql: Sql, isOwner: boolean) => {
    previous = await ensureEmbeddingSpace(sql, wanted, { isOwner, mayMove: reembed })
    if (!isOwner) {
      if (start.chosen)
        log.warn(
          'DAKERA_ROOT_API_KEY has no effect: this login cannot set the admin key; a start with ' +
            'DAKERA_MIGRATION_URL can',
        )
      return
    }
    if (isDemo) {
      log.warn("the root key is the demo's until a start without --demo")
      return addDemo(sql)
    }
    await removeDemo(sql, log)
    rootKey = await ensureRootKey(sql, start, log)
  }
  const database = await openDatabase(settings.database, log, settle, {
    check: (sql, isOwner) => checkStart(sql, isOwner, start),
    meetNewerSchema: (newest) => {
      if (!allowNewerSchema) refuseNewerSchema(newest)
      log.warn(
        { newest },
        'a newer release has migrated this database; this older one serves it anyway (--allow-newer-schema)',
      )
    },
  })
  onClose(() => database.close())
  void database.givenUp?.then(settings.onGivenUp)

  const embedder = new SwitchingEmbedder(previous ? await reopenEmbedder(previous, settings.provider, log) : wanted)
  const accesses = new AccessCounter(database)
  const usage = new UsageCounter(database)
  if (settings.runsJobs ?? true) {
    const jobs = startJobs({ database, accesses, usage, log })
    onClose(() => jobs.stop())
  }
  if (previous) onClose(startReembedding(database, embedder, wanted, log))
  else if (reembed) log.info({ model: wanted.model }, 'nothing to re-embed: the vectors are already from this model')

  const onLoopback = isLoopback(host)
  const loopbackOnly = settings.loopbackOnly ?? (onLoopback && (isDemo || settings.trustedProxies === 0))
  const deps: Deps = {
    ...settings,
    database,
    embedder,
    accesses,
    usage,
    draining,
    loopbackOnly,
    serveMcp: serveMcp({ log, origins: loopbackOnly ? settings.corsOrigins : undefined }),
    acceptsPublished: settings.acceptsPublished ?? (onLoopback && (isDemo || isEmbedded)),
  }
  return { ...deps, app: createApp(deps), rootKey }
}

/** MCP as a client of this server: the presented key travels like in any other request, and RLS decides. */
function serveMcp({ log, origins }: { log: Logger; origins: string[] | undefined }): ServeMcp {
  const endpoint = createMcpEndpoint({ origins, onError: (err) => log.debug({ err }, 'mcp') })
  return (request, body, { secret, key, requestId, fetch }) => {
    const client = new DakeraClient({
      baseUrl: 'http://dakera.internal', // never looked up
      apiKey: secret,
      fetch,
      maxRetries: 0,
      headers: { 'x-request-id': requestId },
    })
    const narrowing = narrowingOf(new URL(request.url).searchParams)
    return endpoint.fetch(request, body, { client, key, narrowing })
  }
}
