import { DakeraClient } from '@dakera-ai/dakera'
import { burst, interleave, type Summary, time } from './measure.ts'
import { type Note, notes, questions } from './notes.ts'
import type { Server } from './server.ts'

/** A row of the product document's table: its name, the promised milliseconds, and the measured ones. */
export type Row = { name: string; promised: { p50: number; p99: number }; http: Summary; sql: Summary; empty: Summary }

/** The results of one database. */
export type Result = {
  database: string
  memories: number
  vectorIndexes: number
  load: { memories: number; perSecond: number }
  rows: Row[]
  residentMegabytes: { loaded: number; end: number }
}

/** The amount of measurement. */
export type Amount = { rows: number; seconds: number }

/**
 * The order of the rows in the document. They are measured in another order: recall before the writes, so that it runs
 * with the requested number of memories.
 */
const ORDER = ['store_memory', 'recall top_k=5', 'recall top_k=20', '10 agents writing', 'list_namespaces']

const SHARED = 'team-shared'
const AGENTS = 10
const STORES_EACH = 4
const WARM_UP = 30
const BATCH = 500

/** Fills a server and measures the five rows on it. */
export async function measure(
  name: string,
  server: Server,
  adminKey: string,
  { rows, seconds }: Amount,
  say: (line: string) => void,
): Promise<Result> {
  const client = (apiKey: string) => new DakeraClient({ baseUrl: server.url, apiKey, maxRetries: 0 })
  const admin = client(adminKey)
  const secrets = await createTeam(admin)
  const [secret = ''] = secrets
  const agents = secrets.map(client)
  const [agent] = agents as [DakeraClient]

  const load = await fill(agent, rows, (done) => say(`${name}: ${done} of ${rows} memories stored`))
  const fresh = notes(2)
  const next = (): Note => fresh.next().value
  const several = (count: number) => Array.from({ length: count }, next)
  for (let i = 0; i < WARM_UP; i++) await agent.storeMemory(SHARED, next())
  say(`${name}: merging statistics, building indexes`)
  const settled = await server.order.settle()
  const loaded = await server.order.residentBytes()

  const asked = questions(3)
  const empty = async () => [await time(() => admin.health.live())]
  const recall = (topK: number) => {
    let query = ''
    return {
      http: async () => {
        query = asked.next().value
        return [await time(() => agent.recall(SHARED, query, { topK }))]
      },
      sql: () => server.order.recall(secret, SHARED, asked.next().value, topK),
      empty,
    }
  }
  const plans: {
    name: string
    promised: Row['promised']
    variants: Parameters<typeof interleave<'http' | 'sql' | 'empty'>>[0]
  }[] = [
    { name: 'recall top_k=5', promised: { p50: 11, p99: 26 }, variants: recall(5) },
    { name: 'recall top_k=20', promised: { p50: 15, p99: 35 }, variants: recall(20) },
    {
      name: 'list_namespaces',
      promised: { p50: 4, p99: 11 },
      variants: {
        http: async () => [await time(async () => admin.listNamespaces())],
        sql: () => server.order.listNamespaces(adminKey),
        empty,
      },
    },
    {
      name: 'store_memory',
      promised: { p50: 16, p99: 38 },
      variants: {
        http: async () => {
          const note = next()
          return [await time(() => agent.storeMemory(SHARED, note))]
        },
        sql: () => server.order.store([secret], SHARED, several(1)),
        empty,
      },
    },
    {
      name: '10 agents writing',
      promised: { p50: 18, p99: 54 },
      variants: {
        http: () => burst(AGENTS, STORES_EACH, (i) => (agents[i] as DakeraClient).storeMemory(SHARED, next())),
        sql: () => server.order.store(secrets, SHARED, several(AGENTS * STORES_EACH)),
        empty: () => burst(AGENTS, STORES_EACH, (i) => (agents[i] as DakeraClient).health.live()),
      },
    },
  ]

  const measured: Row[] = []
  for (const { name: row, promised, variants } of plans) {
    say(`${name}: ${row}`)
    const isBurst = row.includes('agents')
    measured.push({ name: row, promised, ...(await interleave(variants, seconds, isBurst ? 1 : WARM_UP)) })
  }
  const end = await server.order.residentBytes()
  const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20)
  return {
    database: `${name} ${settled.version.split(' ')[0]}`,
    memories: settled.memories,
    vectorIndexes: settled.vectorIndexes,
    load,
    rows: measured.sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name)),
    residentMegabytes: { loaded: megabytes(loaded), end: megabytes(end) },
  }
}

/** Creates a shared namespace, and a private one and a key for each agent. */
async function createTeam(admin: DakeraClient): Promise<string[]> {
  await admin.createNamespace(SHARED)
  const secrets: string[] = []
  for (let i = 0; i < AGENTS; i++) {
    const own = `agent-${i}`
    await admin.createNamespace(own)
    secrets.push((await admin.createKey({ name: own, grants: { [own]: 'read_write', [SHARED]: 'read_write' } })).key)
  }
  return secrets
}

async function fill(agent: DakeraClient, rows: number, say: (done: number) => void): Promise<Result['load']> {
  const source = notes(1)
  let stored = 0
  let ms = 0
  while (stored < rows) {
    const batch = Array.from({ length: Math.min(BATCH, rows - stored) }, () => source.next().value)
    ms += await time(() => agent.storeMemories(SHARED, batch, { timeoutMs: 120_000 }))
    stored += batch.length
    if (stored % (4 * BATCH) === 0 || stored === rows) say(stored)
  }
  return { memories: stored, perSecond: Math.round(stored / (ms / 1000)) }
}
