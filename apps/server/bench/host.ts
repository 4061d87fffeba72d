// The server under measurement, in its own process. In addition to HTTP it accepts commands of its parent: to do the
// same by SQL alone, through the same pool and the same functions, and to report how long that took.
import { createHash, randomUUID } from 'node:crypto'
import { keyCaller } from '../src/db/caller.ts'
import { toHalfvec } from '../src/db/halfvec.ts'
import type { IdempotentRequest } from '../src/db/idempotency.ts'
import type { openDatabase } from '../src/db/open.ts'
import { resolveNamespace } from '../src/db/tx.ts'
import { SERVER } from '../src/embedding/embedder.ts'
import { readEnv } from '../src/env.ts'
import { buildVectorIndexes } from '../src/jobs/vector-indexes.ts'
import { createLog } from '../src/log.ts'
import { principalOf } from '../src/principal.ts'
import { searchOptions } from '../src/resources/memories/recall/recall.ts'
import { recallMemories } from '../src/resources/memories/recall/recall-query.ts'
import { parseSearch } from '../src/resources/memories/recall/search-query.ts'
import { listMemories } from '../src/resources/memories/repo.ts'
import type { Selection } from '../src/resources/memories/selection.ts'
import { storeMemories } from '../src/resources/memories/store-query.ts'
import { listNamespaces } from '../src/resources/namespaces/repo.ts'
import { openServer } from '../src/server.ts'
import { burst, time } from './measure.ts'
import type { Note } from './notes.ts'

/** The first message of the parent. */
export type Settings = { database: Parameters<typeof openDatabase>[0]; adminKey: string; dataDir: string }

/** The commands of the parent; each returns a value. */
export type Orders = {
  /**
   * Merges the statistics, builds the vector indexes, vacuums and analyzes, as the jobs and autovacuum would do later.
   */
  settle(): Promise<{ version: string; memories: number; vectorIndexes: number }>
  recall(secret: string, namespace: string, query: string, topK: number, selection?: Selection): Promise<number[]>
  search(secret: string, namespace: string, query: string): Promise<number[]>
  /** Lists the newest hundred memories. */
  list(secret: string, namespace: string): Promise<number[]>
  store(secrets: string[], namespace: string, notes: Note[]): Promise<number[]>
  listNamespaces(secret: string): Promise<number[]>
  residentBytes(): Promise<number>
  /** Returns the bytes on disk: tables and indexes of the memories and their words. */
  bytesPerMemory(): Promise<number>
  /** Switches row security of the memories off, to measure its cost. */
  dropPolicies(): Promise<void>
  /** Returns how many sessions wait for a lock of another one at this moment. */
  lockWaits(): Promise<number>
}
/** A command, and its answer. */
export type Order = { [K in keyof Orders]: { id: number; name: K; args: Parameters<Orders[K]> } }[keyof Orders]
export type Answer = { id: number; value?: unknown; error?: string }

const NO_KEY: IdempotentRequest = { key: undefined, fingerprint: Buffer.alloc(0) }

process.once('message', (settings: Settings) => {
  open(settings).catch((error: unknown) => {
    process.send?.({ id: 0, error: String((error as Error).stack) } satisfies Answer)
    process.exitCode = 1
    process.disconnect()
  })
})

async function open({ database: place, adminKey, dataDir }: Settings): Promise<void> {
  const log = createLog('info') // the default of the server; it goes to /dev/null
  const server = await openServer({
    ...readEnv({}),
    host: '127.0.0.1',
    port: 0,
    database: place,
    dataDir,
    rootApiKey: adminKey,
    replaceRootKey: true,
    maxBodyBytes: 8 * 1024 * 1024,
    loopbackOnly: false,
    acceptsPublished: true,
    log,
  })
  const { database, embedder } = await server.opened
  process.send?.({ id: 0, value: `http://127.0.0.1:${server.port}` } satisfies Answer)

  const { asOwner } = database
  if (!asOwner)
    throw new Error('This login may not act as the owner of the tables, so the benchmark cannot build indexes.')
  const vectorsOf = async (texts: string[]) =>
    (await embedder.embed(texts, { owner: SERVER })).map((vector) => vector && toHalfvec(vector))

  const callerOf = (secret: string, request = NO_KEY) => keyCaller(database, principalOf(secret), request)

  const orders: Orders = {
    async settle() {
      await asOwner((owner) => owner`select merge_statistics(id) from namespaces`)
      let built: object | undefined
      do built = await asOwner((owner) => buildVectorIndexes(owner, database.engine))
      while (built)
      return asOwner(async (owner) => {
        await owner`vacuum analyze`.simple()
        const [found] = await owner<{ version: string; memories: number; indexes: number }[]>`
          select current_setting('server_version') as version, coalesce(sum(documents), 0)::int as memories,
            (select count(*)::int from pg_indexes where indexname ~ '^memories_v_[0-9]+$') as indexes
          from namespace_statistics`
        return { version: found?.version ?? '', memories: found?.memories ?? 0, vectorIndexes: found?.indexes ?? 0 }
      })
    },
    async recall(secret, namespace, query, topK, selection = {}) {
      const [vector = null] = await vectorsOf([query])
      return [
        await time(() => recallMemories(callerOf(secret), { namespace, query, vector, topK, selection, options: {} })),
      ]
    },
    async search(secret, namespace, query) {
      const [vector = null] = await vectorsOf([query])
      const options = searchOptions(parseSearch(query), { mode: 'best', highlight: false })
      return [
        await time(() =>
          recallMemories(callerOf(secret), { namespace, query, vector, topK: 10, selection: {}, options }),
        ),
      ]
    },
    async list(secret, namespace) {
      const newest = async () =>
        callerOf(secret).read(async (tx) => {
          const found = await resolveNamespace(tx, namespace, 'read')
          return found && listMemories(tx, found, {}, { limit: 101 })
        })
      return [await time(newest)]
    },
    async store(secrets, namespace, notes) {
      const calls = await Promise.all(notes.map(async (note) => ({ note, vectors: await vectorsOf([note.content]) })))
      const perAgent = notes.length / secrets.length
      const queues = secrets.map((_, agent) => calls.slice(agent * perAgent, (agent + 1) * perAgent))
      return burst(secrets.length, perAgent, (agent) => {
        const call = queues[agent]?.shift()
        if (!call) throw new Error('too few notes')
        const key = randomUUID() // the SDK sends one with every write
        const fingerprint = createHash('sha256').update(key).digest()
        return storeMemories(callerOf(secrets[agent] ?? '', { key, fingerprint }), {
          namespace,
          memories: [call.note],
          vectors: call.vectors,
          supplied: [null],
          embedder: embedder.model,
        })
      })
    },
    async listNamespaces(secret) {
      return [
        await time(() =>
          callerOf(secret).read((tx) => listNamespaces(tx, { prefix: undefined, after: undefined, limit: undefined })),
        ),
      ]
    },
    async residentBytes() {
      return process.memoryUsage.rss()
    },
    async bytesPerMemory() {
      return asOwner(async (owner) => {
        const [found] = await owner<{ bytes: number }[]>`
          select (
            pg_total_relation_size('memories')
            + pg_total_relation_size('memory_words')
            + pg_total_relation_size('term_statistics')
          )::float8
            / greatest(1, (select sum(documents) from namespace_statistics))::float8 as bytes`
        return Math.round(found?.bytes ?? 0)
      })
    },
    async dropPolicies() {
      await asOwner(async (owner) => {
        for (const table of ['memories', 'memory_words', 'memory_accesses'])
          await owner.unsafe(`alter table ${table} disable row level security`)
      })
    },
    async lockWaits() {
      return asOwner(async (owner) => {
        const [found] = await owner<
          { waiting: number }[]
        >`select count(*)::int as waiting from pg_locks where not granted`
        return found?.waiting ?? 0
      })
    },
  }

  process.on('message', ({ id, name, args }: Order) => {
    const act = orders[name] as (...args: unknown[]) => Promise<unknown>
    act(...args).then(
      (value) => process.send?.({ id, value } satisfies Answer),
      (error: Error) => process.send?.({ id, error: String(error.stack) } satisfies Answer),
    )
  })
  process.once('disconnect', async () => {
    await server.close(0)
  })
}
