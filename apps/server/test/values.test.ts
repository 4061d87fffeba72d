import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_KEY, start, type TestServer } from './harness.ts'
import { expectError, send } from './http-call.ts'

// Values are returned as they were sent: compared as text, because JSON.parse would change them.

let t: TestServer
let key: string
beforeAll(async () => {
  t = await start()
  key = await t.secret({ a: 'read_write' })
})
afterAll(() => t?.[Symbol.asyncDispose]())

type Json = Record<string, unknown>
const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}, as = key) => {
  const answer = await send(t.url, path, { method, key: as, headers, ...(body !== undefined && { body }) })
  return { ...answer, json: answer.json as Json }
}
const seconds = () => Math.floor(Date.now() / 1000)
const run = () => `t${crypto.randomUUID().slice(0, 8)}`

describe('numbers', () => {
  const BIG = '1546130668394913793'
  const NEAR = '1546130668394913822'
  const DECIMAL = '0.12345678901234567890123'
  const EXACT = `{"n":${BIG},"deep":[{"d":${DECIMAL},"e":-9007199254740993}]}`

  test('that a double would change come back as they were sent, wherever metadata is', async () => {
    const id = run()
    const stored = await call(
      'POST',
      '/v1/memory/store',
      `{"agent_id":"a","id":"${id}","content":"x ${id}","metadata":${EXACT}}`,
    )
    const read = [
      stored,
      await call('GET', `/v1/memory/get/${id}`),
      await call('POST', '/v1/memories/recall/batch', { agent_id: 'a' }),
      await call('POST', '/v1/memory/recall', { agent_id: 'a', query: id, explain: true }),
      await call('PUT', `/v1/memory/update/${id}`, `{"metadata":${EXACT}}`, { 'idempotency-key': id }),
      await call('PUT', `/v1/memory/update/${id}`, `{"metadata":${EXACT}}`, { 'idempotency-key': id }),
      await call('POST', '/v1/sessions/start', `{"agent_id":"a","id":"${id}","metadata":${EXACT}}`),
      await call('GET', `/v1/sessions/${id}`),
      await call('POST', `/v1/sessions/${id}/end`, {}, { 'idempotency-key': `${id}-end` }),
      await call('POST', `/v1/sessions/${id}/end`, {}, { 'idempotency-key': `${id}-end` }),
      await call(
        'POST',
        '/v1/namespaces',
        `{"name":"${id}","metadata":${EXACT}}`,
        { 'idempotency-key': `${id}-new` },
        ADMIN_KEY,
      ),
      await call(
        'POST',
        '/v1/namespaces',
        `{"name":"${id}","metadata":${EXACT}}`,
        { 'idempotency-key': `${id}-new` },
        ADMIN_KEY,
      ),
      await call('POST', '/v1/namespaces', `{"name":"${id}","metadata":${EXACT}}`, {}, ADMIN_KEY),
      await call('GET', `/v1/namespaces/${id}`, undefined, {}, ADMIN_KEY),
    ]
    for (const { status, text } of read) {
      expect([200, 201]).toContain(status)
      for (const part of [BIG, DECIMAL, '-9007199254740993']) expect(text).toContain(part)
    }
    expectError(
      await call('POST', '/v1/namespaces', `{"name":"${id}","metadata":{"n":${NEAR}}}`, {}, ADMIN_KEY),
      'CONFLICT',
    )
  })

  test('that a double would take for one another are told apart by every filter', async () => {
    for (const n of [BIG, NEAR])
      await call(
        'POST',
        '/v1/memory/store',
        `{"agent_id":"a","content":"user ${n}","tags":["user"],"metadata":{"user_id":${n}}}`,
      )
    const found = async (condition: string) => {
      const posted = await call(
        'POST',
        '/v1/memory/recall',
        `{"agent_id":"a","query":"user","tags":["user"],"filter":{"user_id":${condition}}}`,
      )
      const filter = encodeURIComponent(`{"user_id":${condition}}`)
      const got = await call('GET', `/v1/memory/recall?agent_id=a&query=user&tags=user&filter=${filter}`)
      const listed = await call(
        'POST',
        '/v1/memories/recall/batch',
        `{"agent_id":"a","filter":{"tags":["user"],"metadata":{"user_id":${condition}}}}`,
      )
      const counts = [posted, got].map(({ json }) => json['total_found'])
      return [...counts, listed.json['filtered']]
    }
    expect(await found(BIG)).toEqual([1, 1, 1])
    expect(await found(`{"$ne":${BIG}}`)).toEqual([1, 1, 1])
    expect(await found(`{"$gt":${BIG}}`)).toEqual([1, 1, 1])
    expect(await found(`{"$in":[${BIG},1,2,3,4,5,6,7,8,9,10,11]}`)).toEqual([1, 1, 1])
    const forget = await call('POST', '/v1/memory/forget', `{"agent_id":"a","metadata":{"user_id":${BIG}}}`)
    expect(forget.json).toMatchObject({ deleted_count: 1 })
  })

  test('of more than 100 digits are refused with their path', async () => {
    for (const number of ['1e400', '-1e999999999', `1${'0'.repeat(100)}1`, '1e-500']) {
      expectError(
        await call('POST', '/v1/memory/store', `{"agent_id":"a","content":"x","metadata":{"deep":[{"n":${number}}]}}`),
        'INVALID_REQUEST',
        'metadata.deep.0.n: a number of more than 100 digits; send it as a string',
      )
      const filter = `{"agent_id":"a","query":"x","filter":{"n":{"$gt":${number}}}}`
      expectError(
        await call('POST', '/v1/memory/recall', filter),
        'INVALID_REQUEST',
        'filter.n.$gt: a number of more than 100 digits',
      )
    }
  })

  test('of fields with a type are doubles, as ever', async () => {
    const { json } = await call(
      'POST',
      '/v1/memory/store',
      '{"agent_id":"a","content":"x","importance":0.100000000000000005551115123}',
    )
    expect(json['memory']).toMatchObject({ importance: 0.1 })
    expectError(
      await call('POST', '/v1/memory/recall', '{"agent_id":"a","query":"x","top_k":12345678901234567890}'),
      'INVALID_REQUEST',
      'top_k',
    )
    expectError(
      await call('POST', '/v1/memory/store', '{"agent_id":"a","content":"x","metadata":12345678901234567890}'),
      'INVALID_REQUEST',
      'metadata',
    )
    expectError(await call('POST', '/v1/memory/store', '12345678901234567890'), 'INVALID_REQUEST')
  })

  test('that a double holds are written the shortest way', async () => {
    const metadata = { a: 0.1 + 0.2, b: 1e21, c: 5e-324, d: 1.5, e: 1e300, f: 2 ** 53 }
    const { json } = await call('POST', '/v1/memory/store', { agent_id: 'a', content: 'x', metadata })
    const { id } = json['memory'] as { id: string }
    expect((await call('GET', `/v1/memory/get/${id}`)).json['metadata']).toEqual(metadata)
  })
})

describe('times', () => {
  test('without a zone are UTC, and bound recall, lists, forgets and expiry alike', async () => {
    const zone = process.env['TZ']
    process.env['TZ'] = 'Asia/Tokyo' // nine hours ahead: an expiry within them would be in the past
    try {
      expect(new Date().getTimezoneOffset()).toBe(-540)
      const tag = run()
      const soon = new Date((seconds() + 3600) * 1000).toISOString().slice(0, 19)
      const stored = await call('POST', '/v1/memory/store', {
        agent_id: 'a',
        content: 'x',
        tags: [tag],
        expires_at: soon,
        valid_from: soon,
      })
      expect(stored.json['memory']).toMatchObject({
        expires_at: Date.parse(`${soon}Z`) / 1000,
        valid_from: Date.parse(`${soon}Z`) / 1000,
      })
      const ago = new Date((seconds() - 600) * 1000).toISOString().slice(0, 19)
      expect(
        (await call('GET', `/v1/memory/recall?agent_id=a&query=x&tags=${tag}&since=${ago}&until=${soon}`)).json[
          'total_found'
        ],
      ).toBe(1)
      expect(
        (await call('POST', '/v1/memory/recall', { agent_id: 'a', query: 'x', tags: [tag], since: ago, until: soon }))
          .json['total_found'],
      ).toBe(1)
      const filter = { tags: [tag], created_after: ago, created_before: soon }
      expect((await call('POST', '/v1/memories/recall/batch', { agent_id: 'a', filter })).json['filtered']).toBe(1)
      expect(
        (await call('POST', '/v1/memory/forget', { agent_id: 'a', tags: [tag], before_timestamp: ago })).json[
          'deleted_count'
        ],
      ).toBe(0)
      expect(
        (await call('POST', '/v1/memory/forget', { agent_id: 'a', tags: [tag], before_timestamp: soon })).json[
          'deleted_count'
        ],
      ).toBe(1)
    } finally {
      if (zone === undefined) delete process.env['TZ']
      else process.env['TZ'] = zone
    }
  })

  test('in seconds have a fraction', async () => {
    const tag = run()
    await call('POST', '/v1/memory/store', { agent_id: 'a', content: 'x', tags: [tag] })
    const found = async (since: number) => [
      (await call('POST', '/v1/memory/recall', { agent_id: 'a', query: 'x', tags: [tag], since })).json['total_found'],
      (await call('GET', `/v1/memory/recall?agent_id=a&query=x&tags=${tag}&since=${since}`)).json['total_found'],
    ]
    expect(await found(Date.now() / 1000 - 60.123)).toEqual([1, 1])
    expect(await found(Date.now() / 1000 + 60.123)).toEqual([0, 0])
    expectError(
      await call('POST', '/v1/memory/recall', { agent_id: 'a', query: 'x', since: Date.now() }),
      'INVALID_REQUEST',
      'milliseconds are divided by 1000',
    )
  })
})

describe('milliseconds', () => {
  test('stand beside the seconds wherever a memory is read, and put two of one second in order', async () => {
    const [tag, session] = [run(), run()]
    await call('POST', '/v1/sessions/start', { agent_id: 'a', id: session })
    const before = Date.now()
    const sent = {
      agent_id: 'a',
      content: `Tide ${tag}.`,
      tags: [tag],
      session_id: session,
      valid_from: 1_700_000_000.25,
      expires_at: '2999-01-01T00:00:00.125',
    }
    const stored = (await call('POST', '/v1/memory/store', sent)).json['memory'] as Json
    expect(stored).not.toHaveProperty('created_at_ms') // older clients compare the whole reply
    const { id } = stored as { id: string }
    const replies = [
      (await call('GET', `/v1/memory/get/${id}`)).json,
      (
        (await call('POST', '/v1/memories/recall/batch', { agent_id: 'a', filter: { tags: [tag] } })).json[
          'memories'
        ] as Json[]
      )[0],
      (
        (await call('POST', '/v1/memory/recall', { agent_id: 'a', query: tag, tags: [tag] })).json['memories'] as {
          memory: Json
        }[]
      )[0]?.memory,
      (
        (await call('POST', '/v1/memory/search', { agent_id: 'a', query: tag, tags: [tag] })).json['memories'] as {
          memory: Json
        }[]
      )[0]?.memory,
      ((await call('GET', `/v1/sessions/${session}/memories`)).json['memories'] as Json[])[0],
      ((await call('GET', '/v1/agents/a/memories?limit=1')).json as unknown as Json[])[0],
      (await call('PUT', `/v1/memory/update/${id}`, { importance: 0.6 })).json['memory'] as Json,
    ] as Record<string, number>[]
    for (const reply of replies) {
      expect(reply).toMatchObject({
        id,
        valid_from: 1_700_000_000,
        valid_from_ms: 1_700_000_000_250,
        expires_at_ms: Date.parse('2999-01-01T00:00:00.125Z'),
      })
      for (const name of ['created_at', 'updated_at']) {
        expect(Number.isInteger(reply[`${name}_ms`])).toBe(true)
        expect(Math.floor((reply[`${name}_ms`] as number) / 1000)).toBe(reply[name])
        expect(Math.abs((reply[`${name}_ms`] as number) - before)).toBeLessThan(60_000)
      }
    }
    await call('POST', '/v1/memory/store', sent)
    const two = (await call('POST', '/v1/memories/recall/batch', { agent_id: 'a', filter: { tags: [tag] } })).json[
      'memories'
    ] as Record<string, number>[]
    expect(two[0]?.['created_at_ms']).toBeGreaterThan(two[1]?.['created_at_ms'] as number)
  })
})

describe('an update', () => {
  const AXES = { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] }
  const update = (id: string, fields: Json) => call('PUT', `/v1/memory/update/${id}`, { agent_id: 'v', ...fields })
  const made = async (fields: Json) =>
    (
      (await call('POST', '/v1/memory/store', { agent_id: 'v', content: 'Ada drinks tea.', ...fields })).json[
        'memory'
      ] as Json
    )['id'] as string
  /** Returns the similarity of the memory to a supplied vector: 1 if they are equal, undefined if it has no vector. */
  const nearness = async (id: string, embedding: number[]) => {
    const { json } = await call('POST', '/v1/memory/recall', {
      agent_id: 'v',
      query: 'zzz',
      embedding,
      routing: 'vector',
      top_k: 100,
    })
    const hit = (json['memories'] as { memory: Json; vector_score: number }[]).find(({ memory }) => memory['id'] === id)
    return hit && Math.round(hit.vector_score * 100) / 100
  }
  beforeAll(async () => {
    await call('POST', '/v1/namespaces', { name: 'v', dimension: 3 }, {}, ADMIN_KEY)
    key = await t.secret({ a: 'read_write', v: 'read_write' })
  })

  test('keeps the own vector, replaces it by one that it brings, and drops it with its content', async () => {
    const id = await made({ embedding: AXES.x })
    await update(id, { importance: 0.9 })
    expect(await nearness(id, AXES.x)).toBe(1)
    await update(id, { embedding: AXES.y })
    expect(await nearness(id, AXES.y)).toBe(1)
    await update(id, { content: 'Ada drinks coffee.', embedding: AXES.z })
    expect(await nearness(id, AXES.z)).toBe(1)
    await update(id, { content: 'Ada drinks water.' })
    expect(await nearness(id, AXES.z)).toBeUndefined()
    await update(id, { embedding: AXES.x })
    await update(id, { embedding: null })
    expect(await nearness(id, AXES.x)).toBeUndefined()
    expectError(
      await update(id, { embedding: [1, 0] }),
      'DIMENSION_MISMATCH',
      'has 2 numbers; the namespace "v" declares 3',
    )
    expectError(await update(id, { embedding: [0, 0, 0] }), 'EMPTY_VECTOR')
  })

  test('changes the end, the session and since when it is true, or takes them away', async () => {
    const id = await made({ session_id: 's1' })
    const last = await made({ session_id: 's2' })
    const { json } = await update(id, { ttl_seconds: 600, session_id: 's2', valid_from: '2026-01-02' })
    expect(json).toMatchObject({ session_id: 's2', valid_from: 1_767_312_000, version: 2 })
    expect(Math.abs((json['expires_at'] as number) - seconds() - 600)).toBeLessThan(60)
    const at = seconds() + 9999
    expect((await update(id, { ttl_seconds: 600, expires_at: at })).json).toMatchObject({ expires_at: at })
    await call('POST', '/v1/sessions/start', { agent_id: 'v', id: 's2' })
    expect(
      ((await call('GET', '/v1/sessions/s2/memories')).json['memories'] as Json[]).map((memory) => memory['id']),
    ).toEqual([last, id])
    const gone = { session_id: null, valid_from: null, expires_at: null }
    expect((await update(id, gone)).json).toMatchObject(gone)
    expect((await update(id, { ttl_seconds: null, content: 'y' })).json).toMatchObject({
      content: 'y',
      expires_at: null,
    })
  })

  test('refuses what stays', async () => {
    const id = await made({})
    for (const name of ['id', 'author', 'created_at'])
      expectError(await update(id, { [name]: 'x' }), 'INVALID_REQUEST', `${name}: not a field here; it is set when`)
  })
})

describe('a query string', () => {
  const found = async (query: string) => {
    const { json } = await call(
      'GET',
      `/v1/memory/recall?agent_id=a&query=${encodeURIComponent('Many tags.')}&${query}`,
    )
    return json['total_found'] ?? json['error']
  }
  const [p, q, odd] = [run(), run(), `${run()}, with a comma`]
  beforeAll(async () => {
    for (const tags of [[p], [p, q], [odd]])
      await call('POST', '/v1/memory/store', { agent_id: 'a', content: 'Many tags.', tags })
  })

  test.each([
    `tags=${p}&tags=${q}`,
    `tags[]=${p}&tags[]=${q}`,
    `tags=${p},${q}`,
    `tags=${p},%20${q}`,
    `tags=["${p}","${q}"]`,
    `tags=${p}&tags[]=${q}`,
  ])('says a list as %s', async (query) => expect(await found(query)).toBe(1))

  test('hears lists in camelCase and of several namespaces, and a tag with a comma in it', async () => {
    expect(await found(`tagsAny=${p}&tagsAny=${odd.slice(0, 9)}`)).toBe(2)
    expect(await found(`tags=${encodeURIComponent(JSON.stringify([odd]))}`)).toBe(1)
    const several = await call(
      'GET',
      `/v1/memory/recall?namespaces=a&namespaces=nowhere&skip_denied=true&query=tags&tags=${p}`,
    )
    expect(several.json).toMatchObject({ total_found: 2, denied: ['nowhere'] })
  })

  test.each(['7', '12345678901234567890', '1e400', '[1]', 'junk'])(
    'with the filter %s is refused: it is no object',
    async (filter) => {
      expectError(
        await call('GET', `/v1/memory/recall?agent_id=a&query=x&filter=${filter}`),
        'INVALID_REQUEST',
        'filter must be an object',
      )
    },
  )

  test.each(['top_k=1&top_k=2', 'since=1&since=1', 'agentId=a&agentId=b', 'filter={}&filter={}', 'zzz=1&zzz=2'])(
    'with %s is refused',
    async (query) => {
      const answer = await call('GET', `/v1/memory/recall?query=x&${query}`)
      expectError(answer, 'INVALID_REQUEST', 'is 2 times in the query string')
      expect(answer.json['issues']).toMatchObject([{ path: query.split('=')[0] }])
    },
  )
})

describe('a conflict', () => {
  test('names the id that is taken, and where it stands in a batch', async () => {
    const id = run()
    const one = (fields: Json) => call('POST', '/v1/memory/store', { agent_id: 'a', content: 'x', ...fields })
    const many = (ids: (string | undefined)[]) =>
      call('POST', '/v1/memories/store/batch', { agent_id: 'a', memories: ids.map((id) => ({ content: 'x', id })) })
    await one({ id })
    const twice = await one({ id })
    expectError(twice, 'CONFLICT', `id: a memory with the id "${id}" exists already`)
    expect(twice.json).toMatchObject({ resource: id, issues: [{ path: 'id' }] })
    const batch = await many([run(), undefined, run(), id])
    expectError(batch, 'CONFLICT', `memories.3.id: a memory with the id "${id}"`)
    expect(batch.json).toMatchObject({ resource: id, issues: [{ path: 'memories.3.id' }] })
    const [fresh, other] = [run(), run()]
    expectError(await many([fresh, other, fresh]), 'CONFLICT', `memories.2.id: a memory with the id "${fresh}"`)
    expect((await many([fresh, other])).status).toBe(200)
    await call('POST', '/v1/sessions/start', { agent_id: 'a', id })
    expectError(
      await call('POST', '/v1/sessions/start', { agent_id: 'a', id }),
      'CONFLICT',
      `id: a session with the id "${id}"`,
    )
  })
})
