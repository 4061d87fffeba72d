import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_KEY, start, type TestServer } from './harness.ts'
import { type Answer, type Call, expectError, send } from './http-call.ts'

let t: TestServer
let key: string
beforeAll(async () => {
  t = await start()
  key = await t.secret({ inbox: 'read_write', other: 'read_write' })
})
afterAll(() => t?.[Symbol.asyncDispose]())

const call = (method: string, path: string, body: unknown, { headers = {}, ...rest }: Call = {}) =>
  send(t.url, path, { method, key, body, headers, ...rest })
const once = (idempotencyKey: string, body: object, given: Call = {}) =>
  call(
    'POST',
    '/v1/memory/store',
    { agent_id: 'inbox', ...body },
    { headers: { 'idempotency-key': idempotencyKey }, ...given },
  )
const idOf = ({ json }: Answer) => (json as { memory: { id: string } }).memory.id
const stored = async (tag: string) =>
  (
    (await call('POST', '/v1/memories/recall/batch', { agent_id: 'inbox', filter: { tags: [tag] } })).json as {
      filtered: number
    }
  ).filtered
const unique = () => `k-${crypto.randomUUID()}`

describe('Idempotency-Key', () => {
  test('a repeat gets the first reply and stores nothing twice', async () => {
    const [k, tag] = [unique(), unique()]
    const first = await once(k, { content: 'Once.', tags: [tag] })
    const again = await once(k, { content: 'Once.', tags: [tag] })
    const { embedding_time_ms: _first, ...firstReply } = first.json as Record<string, unknown>
    const { embedding_time_ms: _again, ...againReply } = again.json as Record<string, unknown>
    expect([again.status, againReply]).toEqual([first.status, firstReply])
    expect(await stored(tag)).toBe(1)
  })

  test('with another body, path or method it is 409', async () => {
    const k = unique()
    await once(k, { content: 'Once.' })
    expectError(await once(k, { content: 'Twice.' }), 'CONFLICT', /Idempotency-Key/)
    expectError(
      await call(
        'POST',
        '/v1/memory/forget',
        { agent_id: 'inbox', tags: ['x'] },
        { headers: { 'idempotency-key': k } },
      ),
      'CONFLICT',
    )
    expectError(
      await call(
        'POST',
        '/v1/memories/store/batch',
        { agent_id: 'inbox', memories: [{ content: 'Once.' }] },
        { headers: { 'idempotency-key': k } },
      ),
      'CONFLICT',
    )
  })

  test('keys of different credentials never meet', async () => {
    const [k, tag] = [unique(), unique()]
    const colleague = await t.secret({ inbox: 'read_write' })
    const mine = await once(k, { content: 'Once.', tags: [tag] })
    const theirs = await once(k, { content: 'Once.', tags: [tag] }, { key: colleague })
    expect(idOf(theirs)).not.toBe(idOf(mine))
    expect((await once(k, { content: 'Different.' }, { key: ADMIN_KEY })).status).toBe(200)
    expect(await stored(tag)).toBe(2)
  })

  test('two at the same instant store once, and both get the same reply', async () => {
    for (let round = 0; round < 5; round++) {
      const [k, tag] = [unique(), unique()]
      const answers = await Promise.all(Array.from({ length: 6 }, () => once(k, { content: 'At once.', tags: [tag] })))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
      expect(new Set(answers.map(idOf)).size).toBe(1)
      expect(await stored(tag)).toBe(1)
    }
  })

  test('a repeat after the grant was removed is 403 and shows nothing', async () => {
    const k = unique()
    const { key: leaving, key_id } = await t.admin.createKey({ name: 'leaving', grants: { inbox: 'read_write' } })
    const first = await once(k, { content: 'Kept quiet.' }, { key: leaving })
    const update = (given: Call) =>
      call('PUT', `/v1/memory/update/${idOf(first)}?agent_id=inbox`, { tags: ['quiet'] }, given)
    expect((await update({ key: leaving, headers: { 'idempotency-key': `${k}-2` } })).status).toBe(200)
    await t.admin.updateKey(key_id, { grants: { inbox: 'none' } } as never)
    for (const again of [
      await once(k, { content: 'Kept quiet.' }, { key: leaving }),
      await update({ key: leaving, headers: { 'idempotency-key': `${k}-2` } }),
    ]) {
      expectError(again, 'NAMESPACE_ACCESS_DENIED')
      expect(again.text).not.toContain('Kept quiet')
    }
  })

  test('a write that failed does not use its key up', async () => {
    const k = unique()
    expectError(await once(k, { content: 'x', embedding: [1] }), 'DIMENSION_MISMATCH')
    expect((await once(k, { content: 'x' })).status).toBe(200)
  })

  test.each([
    ['POST', '/v1/namespaces', () => ({ name: `n-${crypto.randomUUID()}` })],
    ['POST', '/v1/keys', () => ({ name: 'repeated', grants: {} })],
    ['POST', '/v1/memories/store/batch', () => ({ agent_id: 'inbox', memories: [{ content: 'a' }, { content: 'b' }] })],
  ] as const)('%s %s repeats its first reply', async (method, path, makeBody) => {
    const [body, headers] = [makeBody(), { 'idempotency-key': unique() }]
    const answers = [
      await call(method, path, body, { key: ADMIN_KEY, headers }),
      await call(method, path, body, { key: ADMIN_KEY, headers }),
    ]
    const [first, again] = answers.map(({ status, json }) => ({
      status,
      ...(json as object),
      total_embedding_time_ms: 0,
    }))
    expect(again).toEqual(first)
    expect([200, 201]).toContain(answers[0]?.status)
  })

  test('deleting twice with one key deletes once and answers twice', async () => {
    await t.admin.createNamespace('short-lived')
    const headers = { 'idempotency-key': unique() }
    for (let i = 0; i < 2; i++)
      expect(
        (await send(t.url, '/v1/namespaces/short-lived', { method: 'DELETE', key: ADMIN_KEY, headers })).json,
      ).toMatchObject({ deleted: true })
    expectError(
      await send(t.url, '/v1/namespaces/short-lived', { method: 'DELETE', key: ADMIN_KEY }),
      'NAMESPACE_NOT_FOUND',
    )
  })

  test('one that is no token is 400', async () => {
    for (const bad of ['', 'two words', 'x'.repeat(256), 'sch\u00f6n'])
      expectError(await once(bad, { content: 'x' }), 'INVALID_REQUEST', /Idempotency-Key/)
  })
})

describe('a kept reply belongs to its request and its namespaces', () => {
  const withKey = (idempotencyKey: string, headers: Record<string, string> = {}) => ({
    'idempotency-key': idempotencyKey,
    ...headers,
  })
  /**
   * Creates a key for two namespaces that both have a memory and a session with the same id, and returns a function
   * that removes one of its grants.
   */
  async function twins() {
    const [id, a, b] = [`same-${crypto.randomUUID()}`, `a-${crypto.randomUUID()}`, `b-${crypto.randomUUID()}`]
    const { key: secret, key_id } = await t.admin.createKey({
      name: 'both',
      grants: { [a]: 'read_write', [b]: 'read_write' },
    })
    const as = (method: string, path: string, body: unknown, headers = {}) =>
      send(t.url, path, { method, key: secret, body, headers })
    for (const [namespace, says] of [
      [a, 'of a: merger on Friday'],
      [b, 'of b'],
    ] as const) {
      await as('POST', '/v1/memory/store', { agent_id: namespace, id, content: `Secret ${says}`, metadata: { says } })
      await as('POST', '/v1/sessions/start', { agent_id: namespace, id, metadata: { says } })
    }
    const grant = (grants: object) => t.admin.updateKey(key_id, { grants } as never)
    const read = async (namespace: string) =>
      (await send(t.url, `/v1/memory/get/${id}?agent_id=${namespace}`, { key: ADMIN_KEY })).json
    return { id, a, b, as, grant, read }
  }

  test('the namespace in the query is part of the request, and the reply of another one is not shown', async () => {
    const { id, a, b, as, grant, read } = await twins()
    const k = unique()
    const update = (namespace: string) =>
      as('PUT', `/v1/memory/update/${id}?agent_id=${namespace}`, { importance: 0.75 }, withKey(k))
    expect((await update(a)).json).toMatchObject({ namespace: a, importance: 0.75 })
    expect((await update(a)).json).toMatchObject({ namespace: a, version: 2 })
    expectError(await update(b), 'CONFLICT', /Idempotency-Key/)
    await grant({ [a]: 'none' })
    const again = await update(b)
    expectError(again, 'CONFLICT', /Idempotency-Key/)
    expect(again.text).not.toMatch(/merger/)
    expectError(await update(a), 'NAMESPACE_ACCESS_DENIED')
    expect(await read(b)).toMatchObject({ importance: 0.5, version: 1 })
  })

  const byId: [string, string, (id: string) => string, object][] = [
    ['an update', 'PUT', (id) => `/v1/memory/update/${id}`, { tags: ['checked'] }],
    ['an update of the content', 'PUT', (id) => `/v1/memory/update/${id}`, { content: 'Said anew.' }],
    ['the end of a session', 'POST', (id) => `/v1/sessions/${id}/end`, { summary: 'Done.' }],
  ]
  test.each(byId)(
    '%s by id alone does not repeat the reply of a namespace whose grant is gone',
    async (_what, method, path, body) => {
      const { id, a, b, as, grant, read } = await twins()
      const k = unique()
      await grant({ [b]: 'none' })
      const first = await as(method, path(id), body, withKey(k))
      expect([first.status, first.text.includes('of a: merger')]).toEqual([200, true])
      expect((await as(method, path(id), body, withKey(k))).json).toEqual(first.json)
      await grant({ [a]: 'none', [b]: 'read_write' })
      const again = await as(method, path(id), body, withKey(k))
      expectError(again, 'CONFLICT', /another namespace/)
      expect(again.text).not.toContain('merger')
      expect(await read(b)).toMatchObject({ version: 1 })
      await grant({ [b]: 'none' })
      expectError(await as(method, path(id), body, withKey(k)), 'NOT_FOUND')
      await grant({ [a]: 'read' }) // and a repeat needs the same grant as the write
      expectError(await as(method, path(id), body, withKey(k)), 'INSUFFICIENT_SCOPE')
    },
  )

  test('nor does a write by name to a namespace that was deleted and made anew', async () => {
    for (const [path, body] of [
      ['/v1/memory/store', { content: 'First life.' }],
      ['/v1/memories/store/batch', { memories: [{ content: 'First life.' }] }],
      ['/v1/memory/forget', { tags: ['x'] }],
      ['/v1/memories/forget/batch', { filter: { tags: ['x'] } }],
      ['/v1/sessions/start', { metadata: { life: 1 } }],
    ] as const) {
      const [agent_id, k] = [`reborn-${crypto.randomUUID()}`, unique()]
      await t.admin.createNamespace(agent_id)
      const write = () =>
        send(t.url, path, { method: 'POST', key: ADMIN_KEY, body: { agent_id, ...body }, headers: withKey(k) })
      expect((await write()).status).toBeLessThan(300)
      await t.admin.deleteNamespace(agent_id)
      await t.admin.createNamespace(agent_id)
      expectError(await write(), 'CONFLICT', /another namespace/)
    }
  })

  test('If-Match is part of the request; the order of the query is not', async () => {
    const { id, a, as } = await twins()
    const update = (k: string, query: string, version: string) =>
      as('PUT', `/v1/memory/update/${id}?${query}`, { importance: 0.25 }, withKey(k, { 'if-match': version }))
    const k = unique()
    expect((await update(k, `agent_id=${a}`, '"1"')).status).toBe(200)
    expectError(await update(k, `agent_id=${a}`, '"7"'), 'CONFLICT', /Idempotency-Key/)
    expect((await update(k, `agent_id=${a}`, '"1"')).json).toMatchObject({ version: 2 })
    const one = withKey(unique())
    const store = (query: string) => as('POST', `/v1/memory/store?${query}`, { agent_id: a, content: 'x' }, one)
    const first = await store('x=1&y=2')
    expect((await store('y=2&x=1')).json).toMatchObject({ memory: (first.json as { memory: object }).memory })
    expectError(await store('x=2&y=2'), 'CONFLICT', /Idempotency-Key/)
  })

  test('an update is repeated as it was after a smaller change, as it is now after a larger one', async () => {
    const { id, a, as } = await twins()
    const k = unique()
    const update = (body: object, headers = {}) => as('PUT', `/v1/memory/update/${id}?agent_id=${a}`, body, headers)
    const first = await update({ tags: ['first'] }, withKey(k))
    await update({ tags: ['second'], importance: 1 })
    expect((await update({ tags: ['first'] }, withKey(k))).json).toEqual(first.json)
    const now = await update({ metadata: { changed: true } })
    expect((await update({ tags: ['first'] }, withKey(k))).json).toEqual(now.json)
  })

  test('what a large memory answers with is not kept again with each update', async () => {
    const { id, a, as } = await twins()
    await as(
      'PUT',
      `/v1/memory/update/${id}?agent_id=${a}`,
      { content: 'long '.repeat(9_000), metadata: { long: 'x'.repeat(50_000) } },
      withKey(unique()),
    )
    for (let i = 0; i < 5; i++)
      await as('PUT', `/v1/memory/update/${id}?agent_id=${a}`, { importance: i / 10 }, withKey(unique()))
    await as('POST', `/v1/sessions/${id}/end?agent_id=${a}`, { summary: 'long '.repeat(9_000) }, withKey(unique()))
    const [{ largest } = {}] = await t.owner(
      (sql) => sql<{ largest: number }[]>`select max(length(outcome::text)) as largest from replies`,
    )
    expect(largest).toBeLessThan(2_000)
  })

  test('one that a server kept before it noted namespaces is refused, and nothing is written', async () => {
    const [k, tag] = [unique(), unique()]
    await once(k, { content: 'Before the upgrade.', tags: [tag] })
    await t.owner((sql) => sql`update replies set namespaces = null where idempotency_key = ${k}`)
    expectError(
      await once(k, { content: 'Before the upgrade.', tags: [tag] }),
      'CONFLICT',
      /before the server was upgraded/,
    )
    expect(await stored(tag)).toBe(1)
  })

  const countReplies = async (most: number, rows: number) => {
    const calls: number[] = []
    for (;;) {
      const [call] = await t.database.sql<{ full: number | null }[]>`select count_replies(${most}, ${rows}) as full`
      if (call?.full == null) return calls
      calls.push(call.full)
    }
  }

  test('a key with too many of them is told to wait, writes nothing, and still gets what was kept', async () => {
    const secret = await t.secret({ inbox: 'read_write' })
    const [k, tag] = [unique(), unique()]
    const write = (idempotencyKey: string) =>
      once(idempotencyKey, { content: 'Counted.', tags: [tag] }, { key: secret })
    for (let i = 0; i < 3; i++) expect((await write(i === 0 ? k : unique())).status).toBe(200)
    const [, counted] = [await countReplies(3, 1000), await write(unique())]
    expect(counted.status).toBe(200)
    await countReplies(3, 1000)
    const refused = await write(unique())
    expectError(refused, 'RATE_LIMITED', /batches/)
    expect(refused.headers['retry-after']).toBe('60')
    expect((await write(k)).status).toBe(200)
    expect(
      (await call('POST', '/v1/memory/store', { agent_id: 'inbox', content: 'Without a key.' }, { key: secret }))
        .status,
    ).toBe(200)
    expect(await stored(tag)).toBe(4)
    await countReplies(1000, 1000)
    expect((await write(unique())).status).toBe(200)
  })

  test('they are counted a few secrets a call, and each time all of them', async () => {
    for (const name of ['one', 'two', 'three']) {
      const secret = await t.secret({ inbox: 'read_write' }, name)
      for (let i = 0; i < 3; i++) await once(unique(), { content: 'Counted in parts.' }, { key: secret })
    }
    const secrets = await t.owner((sql) => sql`select from key_secrets`)
    const calls = [await countReplies(2, 1), await countReplies(1000, 1_000_000)]
    expect(calls).toEqual([secrets.map(() => expect.any(Number)), [0]])
    expect(calls[0]?.filter((found) => found === 1).length).toBeGreaterThanOrEqual(3)
    expect(await t.owner((sql) => sql`select from full_secrets`)).toHaveLength(0)
  })
})

describe('If-Match', () => {
  const update = (id: string, version: string, body: object = { importance: 0.9 }) =>
    call('PUT', `/v1/memory/update/${id}?agent_id=inbox`, body, { headers: { 'if-match': version } })

  test('changes what has that version, and is 409 for a stale one', async () => {
    const id = idOf(await call('POST', '/v1/memory/store', { agent_id: 'inbox', content: 'Versioned.' }))
    for (const [version, next] of [
      ['"1"', 2],
      ['2', 3],
      ['W/"3"', 4],
      ['*', 5],
    ] as const)
      expect((await update(id, version)).json).toMatchObject({ version: next })
    for (const stale of ['"1"', '0', '"999999999"'])
      expectError(await update(id, stale, { content: 'Never.' }), 'CONFLICT', /version 5/)
    expectError(await update(id, '"1"', {}), 'CONFLICT')
    expect((await send(t.url, `/v1/memory/get/${id}`, { key })).json).toMatchObject({
      version: 5,
      content: 'Versioned.',
    })
  })

  test('that holds no version is 400', async () => {
    for (const bad of ['', 'abc', '"1", "2"', '-1', '1.0', '"1', '9999999999', '"1"x'])
      expectError(await update('mem_x', bad), 'INVALID_REQUEST', /If-Match/)
  })

  test('lets one of ten writers through', async () => {
    const id = idOf(await call('POST', '/v1/memory/store', { agent_id: 'inbox', content: 'Contended.' }))
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => update(id, '"1"', { tags: [`t${i}`] })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 409)])
  })
})

describe('a cursor', () => {
  const page = (fields: object, given: Call = {}) =>
    call('POST', '/v1/memories/recall/batch', { agent_id: 'inbox', limit: 1, ...fields }, given)
  const forged = (position: object) => Buffer.from(JSON.stringify(position)).toString('base64url')
  let cursor: string
  beforeAll(async () => {
    for (const namespace of ['inbox', 'inbox', 'other', 'other'])
      await call('POST', '/v1/memory/store', { agent_id: namespace, content: 'Paged.' })
    cursor = ((await page({})).json as { next_cursor: string }).next_cursor
  })

  test('goes on where it stopped, for any key that may read there', async () => {
    expect((await page({ cursor })).status).toBe(200)
    expect((await page({ cursor }, { key: await t.secret({ inbox: 'read' }) })).status).toBe(200)
  })

  test('opens nothing to a key without the grant, and belongs to its namespace', async () => {
    expectError(await page({ cursor }, { key: await t.secret({ other: 'read' }) }), 'NAMESPACE_ACCESS_DENIED')
    expectError(await page({ cursor, agent_id: 'other' }), 'INVALID_REQUEST', /cursor/)
  })

  test('that was not made here is 400', async () => {
    const { namespace } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { namespace: string }
    const times = [
      '',
      'x',
      '2026-13-45 00:00:00+00',
      '2026-01-01 00:00:00 Foo/Bar',
      '2026-01-01 00:00:00+99',
      '999999-01-01 00:00:00+00',
      "'; drop table memories; --",
    ]
    const bad = [
      '',
      '!',
      'null',
      'W10',
      'x'.repeat(1001),
      cursor.slice(0, -9),
      forged({}),
      forged({ namespace, time: 5, id: 'x' }),
      forged({ namespace: 'inbox', time: '2026-01-01 00:00:00+00', id: 'x' }),
      ...times.map((time) => forged({ namespace, time, id: 'x' })),
    ]
    for (const cursor of bad) expectError(await page({ cursor }), 'INVALID_REQUEST', /cursor|[Dd]ate/)
    for (const path of ['/v1/namespaces', '/v1/keys']) {
      for (const cursor of ['!', forged({}), forged({ name: '\u0000', id: '\ud800' })])
        expectError(
          await send(t.url, `${path}?limit=1&cursor=${encodeURIComponent(cursor)}`, { key: ADMIN_KEY }),
          'INVALID_REQUEST',
          /cursor/,
        )
      expect(
        (await send(t.url, `${path}?limit=1&cursor=${forged({ name: 'zzz', id: 'never' })}`, { key: ADMIN_KEY }))
          .status,
      ).toBe(200)
    }
  })
})
