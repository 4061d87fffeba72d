import { type Endpoint, endpoints } from '@dakera-ai/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { ADMIN_KEY, start, type TestServer } from './harness.ts'
import { expectError, send } from './http-call.ts'

// Unknown names in a call: they are rejected if they could delete more, grant more or return more, and otherwise
// reported.

let t: TestServer
let key: string
beforeAll(async () => {
  t = await start()
  key = await t.secret({ a: 'read_write', b: 'read_write' })
})
afterAll(() => t?.[Symbol.asyncDispose]())

type Json = Record<string, unknown>
const call = async (method: string, path: string, body?: unknown, as = key) => {
  const answer = await send(t.url, path, { method, key: as, ...(body !== undefined && { body }) })
  return { ...answer, json: answer.json as Json }
}
const store = (fields: Json) =>
  call('POST', '/v1/memory/store', { agent_id: 'a', content: 'Ada drinks tea.', ...fields })
const operations = Object.values(endpoints).flatMap((group): Endpoint[] => Object.values(group))

describe('a strict call', () => {
  test('is each that makes or changes keys, deletes, or lists', () => {
    const dangerous = /^(keys|namespaceKeys)\.(?!whoami)|\.(forget|forgetBatch|delete|update|list|memories)$/
    const open = operations.filter(({ id, isStrict }) => dangerous.test(id) !== (isStrict === true)).map(({ id }) => id)
    expect(open).toEqual(['agents.list']) // takes no fields, and returns everything that the key may read
  })

  test.each(operations.filter(({ isStrict }) => isStrict))(
    '$id refuses names it does not know, in its query and its body',
    async ({ method, path }) => {
      const address = path.replaceAll(/\{\w+\}/g, 'a')
      expectError(
        await call(method, `${address}?dry_run_=true`, method === 'GET' ? undefined : {}, ADMIN_KEY),
        'INVALID_REQUEST',
        /dry_run_: not a field here/,
      )
      if (method !== 'GET') {
        const answer = await call(method, address, { not_a_field: true }, ADMIN_KEY)
        expectError(answer, 'INVALID_REQUEST')
        expect(answer.json['issues']).toContainEqual({
          path: 'not_a_field',
          message: expect.stringContaining('not a field here'),
        })
      }
    },
  )

  test('deletes nothing when dry_run stands in its query', async () => {
    await store({ tags: ['kept'] })
    expectError(
      await call('POST', '/v1/memory/forget?dry_run=true', { agent_id: 'a', tags: ['kept'] }),
      'INVALID_REQUEST',
      'dry_run',
    )
    expectError(
      await call('DELETE', '/v1/namespaces/a?dry_run=true', undefined, ADMIN_KEY),
      'INVALID_REQUEST',
      'dry_run',
    )
    expect(
      (await call('POST', '/v1/memory/forget', { agent_id: 'a', tags: ['kept'], dry_run: true })).json,
    ).toMatchObject({ deleted_count: 1 })
  })

  test('says where a condition on metadata belongs', async () => {
    const answer = await call('POST', '/v1/memories/recall/batch', { agent_id: 'a', filter: { source: 'nobody' } })
    expectError(answer, 'INVALID_REQUEST', 'filter.source: not a field here; conditions on metadata go into metadata')
  })
})

describe('another call', () => {
  test('tells the names it ignores in the reply and in a header, with what was probably meant', async () => {
    const { status, json, headers } = await store({ importnce: 3, ttl: 5, created_at: 1, Überschrift: 'x' })
    const warnings = [
      'importnce is not a field here and was ignored; did you mean importance?',
      'ttl is not a field here and was ignored; did you mean ttl_seconds?',
      'created_at is not a field here and was ignored; the server sets it; valid_from says when something became true',
      'Überschrift is not a field here and was ignored',
    ]
    expect([status, json['warnings']]).toEqual([200, warnings])
    expect(headers['dakera-warning']).toBe(warnings.join(', ').replace('Ü', '?'))
    expect(json['memory']).toMatchObject({ importance: 0.5, expires_at: null })
  })

  test('tells them deep in a batch and in a query string, ten and how many more', async () => {
    const memories = [{ content: 'x' }, { content: 'y', tagz: [] }]
    expect((await call('POST', '/v1/memories/store/batch', { agent_id: 'a', memories })).json['warnings']).toEqual([
      'memories.1.tagz is not a field here and was ignored; did you mean tags?',
    ])
    const found = await call('GET', '/v1/memory/recall?agent_id=a&query=tea&min_scor=0.9')
    expect(found.json['warnings']).toEqual(['min_scor is not a field here and was ignored; did you mean min_score?'])
    expect(
      (await call('POST', '/v1/memory/store?importance=0.9', { agent_id: 'a', content: 'x' })).json['warnings'],
    ).toEqual(['importance is not a field here and was ignored'])
    const many = await store(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`zzz${i}`, 1])))
    expect((many.json['warnings'] as string[]).slice(9)).toEqual([
      'zzz9 is not a field here and was ignored',
      '20 more names were ignored',
    ])
  })

  test('says nothing of what older clients send along, of camelCase, or of nothing', async () => {
    const sent = {
      rerank: true,
      fusion: 'rrf',
      iterations: 2,
      neighborhood: 1,
      includeAssociated: true,
      associated_memories_depth: 2,
      topK: 3,
    }
    const { json, headers } = await call('POST', '/v1/memory/recall', { agent_id: 'a', query: 'tea', ...sent })
    expect([json['warnings'], headers['dakera-warning']]).toEqual([undefined, undefined])
    expect((await call('PUT', '/v1/namespaces/b', { distance: 'cosine' }, ADMIN_KEY)).json['warnings']).toBeUndefined()
  })

  test('tells a filter on metadata that is named like a field beside it', async () => {
    const { json } = await call('POST', '/v1/memory/recall', {
      agent_id: 'a',
      query: 'tea',
      filter: { tags: 'verified' },
    })
    expect(json['warnings']).toEqual(['filter.tags asks about metadata; did you mean the field tags, beside filter?'])
    expectError(
      await call('POST', '/v1/memory/recall', { agent_id: 'a', query: 'tea', filter: { tags: ['verified'] } }),
      'INVALID_REQUEST',
      'beside it',
    )
  })

  test('takes metadata as it is', async () => {
    const metadata = { importnce: 3, namespace: 'x', ttl: { agentId: 1 } }
    const { json } = await store({ metadata })
    expect([json['warnings'], (json['memory'] as Json)['metadata']]).toEqual([undefined, metadata])
  })
})

describe('namespace', () => {
  test('is taken wherever agent_id is', async () => {
    for (const { id, method, path, query, body } of operations.filter(
      ({ access }) => access === undefined || access === 'key',
    )) {
      const takes = [query, body].some(
        (schema) => schema instanceof z.ZodObject && Object.hasOwn(schema.shape, 'agent_id'),
      )
      if (!takes) continue
      const place = path.replaceAll(/\{\w+\}/g, 'x')
      const inQuery = query && Object.hasOwn(query.shape, 'agent_id')
      const answer = await call(
        method,
        inQuery ? `${place}?namespace=no%20name&query=x` : place,
        method === 'GET' ? undefined : { namespace: 'no name' },
      )
      expect([id, answer.json['issues']]).toEqual([
        id,
        expect.arrayContaining([expect.objectContaining({ path: 'agent_id' })]),
      ])
    }
    const { json } = await call('POST', '/v1/memory/store', { namespace: 'a', content: 'x' })
    expect(json['memory']).toMatchObject({ agent_id: 'a', namespace: 'a' })
    expect((await call('GET', '/v1/memory/recall?namespace=a&query=tea')).status).toBe(200)
  })

  test('may stand beside agent_id, and not differ from it', async () => {
    expect(
      (await call('POST', '/v1/memory/store', { agent_id: 'a', namespace: 'a', content: 'x' })).json['warnings'],
    ).toBeUndefined()
    expectError(
      await call('POST', '/v1/memory/store', { agent_id: 'a', namespace: 'b', content: 'x' }),
      'INVALID_REQUEST',
      'two names of one thing',
    )
  })
})

test('two namespaces, one in the query string and one in the body, are refused', async () => {
  const id = `m${crypto.randomUUID().slice(0, 8)}`
  for (const agent_id of ['a', 'b']) await store({ agent_id, id })
  const update = (query: string, agent_id: string) =>
    call('PUT', `/v1/memory/update/${id}?${query}`, { agent_id, importance: 0.25 })
  for (const query of ['agent_id=a', 'namespace=a'])
    expectError(await update(query, 'b'), 'INVALID_REQUEST', 'names another namespace than the body')
  expect((await update('agent_id=a', 'a')).json).toMatchObject({ agent_id: 'a', version: 2 })
  expect((await call('GET', `/v1/memory/get/${id}?agent_id=b`)).json).toMatchObject({ version: 1 })
})

test('an admin whose write creates a namespace is told so, once; nobody else is', async () => {
  const name = `n${crypto.randomUUID().slice(0, 8)}`
  const write = (as: string, path = '/v1/memory/store', body: Json = { content: 'x' }) =>
    call('POST', path, { agent_id: name, ...body }, as)
  const told = [`The namespace "${name}" did not exist and was created.`]
  const first = await write(ADMIN_KEY)
  expect([first.json['warnings'], first.headers['dakera-warning']]).toEqual([told, told[0]])
  expect((await write(ADMIN_KEY)).json['warnings']).toBeUndefined()
  await call('DELETE', `/v1/namespaces/${name}`, undefined, ADMIN_KEY)
  expect(
    (await write(ADMIN_KEY, '/v1/memories/store/batch', { memories: [{ content: 'x' }, { content: 'y' }] })).json[
      'warnings'
    ],
  ).toEqual(told)
  await call('DELETE', `/v1/namespaces/${name}`, undefined, ADMIN_KEY)
  expect((await write(await t.secret({ [name]: 'read_write' }))).json['warnings']).toBeUndefined()
})

test('namespaces are listed by how their names begin', async () => {
  for (const name of ['crew.one', 'crew.two', 'crewless']) await call('PUT', `/v1/namespaces/${name}`, {}, ADMIN_KEY)
  expect((await call('GET', '/v1/namespaces?prefix=crew.', undefined, ADMIN_KEY)).json['namespaces']).toEqual([
    'crew.one',
    'crew.two',
  ])
  expect((await call('GET', '/v1/namespaces?prefix=crew.&limit=1', undefined, ADMIN_KEY)).json['namespaces']).toEqual([
    'crew.one',
  ])
  expect((await call('GET', '/v1/namespaces?prefix=%25', undefined, ADMIN_KEY)).json['namespaces']).toEqual([])
})
