import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DakeraClient, DakeraError } from '@dakera-ai/dakera'
import type { NamespaceAccess } from '@dakera-ai/protocol'
import { pino } from 'pino'
import postgres, { type Sql } from 'postgres'
import { inject, test } from 'vitest'
import { ensureEmbeddingSpace } from '../src/db/bootstrap.ts'
import { readMigrations } from '../src/db/migrate.ts'
import { openDatabase } from '../src/db/open.ts'
import { ensureRootKey } from '../src/db/root-key.ts'
import { chooseEmbedder } from '../src/embedding/choose.ts'
import type { Embedder } from '../src/embedding/embedder.ts'
import { readEnv } from '../src/env.ts'
import type { Connections } from '../src/http/listen.ts'
import { hashSecret } from '../src/principal.ts'
import { openServer, type ServerSettings } from '../src/server.ts'

export const ADMIN_KEY = 'dk-admin-key'
/** Far more than the server's default, because a machine that runs tests is busy. */
const SEARCH_TIMEOUT_MS = 15_000
export const engine = inject('engine')
/** A test about the process, its arguments and its connections, to which the database makes no difference. */
export const onOneEngine = test.runIf(engine === 'postgres')
export type Grants = Record<string, NamespaceAccess>

const defaults = readEnv({})
const log = pino({ level: process.env['DAKERA_TEST_LOG'] ?? 'silent' })
const version = createHash('sha256')
  .update(
    readMigrations()
      .map(({ checksum }) => checksum)
      .join(),
  )
  .digest('hex')
  .slice(0, 12)
let builtin: Promise<Embedder> | undefined

type Options = { jobs?: boolean; searchTimeoutMs?: number; connections?: Partial<Connections> } & Partial<
  Pick<
    ServerSettings,
    | 'embedder'
    | 'log'
    | 'maxBodyBytes'
    | 'openBodyBytes'
    | 'openReplyBytes'
    | 'keyConcurrency'
    | 'trustedProxies'
    | 'loopbackOnly'
    | 'corsOrigins'
    | 'acceptsPublished'
  >
>

/**
 * Starts the real server with a private, migrated database, on a port of its own. `await using` closes and removes
 * both.
 */
export async function start({ jobs = false, searchTimeoutMs, connections, ...options }: Options = {}) {
  builtin ??= chooseEmbedder({ provider: 'builtin' })
  const embedder = options.embedder ?? (await builtin)
  const place = await clone(startedWith(embedder))
  const server = await openServer({
    ...defaults,
    host: '127.0.0.1',
    port: 0,
    rootApiKey: ADMIN_KEY,
    dataDir: tmpdir(),
    loopbackOnly: false,
    acceptsPublished: true,
    log,
    ...options,
    embedder,
    runsJobs: jobs,
    database: { ...place.settings, ...(searchTimeoutMs && { searchTimeoutMs }) } as typeof place.settings,
    connections: { ...defaults.connections, ...connections },
  })
  const deps = await server.opened
  const { app, database, accesses, usage } = deps
  const url = `http://127.0.0.1:${server.port}`
  const client = (apiKey: string) => new DakeraClient({ apiKey, baseUrl: url, maxRetries: 0 })
  const admin = client(ADMIN_KEY)

  return {
    url,
    app,
    /** The arguments with which createApp() can make another app. */
    deps,
    accesses,
    usage,
    database,
    settings: place.settings,
    admin,
    client,
    /** Creates an API key with exactly these grants, and returns its secret. */
    async secret(grants: Grants, name = `agent-${crypto.randomUUID().slice(0, 8)}`): Promise<string> {
      return (await admin.createKey({ name, grants })).key
    },
    /** Returns an SDK client with such a key. */
    async key(grants: Grants, name?: string): Promise<DakeraClient> {
      return client(await this.secret(grants, name))
    },
    /** Runs SQL as dakera_app with the identity of this secret, without the server; undefined means no identity. */
    as<T>(secret: string | undefined, fn: (sql: Sql) => Promise<T>): Promise<T> {
      return database.sql.begin(async (sql) => {
        const identity = secret === undefined ? '' : hashSecret(secret).toString('hex')
        await sql`select set_config('dakera.key', ${identity}, true)`
        return fn(sql as unknown as Sql)
      }) as Promise<T>
    },
    /** Runs SQL as the owner of the tables. */
    owner<T>(fn: (sql: Sql) => Promise<T>): Promise<T> {
      if (!database.asOwner) throw new Error('this login may not maintain')
      return database.asOwner(fn)
    },
    fetch: (path: string, init: RequestInit & { key?: string } = {}) =>
      fetch(url + path, {
        ...init,
        headers: {
          ...(init.key && { authorization: `Bearer ${init.key}` }),
          ...(init.headers as Record<string, string>),
        },
      }),
    async [Symbol.asyncDispose]() {
      await server.close(0)
      await place.remove()
    },
  }
}
export type TestServer = Awaited<ReturnType<typeof start>>

/** Returns the error that a call rejects with. */
export async function failure(
  promise: Promise<unknown>,
): Promise<DakeraError & { status: number; code: string; body: { error: string } }> {
  try {
    await promise
  } catch (error) {
    if (error instanceof DakeraError) return error as never
    throw error
  }
  throw new Error('expected a rejection')
}

async function prepare(owner: Sql, embedder: Embedder): Promise<void> {
  await ensureEmbeddingSpace(owner, embedder)
  await ensureRootKey(owner, {
    chosen: ADMIN_KEY,
    dataDir: tmpdir(),
    isEmbedded: engine === 'pglite',
    mayReplace: false,
  })
}

type Place = { settings: Parameters<typeof openDatabase>[0]; remove(): Promise<void> }
/** A database that others are copied from. Each is made once for all test files. */
type Template = { name: string; prepare(owner: Sql): Promise<void> }

/** A migrated database on which no server has been started. */
export const MIGRATED: Template = { name: 'migrated', prepare: async () => {} }

const startedWith = (embedder: Embedder): Template => ({
  name: createHash('sha256')
    .update(embedder.model + embedder.dimension)
    .digest('hex')
    .slice(0, 8),
  prepare: (owner) => prepare(owner, embedder),
})

const clone = (template: Template) => (engine === 'postgres' ? clonePostgres(template) : clonePglite(template))

/** Creates an empty database on the test cluster, without a schema. */
export async function emptyPostgres(): Promise<Place & { settings: { engine: 'postgres'; url: string } }> {
  return createPostgres('template1')
}

export async function clonePostgres({ name, prepare }: Template) {
  const template = `dakera_template_${version}_${name}`
  const url = new URL(inject('postgresUrl'))
  const cluster = postgres(url.href, { max: 1, onnotice: () => {} })
  await cluster`select pg_advisory_lock(hashtext(${template}))` // two test files may need it at once
  const [found] = await cluster`select from pg_database where datname = ${template}`
  if (!found) {
    const making = `making_${crypto.randomUUID().slice(0, 8)}`
    await cluster.unsafe(`create database ${making}`)
    url.pathname = `/${making}`
    const database = await openDatabase(
      { engine: 'postgres', url: url.href, migrationUrl: undefined, poolSize: 1, searchTimeoutMs: SEARCH_TIMEOUT_MS },
      log,
      prepare,
    )
    await database.close()
    await cluster.unsafe(`alter database ${making} rename to ${template}`)
  }
  await cluster.end() // and with it the lock
  return createPostgres(template)
}

async function createPostgres(template: string) {
  const url = new URL(inject('postgresUrl'))
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`
  const cluster = postgres(url.href, { max: 1, onnotice: () => {} })
  await cluster.unsafe(`create database ${name} template ${template}`)
  await cluster.end()
  url.pathname = `/${name}`
  return {
    settings: {
      engine: 'postgres' as const,
      url: url.href,
      migrationUrl: undefined,
      poolSize: 4,
      searchTimeoutMs: SEARCH_TIMEOUT_MS,
    },
    async remove() {
      const again = postgres(inject('postgresUrl'), { max: 1, onnotice: () => {} })
      await again.unsafe(`drop database if exists ${name} with (force)`)
      await again.end()
    },
  }
}

export async function clonePglite({ name, prepare }: Template) {
  const template = join(inject('templates'), name)
  if (!existsSync(template)) {
    const making = mkdtempSync(join(tmpdir(), 'dakera-making-'))
    cpSync(join(inject('templates'), MIGRATED.name), making, { recursive: true })
    const database = await openDatabase({ engine: 'pglite', dataDir: making, durability: 'relaxed' }, log, prepare)
    await database.close()
    try {
      renameSync(making, template)
    } catch {
      rmSync(making, { recursive: true, force: true }) // another test file was faster
    }
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'dakera-test-'))
  cpSync(template, dataDir, { recursive: true })
  return {
    settings: { engine: 'pglite' as const, dataDir, durability: 'relaxed' as const },
    remove: async () => rmSync(dataDir, { recursive: true, force: true }),
  }
}
