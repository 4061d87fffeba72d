/** Returns a seeded source of numbers in [0, 1): the same seed gives the same notes and queries on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A note that an agent could store about its work. */
export type Note = {
  content: string
  importance: number
  tags: string[]
  metadata: { source: string; project: string }
}

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
const PEOPLE = (
  'Adaeze Amara Anouk Benoit Bilal Camila Chiara Chidi Dalia Dmitri Ebba Elif Emeka Farid Fatou Georg Grace ' +
  'Greta Hana Hiroshi Ines Ingrid Ivan Jamal Joaquin Jun Kaito Karin Katarzyna Leila Luis Magnus Malika Mei ' +
  'Mikkel Nadia Ngozi Nikos Noor Oskar Otto Paloma Petra Priya Quentin Rania Ravi Rosa Ruben Saskia Sigrid Sunil ' +
  'Sven Tara Tomasz Ulla Valeria Viktor Wanjiru Xavier Yara Yusuf Zeynep Zoltan'
).split(' ')
const PLACES = (
  'Accra Amsterdam Athens Auckland Bangalore Bogota Brussels Bucharest Cairo Chicago Copenhagen Dakar Dallas ' +
  'Dublin Frankfurt Geneva Hanoi Helsinki Istanbul Jakarta Johannesburg Krakow Kyoto Lagos Lima Lisbon London ' +
  'Lyon Madrid Manila Melbourne Milan Montreal Mumbai Munich Nairobi Oregon Osaka Oslo Paris Porto Prague Quito ' +
  'Riga Santiago Seattle Seoul Singapore Sofia Stockholm Sydney Taipei Tallinn Tokyo Toronto Tunis Vienna ' +
  'Vilnius Warsaw Zurich'
).split(' ')
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
const FAULTS = (
  'blocked corrupt duplicate expired full leaking misread missing noisy orphaned outdated skewed slow stale ' +
  'throttled truncated unbounded uneven unsigned wrong'
).split(' ')
const PARTS = (
  'backup cache certificate client clock connection contract disk exporter header index lease migration parser ' +
  'provider query replica schema sensor session shard timeout token webhook'
).split(' ')
const MEASURES = (
  'archiving batching draining isolating lowering moving muting patching pinning rebuilding reindexing replacing ' +
  'resizing rotating shortening splitting upgrading warming'
).split(' ')
const KINDS = (
  'anonymous cheaper clearer compact dark faster mobile multilingual nested offline printable public quieter ' +
  'scheduled searchable shared signed simple weekly yearly'
).split(' ')
const THINGS = (
  'archive audit calendar dashboard export form gallery invoice login map mode plan receipt reminder report ' +
  'sandbox shortcut template thread tour'
).split(' ')
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday']

const SYLLABLES = [
  'ba',
  'cor',
  'del',
  'fen',
  'gra',
  'hol',
  'in',
  'jar',
  'kel',
  'lum',
  'mor',
  'nar',
  'os',
  'pel',
  'qua',
  'ris',
  'sto',
  'tam',
  'ul',
  'ven',
  'wex',
  'yor',
  'zan',
  'tri',
]

/**
 * Names in only some notes: products, firms, components. The first occurs a thousand times as often as the thousandth,
 * as in real text, so a question contains words of thousands of memories and words of three.
 */
const NAMES = Array.from({ length: 20_000 }, (_, rank) => {
  let name = ''
  for (let rest = rank + SYLLABLES.length; rest > 0; rest = Math.floor(rest / SYLLABLES.length))
    name += SYLLABLES[rest % SYLLABLES.length]
  return name.charAt(0).toUpperCase() + name.slice(1)
})

const SENTENCES = [
  (p: Picker) =>
    `The ${p.of(QUANTITIES)} of the ${p.of(SYSTEMS)} of ${p.name()} in ${p.of(PLACES)} went from ` +
    `${p.number(3, 90)} to ${p.number(91, 900)} on ${p.of(WEEKDAYS)} because of ${p.cause()}.`,
  (p: Picker) =>
    `${p.of(PEOPLE)} measured the ${p.of(QUANTITIES)} of ${p.name()} three times and got ${p.number(2, 400)}, ` +
    `${p.number(2, 400)} and ${p.number(2, 400)}; the ${p.of(SYSTEMS)} was the bottleneck.`,
  (p: Picker) =>
    `We brought ${p.name()} back by ${p.measure()}, after ${p.cause()} in ${p.name()} had taken it down for ` +
    `${p.number(4, 120)} minutes.`,
  (p: Picker) =>
    `Customers of ${p.name()} keep asking ${p.of(PEOPLE)} for ${p.wish()}; ${p.number(5, 80)} tickets this month ` +
    'mention it.',
  (p: Picker) =>
    `Decision of the ${p.of(PROJECTS)} team: ${p.measure()} before ${p.name()} is released on ${p.of(WEEKDAYS)}, ` +
    `and ${p.wish()} only in the next quarter.`,
  (p: Picker) =>
    `${p.of(PEOPLE)} of ${p.name()} prefers ${p.wish()} over ${p.name()} and wants to hear from ${p.of(PEOPLE)} ` +
    `by ${p.of(WEEKDAYS)}.`,
  (p: Picker) =>
    `Ticket ${p.number(1000, 99_999)}: ${p.cause()} in ${p.of(PLACES)} doubled the ${p.of(QUANTITIES)} of ` +
    `${p.name()}; ${p.measure()} helped.`,
  (p: Picker) =>
    `The contract with ${p.name()} for the ${p.of(SYSTEMS)} ends in ${p.number(2, 18)} months and costs ` +
    `${p.number(200, 9000)} euros a month in ${p.of(PLACES)}.`,
]

const QUESTIONS = [
  (p: Picker) => `why did the ${p.of(QUANTITIES)} of ${p.name()} change in ${p.of(PLACES)}?`,
  (p: Picker) => `${p.name()} ${p.cause()} ${p.of(PLACES)}`,
  (p: Picker) => `what did ${p.of(PEOPLE)} measure about ${p.name()}`,
  (p: Picker) => `how did we fix ${p.name()} after ${p.cause()} in ${p.name()}?`,
  (p: Picker) => `who of ${p.name()} wants ${p.wish()} and not ${p.name()}?`,
  (p: Picker) => `decisions of the ${p.of(PROJECTS)} team about ${p.name()} and ${p.measure()}`,
]

/** Yields endless notes, of one to three sentences each. */
export function* notes(seed: number): Generator<Note, never> {
  const pick = new Picker(seeded(seed))
  while (true) {
    const content = Array.from({ length: pick.number(1, 3) }, () => pick.of(SENTENCES)(pick)).join(' ')
    const project = pick.of(PROJECTS)
    const isVerified = pick.number(0, 9) > 3
    const tags = [isVerified ? 'verified' : 'draft', project.replaceAll(' ', '-')]
    yield {
      content,
      importance: pick.number(20, 95) / 100,
      tags,
      metadata: { source: pick.of(PEOPLE).toLowerCase(), project },
    }
  }
}

/** Yields endless questions about such notes. */
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
  /** Returns the n-th name with a probability in proportion to 1/n. */
  name(): string {
    return NAMES[Math.floor(NAMES.length ** this.#random()) - 1] as string
  }
  cause(): string {
    return `a ${this.of(FAULTS)} ${this.of(PARTS)}`
  }
  measure(): string {
    return `${this.of(MEASURES)} the ${this.of(PARTS)}`
  }
  wish(): string {
    return `a ${this.of(KINDS)} ${this.of(THINGS)}`
  }
  number(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1))
  }
}
