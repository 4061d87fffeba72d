import { notes, seeded } from './notes.ts'

/** A request that the hammer sends. */
export type DearRequest = { path: string; body: string }

/** The namespaces of the expensive calls. */
export type DearPlace = {
  /** Contains some hundred memories. */
  own: string
  /** Twenty of the same kind. */
  many: string[]
  /** Stored memories expire after this time; never if undefined. */
  ttlSeconds?: number
}

/** A legal call that costs the server far more than it costs the caller. */
export type DearCall = {
  name: string
  /**
   * The kind of store. A batch is one transaction of many memories, for which everybody waits on the embedded database.
   */
  stores?: 'one' | 'batch'
  /** The client hangs up after this time, without having read a response. */
  hangUpMs?: number
  /** A few different requests, sent round and round. */
  requests(place: DearPlace): DearRequest[]
}

const VARIANTS = 8
const RECALL = '/v1/memory/recall'
const STORE = '/v1/memory/store'
const BATCH = '/v1/memories/store/batch'

/** Calls with which one key made others wait. A call that a release rejects counts as rejected. */
export const DEAR_CALLS: DearCall[] = [
  {
    name: 'recall, 9,900 letters, top_k 100, mmr, explain',
    requests: ({ own }) =>
      variants((seed) => ({
        path: RECALL,
        body: { agent_id: own, query: prose(seed, 9_900), top_k: 100, mmr: 0.5, explain: true },
      })),
  },
  {
    name: 'recall in 20 namespaces, top_k 100, mmr',
    requests: ({ many }) =>
      variants((seed) => ({ path: RECALL, body: { namespaces: many, query: prose(seed, 200), top_k: 100, mmr: 0.5 } })),
  },
  {
    name: 'store batch, 1,000 short memories',
    stores: 'batch',
    requests: ({ own, ...place }) =>
      variants((seed) => {
        const source = notes(seed)
        const memories = Array.from({ length: 1_000 }, () => expiring(place, source.next().value))
        return { path: BATCH, body: { agent_id: own, memories } }
      }),
  },
  {
    name: 'store batch, 20 x 95,000 letters',
    stores: 'batch',
    requests: ({ own, ...place }) =>
      variants((seed) => {
        const memories = Array.from({ length: 20 }, (_, i) =>
          expiring(place, { content: prose(100 * seed + i, 95_000) }),
        )
        return { path: BATCH, body: { agent_id: own, memories } }
      }),
  },
  {
    name: 'store, metadata of 60,000 fields (1.2 MB)',
    stores: 'one',
    requests: ({ own, ...place }) =>
      variants((seed) => ({ path: STORE, body: { agent_id: own, ...expiring(place, withFields(seed, 60_000)) } })),
  },
  {
    name: 'store, metadata of 3,000 fields (60 kB)',
    stores: 'one',
    requests: ({ own, ...place }) =>
      variants((seed) => ({ path: STORE, body: { agent_id: own, ...expiring(place, withFields(seed, 3_000)) } })),
  },
  {
    name: 'list, filter with 1,000 values',
    requests: ({ own }) =>
      variants((seed) => ({
        path: '/v1/memories/recall/batch',
        body: { agent_id: own, limit: 1_000, filter: { metadata: manyValues(seed, 1_000) } },
      })),
  },
  {
    name: 'search, filter with 1,000 values, client leaves after 100 ms',
    hangUpMs: 100,
    requests: ({ own }) =>
      variants((seed) => ({
        path: '/v1/memory/search',
        body: { agent_id: own, query: prose(seed, 150), top_k: 100, filter: manyValues(seed, 1_000) },
      })),
  },
]

function variants(make: (seed: number) => { path: string; body: unknown }): DearRequest[] {
  return Array.from({ length: VARIANTS }, (_, i) => {
    const { path, body } = make(1_000 + i)
    return { path, body: JSON.stringify(body) }
  })
}

/** Returns notes with this many letters, as an agent could have written them. */
export function prose(seed: number, letters: number): string {
  const source = notes(seed)
  let text = ''
  while (text.length < letters) text += `${source.next().value.content} `
  return text.slice(0, letters).trim()
}

/** 20 bytes a field. */
function withFields(seed: number, fields: number) {
  const random = seeded(seed)
  const metadata = Object.fromEntries(
    Array.from({ length: fields }, (_, i) => [
      `reading${i.toString().padStart(5, '0')}`,
      Math.floor(100 + 900 * random()),
    ]),
  )
  return { content: prose(seed, 200), metadata }
}

/** Returns this many values in ten lists; no memory has any of them. */
export function manyValues(seed: number, values: number) {
  const each = values / 10
  const list = (i: number) => Array.from({ length: each }, (_, j) => `nobody-${seed}-${i * each + j}`)
  return { $or: Array.from({ length: 10 }, (_, i) => ({ [i % 2 === 0 ? 'source' : 'project']: { $in: list(i) } })) }
}

const expiring = <T extends object>({ ttlSeconds }: Pick<DearPlace, 'ttlSeconds'>, memory: T) =>
  ttlSeconds === undefined ? memory : { ...memory, ttl_seconds: ttlSeconds }
