import {
  constantOf,
  FILTER_BYTES,
  FILTER_CONDITIONS,
  FILTER_CONTAINS_LENGTH,
  FILTER_DEPTH,
  FILTER_PATH_LENGTH,
  FILTER_PATH_PARTS,
  FILTER_SEARCHES,
  FILTER_TEXT_LENGTH,
  FILTER_VALUES,
  parseFilter,
} from '@dakera-ai/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { start, type TestServer } from '../../../test/harness.ts'
import { expectError, send } from '../../../test/http-call.ts'
import { listSelection } from './selection.ts'

type Json = Record<string, unknown>
type Value = string | number | boolean | null

let t: TestServer
let key: string
beforeAll(async () => {
  t = await start()
  key = await t.secret({ docs: 'read_write', notes: 'read_write' })
})
afterAll(() => t?.[Symbol.asyncDispose]())

const post = (path: string, body: unknown) => send(t.url, path, { method: 'POST', key, body: body as Json })

// ── What a filter means, said once more in plain JavaScript ──

const LONG = Array.from({ length: 30 }, (_, i) => i)
const DOCUMENTS: Json[] = [
  {},
  { a: 1 },
  { a: 2 },
  { a: '1' },
  { a: '' },
  { a: 'tide table' },
  { a: null },
  { a: true },
  { a: false },
  { a: [] },
  { a: [1, 'x', null] },
  { a: [[1], [2, 'tide']] },
  { a: LONG },
  { a: LONG.map(String) },
  { a: { b: 1 } },
  { a: { b: [2, 'low tide'] } },
  { a: [{ b: 1 }, { b: 'x' }, [{ b: 2 }]] },
  { a: 1, 'x"y': 'tide' },
  { 'x"y': ["it's", 7] },
  { a: 1.5, b: 1 },
  { b: 'x', a: 'X' },
  { 'a.b': 7, a: { b: 1 } },
  { 'a.b': [1, '1', 'tide', null] },
  { 'a.b': 'tide', a: 2 },
]

const objectsIn = (item: unknown): Json[] =>
  (Array.isArray(item) ? item : [item]).filter((one): one is Json => isObject(one))
const isObject = (item: unknown): item is Json => typeof item === 'object' && item !== null && !Array.isArray(item)
/** A dotted name is a key of that very name where there is one, and else a way inside. */
const itemsAt = (document: Json, path: string) =>
  (Object.hasOwn(document, path) ? [path] : path.split('.')).reduce<unknown[]>(
    (items, name) => items.flatMap(objectsIn).flatMap((one) => (Object.hasOwn(one, name) ? [one[name]] : [])),
    [document],
  )

const kindOf = (value: unknown) => (value === null ? 'null' : typeof value)
const order = (a: Value, b: Value) => (a === b ? 0 : (a as string) < (b as string) ? -1 : 1)
function holds(document: Json, filter: Json): boolean {
  return Object.entries(filter).every(([name, said]) => {
    if (name === '$and') return (said as Json[]).every((inner) => holds(document, inner))
    if (name === '$or') return (said as Json[]).some((inner) => holds(document, inner))
    if (name === '$not') return !holds(document, said as Json)
    const items = itemsAt(document, name)
    const values = items.flatMap((item) => (Array.isArray(item) ? (item as unknown[]) : [item]))
    const isAnywhere = (test: (value: Value, operand: Value) => boolean) => (operand: Value) =>
      values.some((value) => kindOf(value) === kindOf(operand) && test(value as Value, operand))
    const equals = isAnywhere((value, operand) => value === operand)
    const operators: Record<string, (operand: never) => boolean> = {
      $eq: equals,
      $ne: (operand: Value) => !equals(operand),
      $gt: isAnywhere((value, operand) => order(value, operand) > 0),
      $gte: isAnywhere((value, operand) => order(value, operand) >= 0),
      $lt: isAnywhere((value, operand) => order(value, operand) < 0),
      $lte: isAnywhere((value, operand) => order(value, operand) <= 0),
      $in: (list: Value[]) => list.some(equals),
      $nin: (list: Value[]) => !list.some(equals),
      $exists: (wanted: boolean) => items.length > 0 === wanted,
      $contains: isAnywhere((value, operand) =>
        typeof value === 'string' ? value.includes(operand as string) : value === operand,
      ),
    }
    return Object.entries(isObject(said) ? said : { $eq: said }).every(([operator, operand]) =>
      operators[operator]?.(operand as never),
    )
  })
}

const value = fc.constantFrom<Value[]>(1, 2, 1.5, 7, '1', 'x', '', 'tide', 'X', "it's", null, true, false)
const list = fc.oneof(
  fc.array(value, { maxLength: 4 }),
  fc.array(fc.oneof(value, fc.integer({ min: 20, max: 60 })), { minLength: 9, maxLength: 20 }),
)
const condition = fc.oneof(
  value,
  fc.dictionary(fc.constantFrom('$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$contains'), value, { maxKeys: 2 }),
  fc.dictionary(fc.constantFrom('$in', '$nin'), list, { minKeys: 1, maxKeys: 2 }),
  fc.record({ $exists: fc.boolean() }),
)
const { filter: anyFilter } = fc.letrec<{ filter: Json }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    {
      weight: 3,
      arbitrary: fc.dictionary(fc.constantFrom('a', 'a.b', 'b', 'x"y', 'none'), condition, { minKeys: 1, maxKeys: 2 }),
    },
    { weight: 2, arbitrary: fc.record({ $or: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ $and: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ $not: tie('filter') }) },
  ),
}))

describe('a metadata filter', () => {
  test('means the same as in plain JavaScript, and one that is always true is refused', async () => {
    await t.admin.storeMemories(
      'docs',
      DOCUMENTS.map((metadata, i) => ({ content: `Document ${i}.`, id: `doc-${i}`, metadata })),
    )
    const seen = { some: 0, all: 0 }
    await fc.assert(
      fc.asyncProperty(anyFilter, async (filter) => {
        const answer = await post('/v1/memories/recall/batch', { agent_id: 'docs', filter: { metadata: filter } })
        if (Object.keys(filter).length > 0 && constantOf(parseFilter(filter)) === true) {
          seen.all++
          expect(DOCUMENTS.every((document) => holds(document, filter))).toBe(true)
          expectError(answer, 'INVALID_REQUEST', /matches every memory/)
          return
        }
        const found = (answer.json as { memories: { id: string }[] }).memories.map(({ id }) => id).sort()
        if (found.length > 0 && found.length < DOCUMENTS.length) seen.some++
        expect(found).toEqual(DOCUMENTS.flatMap((document, i) => (holds(document, filter) ? [`doc-${i}`] : [])).sort())
      }),
      { seed: 20_261_128, numRuns: 300 },
    )
    expect(seen.some).toBeGreaterThan(80)
    expect(seen.all).toBeGreaterThan(5)
  })

  test('of one memory is decided alike by recall, search and a dry run', async () => {
    const filter = { a: { $in: [...LONG.map((n) => n + 100), '1'] } }
    for (const path of ['/v1/memory/recall', '/v1/memory/search'])
      expect((await post(path, { agent_id: 'docs', query: 'document', filter, top_k: 100 })).json).toMatchObject({
        memories: [{}, {}],
      })
    expect(
      (await post('/v1/memories/forget/batch', { agent_id: 'docs', filter: { metadata: filter }, dry_run: true })).json,
    ).toEqual({
      deleted_count: 2,
      dry_run: true,
    })
  })

  test('leaves no value in the text of a statement, which Postgres logs', async () => {
    const selection = {
      ...listSelection({
        tags: ['top-secret'],
        tags_any: ['top-secret'],
        memory_type: 'top-secret',
        session_id: 'top-secret',
        author: 'top-secret',
        exclude_author: 'top-secret',
        created_after: new Date(0),
        min_importance: 0.7654,
        metadata: parseFilter({
          a: 'top-secret',
          'b.c': { $contains: 'top-secret', $in: Array(9).fill('top-secret') },
        }),
      }),
      ids: ['top-secret'],
    }
    const [row] = await t.owner(
      (sql) =>
        sql<{ text: string }[]>`select filter_condition(${JSON.stringify(selection)}::text::jsonb, '$7') as text`,
    )
    expect(row?.text).toMatch(/m\.id = any\(.*\$7/)
    expect(row?.text).not.toMatch(/secret|1970|0\.7654/)
  })
})

// ── Bounds ──

const conditions = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, 1]))
const deep = (levels: number): Json => (levels === 0 ? { a: 1 } : { $not: deep(levels - 1) })
const lists = (count: number) => ({ $and: Array.from({ length: count }, (_, i) => ({ [`f${i}`]: { $in: [i] } })) })
const bytes = (count: number) => {
  const filter: Json = { $or: Array.from({ length: 40 }, (_, i) => ({ a: `${i}`.padEnd(1600, 'x') })) }
  return { ...filter, b: ''.padEnd(count - JSON.stringify({ ...filter, b: '' }).length, 'x') }
}
const BOUNDS: [string, (over: number) => Json, string, RegExp][] = [
  ['deep', (over) => deep(FILTER_DEPTH + over), 'filter.$not', new RegExp(`${FILTER_DEPTH} levels`)],
  [
    'conditions',
    (over) => conditions(FILTER_CONDITIONS + over),
    'filter.f100',
    new RegExp(`${FILTER_CONDITIONS} conditions`),
  ],
  [
    'lists',
    (over) => lists(FILTER_SEARCHES + over),
    'filter.$and.32.f32.$in',
    new RegExp(`more than ${FILTER_SEARCHES}`),
  ],
  [
    'values in two lists',
    (over) => ({ a: { $in: Array(FILTER_VALUES / 2).fill(1) }, b: { $nin: Array(FILTER_VALUES / 2 + over).fill(1) } }),
    'filter.b.$nin',
    new RegExp(`${FILTER_VALUES} values`),
  ],
  [
    'a name',
    (over) => ({ [''.padEnd(FILTER_PATH_LENGTH + over, 'n')]: 1 }),
    'filter.nnn',
    new RegExp(`${FILTER_PATH_LENGTH} characters`),
  ],
  [
    'parts of a path',
    (over) => ({
      [Array(FILTER_PATH_PARTS + over)
        .fill('p')
        .join('.')]: 1,
    }),
    'filter.p.p',
    new RegExp(`${FILTER_PATH_PARTS} parts`),
  ],
  [
    'a text',
    (over) => ({ a: ''.padEnd(FILTER_TEXT_LENGTH + over, 'x') }),
    'filter.a',
    new RegExp(`${FILTER_TEXT_LENGTH} characters`),
  ],
  [
    'what $contains looks for',
    (over) => ({
      a: { $contains: ''.padEnd(FILTER_CONTAINS_LENGTH - 10, 'x') },
      b: { $contains: ''.padEnd(10 + over, 'y') },
    }),
    'filter.b.$contains',
    new RegExp(`${FILTER_CONTAINS_LENGTH} characters`),
  ],
  ['bytes', (over) => bytes(FILTER_BYTES + over), 'filter', new RegExp(`${FILTER_BYTES} bytes`)],
]

test.each(BOUNDS)(
  'a filter at its bound passes, and one beyond is 400 with place and bound: %s',
  async (_, make, place, bound) => {
    const calls: [string, (filter: Json) => Json, string][] = [
      ['/v1/memory/recall', (filter) => ({ query: 'document', filter }), 'filter'],
      ['/v1/memory/search', (filter) => ({ query: 'document', filter }), 'filter'],
      ['/v1/memories/recall/batch', (filter) => ({ filter: { metadata: filter } }), 'filter.metadata'],
      ['/v1/memory/forget', (filter) => ({ metadata: filter, dry_run: true }), 'metadata'],
      ['/v1/memories/forget/batch', (filter) => ({ filter: { metadata: filter }, dry_run: true }), 'filter.metadata'],
    ]
    for (const [path, body, at] of calls) {
      expect([path, (await post(path, { agent_id: 'docs', ...body(make(0)) })).status]).toEqual([path, 200])
      const refused = await post(path, { agent_id: 'docs', ...body(make(1)) })
      expectError(refused, 'INVALID_REQUEST', bound)
      expect((refused.json as { issues: { path: string }[] }).issues[0]?.path).toContain(place.replace('filter', at))
    }
  },
)

test('the dearest filters that are allowed leave the database alive and take no memory with them', async () => {
  await t.admin.storeMemories(
    'notes',
    Array.from({ length: 40 }, (_, i) => ({
      content: `Note ${i}.`,
      metadata: { a: Array.from({ length: 1000 }, (_, j) => j % 10) },
    })),
  )
  const absent = (count: number, from: number) => Array.from({ length: count }, (_, i) => 1_000_000 + from + i)
  for (const metadata of [
    { $or: Array.from({ length: 20 }, (_, k) => ({ a: { $in: absent(50, 50 * k) } })) },
    { $or: Array.from({ length: 16 }, (_, k) => ({ a: { $in: absent(31, 62 * k), $nin: absent(31, 62 * k + 31) } })) },
    { $or: Array.from({ length: 100 }, (_, k) => ({ a: { $gt: 1_000_000 + k } })) },
    { $or: Array.from({ length: 32 }, (_, k) => ({ a: { $contains: `needle ${k}` } })) },
  ])
    expect((await post('/v1/memories/recall/batch', { agent_id: 'notes', filter: { metadata } })).json).toMatchObject({
      filtered: 0,
      total: 40,
    })
})
