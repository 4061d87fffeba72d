/** A seeded source of numbers in [0, 1): the same seed gives the same notes and queries on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What an agent would store about its work. */
export type Note = { content: string; importance: number; tags: string[]; metadata: { source: string; project: string } }

const PROJECTS = [
  'billing',
  'search',
  'checkout',
  'onboarding',
  'mobile app',
  'data platform',
  'support desk',
  'pricing',
  'payments',
  'recommendations',
  'identity',
  'notifications',
]
const PEOPLE = [
  'Amara',
  'Benoit',
  'Chiara',
  'Dmitri',
  'Elif',
  'Farid',
  'Grace',
  'Hana',
  'Ivan',
  'Jun',
  'Karin',
  'Luis',
  'Mei',
  'Nadia',
  'Oskar',
  'Priya',
  'Quentin',
  'Rosa',
  'Sven',
  'Tara',
]
const PLACES = ['Frankfurt', 'Singapore', 'Oregon', 'Dublin', 'Tokyo', 'Sydney', 'Montreal', 'Mumbai']
const SYSTEMS = [
  'vector index',
  'message queue',
  'cache',
  'primary database',
  'load balancer',
  'object store',
  'search cluster',
  'feature store',
  'scheduler',
  'API gateway',
  'embedding service',
  'audit log',
  'read replica',
  'webhook worker',
]
const QUANTITIES = [
  'median latency',
  'error rate',
  'memory use',
  'throughput',
  'recall at ten',
  'cost per request',
  'cold start',
  'queue depth',
  'cache hit rate',
  'disk usage',
  'refund rate',
  'conversion',
  'churn',
  'response time',
]
const CAUSES = [
  'a missing index',
  'an expired certificate',
  'a retry storm',
  'the new release',
  'a full disk',
  'a slow upstream provider',
  'clock skew',
  'an unbounded query',
  'a wrong timeout',
  'uneven sharding',
  'a stale cache',
  'the nightly export',
  'a misread contract',
  'duplicate webhooks',
]
const MEASURES = [
  'rolling back',
  'adding a partial index',
  'raising the pool size',
  'batching the writes',
  'moving the job to the night',
  'rotating the key',
  'shortening the retention',
  'splitting the shard',
  'warming the cache',
  'pinning the version',
  'lowering the concurrency',
  'asking the vendor',
]
const WISHES = [
  'a yearly plan',
  'an export to spreadsheets',
  'single sign-on',
  'dark mode',
  'a lower price for students',
  'fewer emails',
  'an offline mode',
  'faster search',
  'clearer invoices',
  'an audit trail',
  'a sandbox account',
  'keyboard shortcuts',
]
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday']

const SENTENCES = [
  (p: Picker) =>
    `The ${p.of(QUANTITIES)} of the ${p.of(SYSTEMS)} in ${p.of(PLACES)} went from ${p.number(3, 90)} to ${p.number(91, 900)} on ${p.of(WEEKDAYS)} because of ${p.of(CAUSES)}.`,
  (p: Picker) =>
    `${p.of(PEOPLE)} measured the ${p.of(QUANTITIES)} three times and got ${p.number(2, 400)}, ${p.number(2, 400)} and ${p.number(2, 400)}; the ${p.of(SYSTEMS)} was the bottleneck.`,
  (p: Picker) => `We brought the ${p.of(SYSTEMS)} back by ${p.of(MEASURES)}, after ${p.of(CAUSES)} had taken it down for ${p.number(4, 120)} minutes.`,
  (p: Picker) => `Customers of ${p.of(PROJECTS)} keep asking ${p.of(PEOPLE)} for ${p.of(WISHES)}; ${p.number(5, 80)} tickets this month mention it.`,
  (p: Picker) =>
    `Decision of the ${p.of(PROJECTS)} team: ${p.of(MEASURES)} before the release of ${p.of(WEEKDAYS)}, and ${p.of(WISHES)} only in the next quarter.`,
  (p: Picker) => `${p.of(PEOPLE)} prefers ${p.of(WISHES)} over ${p.of(WISHES)} and wants to hear from ${p.of(PEOPLE)} by ${p.of(WEEKDAYS)}.`,
  (p: Picker) =>
    `Ticket ${p.number(1000, 99_999)}: ${p.of(CAUSES)} in ${p.of(PLACES)} doubled the ${p.of(QUANTITIES)} of ${p.of(PROJECTS)}; ${p.of(MEASURES)} helped.`,
  (p: Picker) =>
    `The contract with the vendor of the ${p.of(SYSTEMS)} ends in ${p.number(2, 18)} months and costs ${p.number(200, 9000)} euros a month in ${p.of(PLACES)}.`,
]

const QUESTIONS = [
  (p: Picker) => `why did the ${p.of(QUANTITIES)} of the ${p.of(SYSTEMS)} change in ${p.of(PLACES)}?`,
  (p: Picker) => `${p.of(PROJECTS)} ${p.of(CAUSES)} ${p.of(PLACES)}`,
  (p: Picker) => `what did ${p.of(PEOPLE)} measure about ${p.of(QUANTITIES)}`,
  (p: Picker) => `how did we fix the ${p.of(SYSTEMS)} after ${p.of(CAUSES)}?`,
  (p: Picker) => `who wants ${p.of(WISHES)}?`,
  (p: Picker) => `decisions of the ${p.of(PROJECTS)} team about ${p.of(MEASURES)}`,
]

/** Notes without end: one to three sentences each. */
export function* notes(seed: number): Generator<Note, never> {
  const pick = new Picker(seeded(seed))
  while (true) {
    const content = Array.from({ length: pick.number(1, 3) }, () => pick.of(SENTENCES)(pick)).join(' ')
    const project = pick.of(PROJECTS)
    const isVerified = pick.number(0, 9) > 3
    const tags = [isVerified ? 'verified' : 'draft', project.replaceAll(' ', '-')]
    yield { content, importance: pick.number(20, 95) / 100, tags, metadata: { source: pick.of(PEOPLE).toLowerCase(), project } }
  }
}

/** Questions without end about such notes. */
export function* questions(seed: number): Generator<string, never> {
  const pick = new Picker(seeded(seed))
  while (true) yield pick.of(QUESTIONS)(pick)
}

class Picker {
  readonly #random: () => number
  constructor(random: () => number) {
    this.#random = random
  }
  of<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T
  }
  number(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1))
  }
}
