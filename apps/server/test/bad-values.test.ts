import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_KEY, start, type TestServer } from './harness.ts'
import { type Call, expectError, send } from './http-call.ts'

let t: TestServer
let key: string
beforeAll(async () => {
  t = await start()
  await t.admin.storeMemory('foreign', { content: 'Not for the inbox.' })
  key = await t.secret({ inbox: 'read_write' })
})
afterAll(() => t?.[Symbol.asyncDispose]())

const post = (path: string, body: unknown, call: Call = {}) => send(t.url, path, { method: 'POST', key, body, ...call })
const store = (fields: object) => post('/v1/memory/store', { agent_id: 'inbox', content: 'A note.', ...fields })
const recall = (fields: object) => post('/v1/memory/recall', { agent_id: 'inbox', query: 'note', ...fields })
const list = (fields: object) => post('/v1/memories/recall/batch', { agent_id: 'inbox', ...fields })
/** Inserts a raw value, because JSON.stringify would write null for these. */
const raw = (field: string, value: string) =>
  post('/v1/memory/store', `{"agent_id": "inbox", "content": "A note.", "${field}": ${value}}`)

describe('a value out of its range names its field', () => {
  const past = Math.floor(Date.now() / 1000) - 60
  test.each([
    ['importance', ['2', '-0.1', '"0.5"', 'null', '1e999', '-1e999', 'true', '[]', '123456789012345678901234567890']],
    ['ttl_seconds', ['0', '-1', '1e999', '1e20', '"60"', '3153600001']],
    [
      'expires_at',
      [
        String(past),
        '"2001-01-01T00:00:00Z"',
        '"tomorrow"',
        '253402300800',
        '-62135596801',
        '1e18',
        '1.5',
        '"2026-02-30T00:00:00Z"',
        '"+275760-09-13T00:00:00Z"',
        '""',
        '{}',
      ],
    ],
    ['valid_from', ['"24:00"', '9007199254740993', '"0000-00-00"', 'true']],
    [
      'tags',
      [
        '"a"',
        '[1]',
        '[""]',
        '[null]',
        JSON.stringify([`${'x'.repeat(201)}`]),
        JSON.stringify(Array.from({ length: 1000 }, (_, i) => `t${i}`)),
      ],
    ],
    ['metadata', ['[]', '"a"', '3', 'null']],
    ['memory_type', ['""', '3', JSON.stringify('x'.repeat(51))]],
    ['session_id', ['""', '3', JSON.stringify('x'.repeat(201))]],
    ['id', ['""', '3', JSON.stringify('x'.repeat(201))]],
    ['content', ['""', '3', 'null', '[]', '{}']],
    ['embedding', ['"a"', '["1"]', '[1e999]', '[null]', JSON.stringify(Array.from({ length: 4001 }, () => 1))]],
  ])('%s', async (field, values) => {
    for (const value of values) expectError(await raw(field, value), 'INVALID_REQUEST', field)
  })

  test('top_k is an integer from 1 to 100', async () => {
    for (const top_k of [-1, 0, 101, 1.5, '5', true, [], 1e21])
      expectError(await recall({ top_k }), 'INVALID_REQUEST', /top_k/)
    for (const text of ['-1', '0', '101', '1.5', 'five', '', '1e2', '0x5', '5;', '%35%20']) {
      expectError(
        await send(t.url, `/v1/memory/recall?agent_id=inbox&query=x&top_k=${text}`, { key }),
        'INVALID_REQUEST',
        /top_k/,
      )
    }
    for (const top_k of [1, 100]) expect((await recall({ top_k })).status).toBe(200)
    expect((await send(t.url, '/v1/memory/recall?agent_id=inbox&query=x&top_k=5', { key })).status).toBe(200)
  })

  test('the fields of recall and list', async () => {
    const wrong: object[] = [
      { query: '' },
      { query: 3 },
      { query: 'x'.repeat(10_001) },
      { routing: 'magic' },
      { vector_weight: 2 },
      { min_score: -1 },
      { explain: 'yes' },
      { since: 'yesterday' },
      { tags: 'a' },
      { tags_any: [1] },
      { min_importance: 2 },
      { author: '' },
      { filter: [] },
      { filter: 'x' },
    ]
    for (const fields of wrong) expectError(await recall(fields), 'INVALID_REQUEST', Object.keys(fields)[0])
    for (const fields of [{ limit: 0 }, { limit: -1 }, { limit: 1001 }, { limit: '5' }, { cursor: 5 }, { filter: 'x' }])
      expectError(await list(fields), 'INVALID_REQUEST', Object.keys(fields)[0])
  })

  test.each([
    [{ $foo: 1 }],
    [{ a: { $regex: 'x' } }],
    [{ 'a..b': 1 }],
    [{ '': 1 }],
    [{ $and: [] }],
    [{ $or: {} }],
    [{ $not: [] }],
    [{ a: { $in: 5 } }],
    [{ a: { $gt: [1] } }],
    [{ a: { $exists: 'yes' } }],
    [{ a: [1] }],
  ])('the filter %j', async (filter) => expectError(await recall({ filter }), 'INVALID_REQUEST', /^filter/))
})

describe('dates at the ends of time are an answer or 400', () => {
  test.each([
    '"0000-01-01"',
    '"0001-01-01T00:00:00+14:00"',
    '"9999-12-31T23:59:59-14:00"',
    '"9999-12-31T23:59:59Z"',
    '-62135596800',
    '253402300799',
    '"2026-01-01T00:00:00+23:59"',
  ])('%s', async (moment) => {
    for (const body of [
      ['/v1/memory/store', `{"agent_id": "inbox", "content": "x", "valid_from": ${moment}}`],
      ['/v1/memory/store', `{"agent_id": "inbox", "content": "x", "expires_at": ${moment}}`],
      ['/v1/memory/recall', `{"agent_id": "inbox", "query": "x", "since": ${moment}}`],
      ['/v1/memory/recall', `{"agent_id": "inbox", "query": "x", "until": ${moment}}`],
      ['/v1/memories/recall/batch', `{"agent_id": "inbox", "filter": {"created_after": ${moment}}}`],
      ['/v1/memory/forget', `{"agent_id": "nothing-${'here'}", "before_timestamp": ${moment}}`],
      ['/v1/keys', `{"name": "ends", "expires_at": ${moment}}`],
    ] as const) {
      const answer = await send(t.url, body[0], { method: 'POST', key: ADMIN_KEY, body: body[1] })
      if (answer.status >= 400) expectError(answer, 'INVALID_REQUEST')
    }
  })
})

test('vectors: none of no direction, none of another dimension, huge ones by their direction', async () => {
  for (const embedding of [[], [0], Array.from({ length: 256 }, () => 0), [-0, 0]]) {
    expectError(await store({ embedding }), 'EMPTY_VECTOR')
    expectError(await recall({ embedding }), 'EMPTY_VECTOR')
  }
  expectError(await store({ embedding: [1, 2] }), 'DIMENSION_MISMATCH', /256/)
  expectError(await recall({ embedding: [1, 2] }), 'DIMENSION_MISMATCH', /256/)
  expect((await store({ embedding: Array.from({ length: 256 }, (_, i) => (i % 2 ? 1e308 : -1e308)) })).status).toBe(200)
  expect((await store({ embedding: Array.from({ length: 256 }, () => 5e-324) })).status).toBe(200)
})

test('harmless oddities are taken: -0, duplicate and unknown fields, fields of every object', async () => {
  expect((await raw('importance', '-0')).json).toMatchObject({ memory: { importance: 0 } })
  const odd = await post(
    '/v1/memory/store',
    '{"agent_id": "inbox", "content": "A.", "content": "B.", "surprise": 1, "__proto__": {"importance": 1, ' +
      '"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}',
  )
  expect(odd.status).toBe(200)
  expect(odd.json).toMatchObject({ memory: { content: 'B.', importance: 0.5 } })
  const kept = await post(
    '/v1/memory/store',
    '{"agent_id": "inbox", "content": "A.", "metadata": {"constructor": {"prototype": 1}, "toString": "x", ' +
      '"hasOwnProperty": null, "__proto__": {"kept": 1}}}',
  )
  expect(kept.json).toMatchObject({
    memory: { metadata: { constructor: { prototype: 1 }, toString: 'x', hasOwnProperty: null } },
  })
  expect(JSON.stringify(kept.json)).toContain('"__proto__":{"kept":1}')
  expect((await recall({ filter: { constructor: 'x', toString: { $exists: true } } })).status).toBe(200)
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
})

test('of a field sent twice the last counts, for the access check as for the work', async () => {
  expectError(
    await post('/v1/memory/recall', '{"agent_id": "inbox", "agent_id": "foreign", "query": "x"}'),
    'NAMESPACE_ACCESS_DENIED',
  )
  expect(
    (await post('/v1/memory/recall', '{"agent_id": "foreign", "agent_id": "inbox", "query": "x"}')).text,
  ).not.toContain('Not for the inbox')
  const twice = await send(t.url, '/v1/memory/recall?agent_id=inbox&agent_id=foreign&query=inbox', { key })
  expect(twice.text).not.toContain('Not for the inbox')
})

test('camelCase names count as their snake_case twins, and the twin wins', async () => {
  const { json } = await post('/v1/memory/store', {
    agentId: 'inbox',
    content: 'Camels.',
    memoryType: 'semantic',
    sessionId: 's1',
    ttlSeconds: 100,
    metadata: { camelCase: 1 },
  })
  expect(json).toMatchObject({ memory: { memory_type: 'semantic', session_id: 's1', metadata: { camelCase: 1 } } })
  expectError(await recall({ topK: 0 }), 'INVALID_REQUEST', /top_k/)
  expect((await recall({ topK: 0, top_k: 1 })).status).toBe(200)
  expectError(await post('/v1/memory/recall', { agentId: 'foreign', query: 'x' }), 'NAMESPACE_ACCESS_DENIED')
  expectError(await recall({ filter: { x: { $minImportance: 1 } } }), 'INVALID_REQUEST', /filter/)
  expect((await send(t.url, '/v1/memory/recall?agentId=inbox&query=x&topK=1&minImportance=0.1', { key })).status).toBe(
    200,
  )
})

describe('namespaces and keys', () => {
  const admin = (method: string, path: string, body?: unknown) => send(t.url, path, { method, key: ADMIN_KEY, body })

  test('a name that is none is 400', async () => {
    for (const name of [
      '',
      '_hidden',
      'system_x',
      '..',
      '.a',
      '-a',
      'a/b',
      'a b',
      'ä',
      '*',
      'team-*',
      '%',
      'x'.repeat(129),
      'a\nb',
      '_dakera_agent_',
      '_dakera_agent__x',
      3,
      null,
    ]) {
      expectError(await admin('POST', '/v1/namespaces', { name }), 'INVALID_REQUEST', /name/)
      expectError(await post('/v1/memory/store', { agent_id: name, content: 'x' }), 'INVALID_REQUEST', /agent_id/)
      if (typeof name === 'string' && name !== '' && name !== '..')
        expectError(await admin('GET', `/v1/namespaces/${encodeURIComponent(name)}`), 'INVALID_REQUEST', /namespace/)
    }
    expect((await recall({ agent_id: '_dakera_agent_inbox' })).status).toBe(200)
  })

  test('settings out of range are 400', async () => {
    for (const settings of [
      { dimension: 0 },
      { dimension: 4001 },
      { dimension: 1.5 },
      { dimension: '256' },
      { description: 'x'.repeat(1001) },
      { metadata: [] },
      { policy: 'x' },
    ]) {
      expectError(
        await admin('POST', '/v1/namespaces', { name: 'fine', ...settings }),
        'INVALID_REQUEST',
        Object.keys(settings)[0],
      )
      expectError(await admin('PUT', '/v1/namespaces/fine', settings), 'INVALID_REQUEST', Object.keys(settings)[0])
    }
  })

  test('a key with wishes that cannot be granted is 400, and with a taken secret 409', async () => {
    const wrong: object[] = [
      { name: '' },
      { name: 'x'.repeat(201) },
      { grants: { '*': 'read' } },
      { grants: { 'team-*': 'read' } },
      { grants: { a: 'rw' } },
      { grants: [] },
      { namespaces: ['*'] },
      { namespaces: 'a' },
    ]
    const more: object[] = [
      { secret: 'short' },
      { secret: 'has some spaces' },
      { secret: 'ünicode-secret' },
      { secret: 'x'.repeat(257) },
      { scope: 'god' },
      { permissions: ['root'] },
    ]
    const late: object[] = [
      { expires_at: 1 },
      { expires_at: 'soon' },
      { expires_in_days: 0 },
      { expires_in_days: -1 },
      { expires_in_days: 1e9 },
      { expires_in_days: '7' },
    ]
    for (const fields of [...wrong, ...more, ...late])
      expectError(await admin('POST', '/v1/keys', { name: 'k', ...fields }), 'INVALID_REQUEST', Object.keys(fields)[0])
    const taken = await admin('POST', '/v1/keys', { name: 'k', secret: key })
    expectError(taken, 'CONFLICT')
    expect(taken.text).not.toContain(key)
  })

  test('changes of keys that are not there or not allowed', async () => {
    const { key_id } = await t.admin.createKey({ name: 'changing', grants: {} })
    for (const body of [{ grace_secs: -1 }, { grace_secs: 604_801 }, { grace_secs: '1' }, { grace_secs: 0.5 }])
      expectError(await admin('POST', `/v1/keys/${key_id}/rotate`, body), 'INVALID_REQUEST', /grace_secs/)
    for (const body of [{ grants: { '*': 'read' } }, { grants: { a: 'all' } }, { name: '' }])
      expectError(await admin('PATCH', `/v1/keys/${key_id}`, body), 'INVALID_REQUEST')
    for (const id of ['key_never', '%00', 'x'.repeat(5000), '%ff', "'%20or%201=1"]) {
      for (const [method, suffix] of [
        ['GET', ''],
        ['PATCH', ''],
        ['DELETE', ''],
        ['POST', '/rotate'],
        ['POST', '/deactivate'],
      ] as const)
        expectError(await admin(method, `/v1/keys/${id}${suffix}`), 'NOT_FOUND')
    }
    for (const [method, suffix] of [
      ['DELETE', ''],
      ['POST', '/rotate'],
      ['POST', '/deactivate'],
      ['PATCH', ''],
    ] as const)
      expectError(await admin(method, `/v1/keys/key_root${suffix}`), 'CONFLICT', /DAKERA_ROOT_API_KEY/)
  })
})
