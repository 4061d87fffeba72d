import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN_KEY, start, type TestServer } from '../../../test/harness.ts'
import { expectError, send } from '../../../test/http-call.ts'

type Json = Record<string, unknown>

let t: TestServer
let key: string
beforeAll(async () => {
  t = await start()
  key = await t.secret({ desk: 'read_write' })
  await t.admin.storeMemories('desk', [
    { content: 'A draft.', tags: ['draft'], importance: 0.2, metadata: { run: 1 }, sessionId: 's1' },
    { content: 'A final note.', tags: ['final'], importance: 0.9, memoryType: 'semantic', metadata: { run: 2 } },
    { content: 'Another.', tags: ['final', 'old'], importance: 0.5, metadata: {} },
  ])
})
afterAll(() => t?.[Symbol.asyncDispose]())

const call = (method: string, path: string, body: Json, secret = key) =>
  send(t.url, path, { method, key: secret, body })
const post = (path: string, body: Json, secret = key) => call('POST', path, body, secret)
const BATCH = '/v1/memories/forget/batch'
const FORGET = '/v1/memory/forget'
const left = async () =>
  ((await post('/v1/memories/recall/batch', { agent_id: 'desk' })).json as { total: number }).total
const message = (answer: { json: unknown }) => (answer.json as { error: string }).error

test.each<[string, Json]>([
  ['an empty branch of $or', { $or: [{}] }],
  ['an empty branch of $or beside a real one', { $or: [{ run: 1 }, {}] }],
  ['$nin of nothing', { run: { $nin: [] } }],
  ['$not of $in of nothing', { $not: { run: { $in: [] } } }],
  ['a field without a condition', { run: {} }],
  ['$and of nothing', { $and: [{}] }],
  ['$not of $not of it', { $not: { $not: { $or: [{}] } } }],
  ['a branch that holds only $nin of nothing', { $and: [{ $or: [{ run: 1 }, { a: { $nin: [] } }] }] }],
])('what is true for every memory is refused in every filter: %s', async (_, metadata) => {
  const none = /^Choose memories by .* To remove all of them, delete the namespace\.$/
  expectError(await post(BATCH, { agent_id: 'desk', filter: { metadata } }), 'INVALID_REQUEST', none)
  expectError(await post(BATCH, { agent_id: 'desk', filters: { metadata }, dry_run: true }), 'INVALID_REQUEST', none)
  expectError(await post(BATCH, { agent_id: 'desk', filter: { metadata, tags: ['draft'] } }), 'INVALID_REQUEST', none)
  expectError(await post(FORGET, { agent_id: 'desk', metadata }), 'INVALID_REQUEST', none)
  for (const path of ['/v1/memory/recall', '/v1/memory/search'])
    expectError(
      await post(path, { agent_id: 'desk', query: 'draft', filter: metadata }),
      'INVALID_REQUEST',
      /matches every memory/,
    )
  expectError(
    await post('/v1/memories/recall/batch', { agent_id: 'desk', filter: { metadata } }),
    'INVALID_REQUEST',
    /matches every memory/,
  )
  expect(await left()).toBe(3)
})

test('an empty filter is as good as none where nothing is destroyed', async () => {
  for (const body of [{}, { filter: null }, { filter: {} }])
    expect(
      (await post('/v1/memory/recall', { agent_id: 'desk', query: 'draft note another', ...body })).json,
    ).toMatchObject({ total_found: 3 })
  for (const filter of [{}, { metadata: {} }]) {
    expect((await post('/v1/memories/recall/batch', { agent_id: 'desk', filter })).json).toMatchObject({ filtered: 3 })
    expectError(await post(BATCH, { agent_id: 'desk', filter }), 'INVALID_REQUEST', /^Choose memories by/)
  }
})

test.each<[string, string, Json, string, RegExp]>([
  ['POST', FORGET, { tags: ['draft'], filter: { metadata: { run: 1 } } }, 'filter', /without filter/],
  ['POST', FORGET, { tags: ['final'], before: 1 }, 'before', /created_before/],
  ['POST', FORGET, { tags: ['final'], tag_any: ['old'] }, 'tag_any', /tags_any/],
  ['POST', FORGET, { tags: ['final'], 'dry-run': true }, 'dry-run', /did you mean dry_run\?/],
  [
    'POST',
    BATCH,
    { filter: { max_importance: 0.9, created_befor: 1 } },
    'filter.created_befor',
    /did you mean created_before\?/,
  ],
  ['POST', BATCH, { filter: { tags: ['final'], older_than: 1 } }, 'filter.older_than', /created_before/],
  ['POST', BATCH, { filters: { tags: ['final'], run: 2 } }, 'filters.run', /not a field/],
  ['POST', BATCH, { filter: { tags: ['final'] }, metadata: { run: 1 } }, 'metadata', /did you mean filter\.metadata\?/],
  ['DELETE', BATCH, { filter: { tags: ['final'] }, dryrun: true }, 'dryrun', /did you mean dry_run\?/],
  ['POST', '/v1/memories/recall/batch', { filter: { tag: 'x' } }, 'filter.tag', /did you mean tags\?/],
  ['POST', '/v1/memories/recall/batch', { filters: { tags: ['x'] } }, 'filters', /did you mean filter\?/],
  ['POST', '/v1/memories/recall/batch', { tags: ['x'] }, 'tags', /did you mean filter\.tags\?/],
  ['POST', '/v1/memory/recall', { query: 'x', filters: { run: 1 } }, 'filters', /did you mean filter\?/],
  ['POST', '/v1/memory/search', { query: 'x', metadata: { run: 1 } }, 'metadata', /go into filter/],
  ['POST', '/v1/memory/recall', { query: 'x', limit: 1 }, 'limit', /did you mean top_k\?/],
  [
    'POST',
    '/v1/memory/recall',
    { query: 'x', filter: { tags: ['draft'] } },
    'filter.tags',
    /did you mean the field tags, beside it\?/,
  ],
  ['POST', '/v1/memory/recall', { query: 'x', filter: { run: [1, 2] } }, 'filter.run', /write \{"\$in"/],
  ['PUT', '/v1/memory/update/any', { importance: 1, ttl: 5 }, 'ttl', /did you mean ttl_seconds\?/],
  ['PUT', '/v1/memory/update/any', { author: 's2' }, 'author', /cannot change/],
  ['PUT', '/v1/memory/update/any', { importanse: 1 }, 'importanse', /did you mean importance\?/],
])(
  'a word that narrows and is not known is refused, with what was meant: %s %s %j',
  async (method, path, body, place, says) => {
    const answer = await call(method, path, { agent_id: 'desk', ...body })
    expectError(answer, 'INVALID_REQUEST', says)
    expect(message(answer)).toContain(`${place}: `)
    expect((answer.json as { issues: { path: string }[] }).issues.map((issue) => issue.path)).toContain(place)
    expect(await left()).toBe(3)
  },
)

test('GET says it too', async () => {
  expectError(
    await send(t.url, '/v1/memory/recall?agent_id=desk&query=x&filters={}', { key }),
    'INVALID_REQUEST',
    /did you mean filter\?/,
  )
})

test('other unknown fields are ignored, as older clients send them', async () => {
  expect(
    (await post('/v1/memory/recall', { agent_id: 'desk', query: 'draft', rerank: true, client: 'old' })).status,
  ).toBe(200)
  expect((await post('/v1/memory/store', { agent_id: 'other', content: 'x', client: 'old' }, ADMIN_KEY)).status).toBe(
    200,
  )
})

test.each<[string, Json, number]>([
  ['tags_any', { tags_any: ['draft', 'old'] }, 2],
  ['memory_type', { memory_type: 'semantic' }, 1],
  ['metadata', { metadata: { run: 2 } }, 1],
  ['created_before', { created_before: '2100-01-01' }, 3],
  ['before_timestamp', { before_timestamp: '2100-01-01' }, 3],
  ['until', { until: 1 }, 0],
  ['since and until', { since: 1, created_before: 2 }, 0],
  ['camelCase', { tagsAny: ['old'], minImportance: 0.4 }, 1],
])('a dry run of either forget takes what the other calls name the same: %s', async (_, which, count) => {
  const single = await post(FORGET, { agent_id: 'desk', ...which, dry_run: true })
  expect([single.status, single.json]).toEqual([200, { deleted_count: count, status: 'ok', dry_run: true }])
  const batch = await post(BATCH, { agent_id: 'desk', filter: which, dryRun: true })
  expect([batch.status, batch.json]).toEqual([200, { deleted_count: count, dry_run: true }])
  expect((await post('/v1/memories/recall/batch', { agent_id: 'desk', filter: which })).json).toMatchObject({
    filtered: count,
  })
  expect(await left()).toBe(3)
})

test('dry_run said twice and differently is refused', async () => {
  const tags = ['draft']
  expectError(
    await post(BATCH, { agent_id: 'desk', filter: { tags, dry_run: true }, dry_run: false }),
    'INVALID_REQUEST',
    /^dry_run is true in one place/,
  )
  expect((await post(BATCH, { agent_id: 'desk', filter: { tags, dry_run: true }, dry_run: true })).json).toEqual({
    deleted_count: 1,
    dry_run: true,
  })
  expect(await left()).toBe(3)
})

test('an append-only key learns nothing from a dry run', async () => {
  const writer = await t.secret({ desk: 'write' })
  expectError(await post(FORGET, { agent_id: 'desk', tags: ['draft'], dry_run: true }, writer), 'INSUFFICIENT_SCOPE')
})

test('without dry_run the same words delete', async () => {
  expect((await post(FORGET, { agent_id: 'desk', tags_any: ['old'], min_importance: 0.4 })).json).toEqual({
    deleted_count: 1,
    status: 'ok',
  })
  expect(await left()).toBe(2)
})
