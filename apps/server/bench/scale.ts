import { setTimeout } from 'node:timers/promises'
import { DakeraClient } from '@dakera-ai/dakera'
import { burst, interleave, type Summary, time } from './measure.ts'
import { type Note, notes, questions } from './notes.ts'
import type { Server } from './server.ts'

/** The times of one kind of call: by one client, by ten at once, by SQL alone, and of a request that does nothing. */
export type Call = { name: string; one: Summary; ten: Summary; sql: Summary; empty: Summary }

/** The results of a namespace of one size. */
export type Size = {
  rows: number
  storedPerSecond: number
  bytesPerMemory: number
  calls: Call[]
  /**
   * The time from the acknowledgement of a store to the recall that finds it, and how often the first recall found it.
   */
  lag: Summary
  foundAtOnce: number
}

/**
 * Comparisons of two variants that take turns; each is a quotient of two medians. growth: of recall over HTTP, relative
 * to the first size.
 */
export type Quotients = {
  growth: number[]
  others: number
  policies: number
  tenWriters: number
  lockWaits: number
  lockLooks: number
}

export type Scale = { database: string; others: number; sizes: Size[]; quotients: Quotients; residentMegabytes: number }

/** The amount of measurement. */
export type ScaleAmount = { sizes: number[]; others: number; seconds: number }

const BATCH = 500
const CLIENTS = 10
const OTHERS_EACH = 2000
const RARE = 'rare'

/** Fills namespaces of several sizes and measures each, beside the memories of other agents. */
export async function measureScale(
  name: string,
  server: Server,
  startAnother: () => Promise<Server>,
  adminKey: string,
  amount: ScaleAmount,
  say: (line: string) => void,
): Promise<Scale> {
  const { sizes, others, seconds } = amount
  const admin = new DakeraClient({ baseUrl: server.url, apiKey: adminKey, maxRetries: 0 })
  const source = notes(1)
  const filled: { rows: number; namespace: string; secrets: string[]; perSecond: number }[] = []
  for (const rows of sizes) {
    const namespace = `shared-${rows}`
    const secrets = await Promise.all(
      Array.from(
        { length: CLIENTS },
        async (_, i) =>
          (await admin.createKey({ name: `agent-${rows}-${i}`, grants: { [namespace]: 'read_write' } })).key,
      ),
    )
    const perSecond = await fill(
      new DakeraClient({ baseUrl: server.url, apiKey: secrets[0] }),
      namespace,
      rows,
      source,
      (done) => say(`${name}: ${namespace}: ${done} of ${rows}`),
    )
    filled.push({ rows, namespace, secrets, perSecond })
  }
  const middle = filled[Math.floor(filled.length / 2)]
  if (!middle) throw new Error('--sizes names no size')
  for (let stored = 0; stored < others; stored += OTHERS_EACH) {
    await fill(admin, `other-${stored / OTHERS_EACH}`, Math.min(OTHERS_EACH, others - stored), source, () => {})
    if (stored % (10 * OTHERS_EACH) === 0) say(`${name}: ${stored} of ${others} memories of others`)
  }
  say(`${name}: merging statistics, building indexes`)
  const { version } = await server.order.settle()
  say(`${name}: ${middle.namespace} without others, and without policies`)
  const besides = await compareDatabases(server, middle, startAnother, adminKey, seconds)

  const measured: Size[] = []
  for (const { rows, namespace, secrets, perSecond } of filled) {
    say(`${name}: measuring ${namespace}`)
    const calls = await measureCalls(server, admin, namespace, secrets, seconds)
    const { lag, foundAtOnce } = await measureLag(server, namespace, secrets[0] as string)
    measured.push({
      rows,
      storedPerSecond: perSecond,
      bytesPerMemory: await server.order.bytesPerMemory(),
      calls,
      lag,
      foundAtOnce,
    })
  }
  say(`${name}: the sizes in turns`)
  const growth = await compareSizes(server, filled, seconds)
  say(`${name}: ten writers`)
  const writers = await compareWriters(server, middle, seconds)
  const residentMegabytes = Math.round((await server.order.residentBytes()) / 2 ** 20)
  return {
    database: `${name} ${version.split(' ')[0]}`,
    others,
    sizes: measured,
    quotients: { growth, ...besides, ...writers },
    residentMegabytes,
  }
}

type Place = { namespace: string; secrets: string[] }

async function measureCalls(
  server: Server,
  admin: DakeraClient,
  namespace: string,
  secrets: string[],
  seconds: number,
): Promise<Call[]> {
  const agents = secrets.map((apiKey) => new DakeraClient({ baseUrl: server.url, apiKey, maxRetries: 0 }))
  const [secret = ''] = secrets
  const asked = questions(3)
  const fresh = notes(2)
  const empty = async () => [await time(() => admin.health.live())]
  const kinds: { name: string; http: (agent: DakeraClient) => Promise<unknown>; sql: () => Promise<number[]> }[] = [
    ...[5, 20].map((topK) => ({
      name: `recall k=${topK}`,
      http: (agent: DakeraClient) => agent.recall(namespace, asked.next().value, { topK }),
      sql: () => server.order.recall(secret, namespace, asked.next().value, topK),
    })),
    {
      name: 'recall, 1 % by tag',
      http: (agent) => agent.recall(namespace, asked.next().value, { tags: [RARE] }),
      sql: () => server.order.recall(secret, namespace, asked.next().value, 5, { tags: [RARE] }),
    },
    {
      name: 'search',
      http: (agent) => agent.searchMemories(namespace, asked.next().value),
      sql: () => server.order.search(secret, namespace, asked.next().value),
    },
    {
      name: 'list, 100',
      http: async (agent) => agent.listMemories(namespace),
      sql: () => server.order.list(secret, namespace),
    },
    {
      name: 'store',
      http: (agent) => agent.storeMemory(namespace, fresh.next().value),
      sql: () => server.order.store([secret], namespace, [fresh.next().value]),
    },
  ]
  const calls: Call[] = []
  for (const { name, http, sql } of kinds) {
    const [first] = agents as [DakeraClient]
    const variants = {
      one: async () => [await time(() => http(first))],
      ten: () => burst(CLIENTS, 1, (i) => http(agents[i] as DakeraClient)),
      empty,
      sql,
    }
    calls.push({ name, ...(await interleave(variants, seconds, 10)) })
  }
  return calls
}

async function measureLag(
  server: Server,
  namespace: string,
  secret: string,
): Promise<{ lag: Summary; foundAtOnce: number }> {
  const agent = new DakeraClient({ baseUrl: server.url, apiKey: secret, maxRetries: 0 })
  let attempts = 0
  let atOnce = 0
  const { lag } = await interleave(
    {
      lag: async () => {
        const content = `The beacon ${crypto.randomUUID()} is lit.`
        const { id } = await agent.storeMemory(namespace, { content })
        const started = performance.now()
        for (let tries = 1; ; tries++) {
          const found = await agent.recall(namespace, content, { topK: 5 })
          if (!found.some((memory) => memory.id === id)) continue
          attempts++
          if (tries === 1) atOnce++
          return [performance.now() - started]
        }
      },
    },
    2,
    5,
  )
  return { lag, foundAtOnce: atOnce / attempts }
}

/**
 * Compares a recall beside the memories of others, in a database without others, and in one without row security. They
 * take turns, because the same statement measured a minute later differs by a fifth on a shared machine.
 */
async function compareDatabases(
  server: Server,
  place: Place & { rows: number },
  startAnother: () => Promise<Server>,
  adminKey: string,
  seconds: number,
): Promise<Pick<Quotients, 'others' | 'policies'>> {
  const asking = (where: Server, secret: string) => {
    const asked = questions(7)
    return () => where.order.recall(secret, place.namespace, asked.next().value, 5)
  }
  const servers: Server[] = []
  const open = async (): Promise<[Server, string]> => {
    const other = await startAnother()
    servers.push(other)
    const { key } = await new DakeraClient({ baseUrl: other.url, apiKey: adminKey }).createKey({
      name: 'alone',
      grants: { [place.namespace]: 'read_write' },
    })
    await fill(new DakeraClient({ baseUrl: other.url, apiKey: key }), place.namespace, place.rows, notes(1), () => {})
    await other.order.settle()
    return [other, key]
  }
  try {
    const guarded = await open()
    const bare = await open()
    await bare[0].order.dropPolicies()
    const variants = {
      beside: asking(server, place.secrets[0] as string),
      alone: asking(...guarded),
      unguarded: asking(...bare),
    }
    const { beside, alone, unguarded } = await interleave(variants, 3 * seconds, 30)
    return { others: beside.p50 / alone.p50, policies: alone.p50 / unguarded.p50 }
  } finally {
    for (const other of servers) await other.close()
  }
}

/** Compares a recall over HTTP in each namespace with that in the first. */
async function compareSizes(server: Server, places: Place[], seconds: number): Promise<number[]> {
  const variants = Object.fromEntries(
    places.map(({ namespace, secrets: [apiKey] }) => {
      const agent = new DakeraClient({ baseUrl: server.url, apiKey, maxRetries: 0 })
      const asked = questions(11)
      return [namespace, async () => [await time(() => agent.recall(namespace, asked.next().value, { topK: 5 }))]]
    }),
  )
  const medians = Object.values(await interleave(variants, places.length * seconds, 30)).map(({ p50 }) => p50)
  return medians.map((median) => median / (medians[0] ?? Number.NaN))
}

/**
 * Compares the stores a second of ten writers with those of one, and counts how often a writer was waiting for another.
 */
async function compareWriters(
  server: Server,
  { namespace, secrets }: Place,
  seconds: number,
): Promise<Pick<Quotients, 'tenWriters' | 'lockWaits' | 'lockLooks'>> {
  const fresh = notes(4)
  const several = (count: number): Note[] => Array.from({ length: count }, () => fresh.next().value)
  const perSecond = async (writers: string[]) => {
    const end = performance.now() + seconds * 1000
    let stored = 0
    const started = performance.now()
    while (performance.now() < end)
      stored += (await server.order.store(writers, namespace, several(writers.length * 10))).length
    return stored / ((performance.now() - started) / 1000)
  }
  const one = await perSecond(secrets.slice(0, 1))
  let isWriting = true
  const looks = (async () => {
    const seen = { lockWaits: 0, lockLooks: 0 }
    for (; isWriting; seen.lockLooks++) {
      seen.lockWaits += await server.order.lockWaits()
      await setTimeout(10) // looking without a pause takes a third of the processor from the writers
    }
    return seen
  })()
  const ten = await perSecond(secrets)
  isWriting = false
  return { tenWriters: ten / one, ...(await looks) }
}

async function fill(
  agent: DakeraClient,
  namespace: string,
  rows: number,
  source: Iterator<Note, never>,
  say: (done: number) => void,
): Promise<number> {
  let ms = 0
  for (let stored = 0; stored < rows; ) {
    const batch = Array.from({ length: Math.min(BATCH, rows - stored) }, (_, i) => {
      const note = source.next().value
      return (stored + i) % 100 === 0 ? { ...note, tags: [...note.tags, RARE] } : note
    })
    ms += await time(() => agent.storeMemories(namespace, batch, { timeoutMs: 120_000 }))
    stored += batch.length
    if (stored % (20 * BATCH) === 0) say(stored)
  }
  return Math.round(rows / (ms / 1000))
}
