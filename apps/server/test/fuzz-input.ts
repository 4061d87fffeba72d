import { type Endpoint, endpoints } from '@dakera-ai/protocol'
import fc, { type Arbitrary } from 'fast-check'

/**
 * This marker is only in the foreign namespace: in content, tags, metadata, ids and names. No reply to another key may
 * contain it.
 */
export const MARKER = 'zzqmarkerzzq'
/** This namespace exists and contains the marker, and no key except the admin's has a grant on it. */
export const FOREIGN = 'foreign-place'
export const MINE = 'inbox'
export const SHARED = 'team-shared'
export const FOREIGN_ID = 'mem_foreign'
export const SHARED_ID = 'mem_shared'
export const FOREIGN_SESSION = 'ses_foreign'
export const SHARED_SESSION = 'ses_shared'

const ALL = Object.values(endpoints).flatMap((group): Endpoint[] => Object.values(group))
/** Every address of the API, aliases too. */
export const ADDRESSES = ALL.flatMap((endpoint) =>
  [`${endpoint.method} ${endpoint.path}`, ...(endpoint.aliases ?? [])].map((address) => {
    const [method = '', path = ''] = address.split(' ')
    return { endpoint, method, path }
  }),
)
export type Address = (typeof ADDRESSES)[number]

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '\u0000', '\ud800', "'; --", '%', '\\', '"', '../..', '__proto__', 'x'.repeat(300), '\u{1F600}'),
)
const number = fc.oneof(
  fc.integer({ min: -3, max: 200 }),
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    0.5,
    1,
    1e308,
    -1e308,
    2 ** 53,
    2 ** 31,
    -(2 ** 31) - 1,
    5e-324,
    253_402_300_799,
    -62_135_596_800,
  ),
)
const garbage: Arbitrary<unknown> = fc.oneof(
  anyText,
  number,
  fc.boolean(),
  fc.constantFrom(null, [], {}, [[]], [null], { a: { b: 1 } }),
  fc.jsonValue({ maxDepth: 4 }),
)

const namespace = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(MINE, SHARED, FOREIGN, `_dakera_agent_${MINE}`, 'not-there') },
  { weight: 1, arbitrary: anyText },
)
const id = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      FOREIGN_ID,
      SHARED_ID,
      'mem_never',
      FOREIGN_SESSION,
      SHARED_SESSION,
      'key_root',
      'key_never',
    ),
  },
  { weight: 1, arbitrary: anyText },
)
const words = fc.oneof(
  fc.constantFrom('notes about tides', '"exact phrase" tide', 'the', '!!', 'secret tides plan'),
  anyText,
)
const tags = fc.array(fc.oneof(fc.constantFrom('a', 'shared', 'b,c'), anyText), { maxLength: 4 })
const moment = fc.oneof(
  fc.integer({ min: 0, max: 4_000_000_000 }),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom(
    '2030-01-01',
    '9999-12-31T23:59:59-14:00',
    '0001-01-01T00:00:00+14:00',
    '0000-01-01',
    -62_135_596_800,
  ),
)
const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), number)
const access = fc.constantFrom('read', 'write', 'read_write', 'none', 'all')
const vector = fc.oneof(
  fc.array(number, { maxLength: 5 }),
  fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 256, maxLength: 256 }),
)
const grants = fc.dictionary(namespace, access, { maxKeys: 3 })

const scalar = fc.oneof(anyText, number, fc.boolean(), fc.constant(null))
const { filter } = fc.letrec<{ filter: unknown }>((tie) => ({
  filter: fc.dictionary(
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('source', 'a.b', 'n', 'x"y', "it's", '$and', '$or', '$not') },
      { weight: 1, arbitrary: anyText },
    ),
    fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.dictionary(
        fc.constantFrom('$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$contains', '$exists', '$in', '$nin', '$regex'),
        fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
        { maxKeys: 2 },
      ),
      fc.array(tie('filter'), { maxLength: 2 }),
      tie('filter'),
    ),
    { maxKeys: 3 },
  ),
}))
const selection = fc.record(
  {
    tags,
    tags_any: tags,
    min_importance: share,
    max_importance: share,
    created_after: moment,
    created_before: moment,
    memory_type: words,
    session_id: anyText,
    author: words,
    exclude_author: fc.constant('self'),
    metadata: filter,
    dry_run: fc.boolean(),
  },
  { requiredKeys: [] },
)

/** The special syntax of a search, whole and in pieces. */
const syntax = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'tide',
        '"low tide"',
        '-tide',
        '-"a b"',
        'ti*',
        '-ti*',
        'tag:fact',
        '-tag:"x y"',
        'tag:',
        '"',
        '-',
        '*',
        '""',
        ':*',
        "'",
        '\\',
        '!',
        '<->',
        'or',
      ),
      words,
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((parts) => parts.join(' '))

/** Values by field name, so that a field gets the same kind of value everywhere; other fields get garbage. */
const FIELDS: Record<string, Arbitrary<unknown>> = {
  agent_id: namespace,
  name: fc.oneof(namespace, words),
  content: words,
  query: fc.oneof(words, syntax),
  importance: share,
  min_importance: share,
  max_importance: share,
  vector_weight: share,
  min_score: share,
  top_k: fc.integer({ min: 1, max: 100 }),
  limit: fc.integer({ min: 1, max: 1000 }),
  tags,
  tags_any: tags,
  metadata: fc.oneof(
    fc.dictionary(anyText, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 }),
    fc.constant({ source: 'tides', n: 1, a: { b: 'c' } }),
  ),
  policy: fc.dictionary(anyText, scalar, { maxKeys: 2 }),
  description: words,
  dimension: fc.constantFrom(3, 256, 4000),
  memory_type: fc.oneof(fc.constantFrom('episodic', 'semantic'), anyText),
  session_id: anyText,
  author: words,
  exclude_author: fc.constantFrom('self', 'fuzz-agent'),
  ttl_seconds: fc.oneof(fc.integer({ min: 1, max: 1000 }), number),
  expires_at: moment,
  valid_from: moment,
  since: moment,
  until: moment,
  before_timestamp: moment,
  embedding: vector,
  id: fc.oneof(fc.uuid(), id),
  memory_id: id,
  memory_ids: fc.array(id, { maxLength: 3 }),
  routing: fc.constantFrom('auto', 'hybrid', 'vector', 'bm25'),
  mode: fc.constantFrom('best', 'exact'),
  explain: fc.boolean(),
  mmr: share,
  highlight: fc.boolean(),
  skip_denied: fc.boolean(),
  language: fc.constantFrom('auto', 'english', 'simple', 'german'),
  filter: fc.oneof(filter, selection),
  filters: selection,
  dry_run: fc.boolean(),
  cursor: fc.oneof(
    anyText,
    fc
      .constantFrom({ id: 'key_root' }, { name: 'a' }, { namespace: '1', time: '2026-01-01 00:00:00+00', id: '' })
      .map((position) => Buffer.from(JSON.stringify(position)).toString('base64url')),
  ),
  grants,
  namespaces: fc.array(namespace, { maxLength: 3 }),
  scope: fc.constantFrom('read', 'write'),
  permissions: fc.array(fc.constantFrom('read', 'write'), { maxLength: 2 }),
  secret: fc.oneof(fc.uuid(), anyText),
  expires_in_days: fc.oneof(fc.integer({ min: 1, max: 30 }), number),
  summary: words,
  active_only: fc.boolean(),
  offset: fc.integer({ min: 0, max: 10 }),
  grace_secs: fc.oneof(fc.integer({ min: 0, max: 10 }), number),
}
const field = (name: string): Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: FIELDS[name] ?? garbage }, { weight: 1, arbitrary: garbage })
/** Fields without which nothing happens; they are usually sent. */
const NEEDED = new Set(['agent_id', 'content', 'query', 'importance', 'name', 'memories'])

const fieldNames = (schema: unknown): string[] => Object.keys((schema as { shape?: object } | undefined)?.shape ?? {})
function objectOf(names: string[]): Arbitrary<Record<string, unknown>> {
  const fields = Object.fromEntries(
    names.map((name) => [name, fc.option(field(name), { nil: undefined, freq: NEEDED.has(name) ? 20 : 1 })]),
  )
  return fc
    .record(fields)
    .map((object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)))
}
const NEW_MEMORY = [
  'content',
  'memory_type',
  'importance',
  'tags',
  'metadata',
  'session_id',
  'ttl_seconds',
  'embedding',
  'id',
]
FIELDS['memories'] = fc.array(objectOf(NEW_MEMORY), { minLength: 1, maxLength: 3 })

export type Shot = {
  address: Address
  path: string
  body: string | undefined
  who: Who
  headers: Record<string, string>
}
export const WHO = ['admin', 'agent', 'reader', 'nobody'] as const
export type Who = (typeof WHO)[number]

const asQuery = (values: Record<string, unknown>) => {
  const pairs = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.toWellFormed() : (JSON.stringify(value) ?? ''),
  ])
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs as [string, string][]).toString().slice(0, 4000)}`
}
const headers = fc.record(
  {
    'idempotency-key': fc.constantFrom('k1', 'k2', 'k3', 'two words', ''),
    'if-match': fc.constantFrom('"1"', '*', 'x', '2'),
    'content-type': fc.constantFrom('text/plain', 'application/json', 'multipart/form-data'),
  },
  { requiredKeys: [] },
)

/** Generates a request to an address: mostly with its own fields, sometimes with any. */
export const shotAt = (address: Address): Arbitrary<Shot> => {
  const { endpoint, path } = address
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const segments = fc.tuple(...names.map((name) => (name === 'namespace' || name === 'agent_id' ? namespace : id)))
  const query = endpoint.query ? objectOf(fieldNames(endpoint.query)) : fc.constant({})
  const body = endpoint.body
    ? fc.oneof({ weight: 12, arbitrary: objectOf(fieldNames(endpoint.body)) }, { weight: 1, arbitrary: garbage })
    : fc.constant(undefined)
  const calm = fc.record({}, { requiredKeys: [] }) as Arbitrary<Record<string, string>>
  return fc
    .record({
      segments,
      query,
      body,
      who: fc.constantFrom(...WHO),
      headers: fc.oneof(
        { weight: 3, arbitrary: calm },
        { weight: 1, arbitrary: headers as Arbitrary<Record<string, string>> },
      ),
    })
    .map((drawn) => ({
      address,
      path:
        drawn.segments.reduce(
          (filled, segment) => filled.replace(/\{\w+\}/, () => encodeURIComponent(segment.toWellFormed()) || 'x'),
          path,
        ) + asQuery(drawn.query),
      body: drawn.body === undefined ? undefined : JSON.stringify(drawn.body),
      who: drawn.who,
      headers: drawn.headers,
    }))
}
