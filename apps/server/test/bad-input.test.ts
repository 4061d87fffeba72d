import type { ErrorBody } from '@dakera-ai/protocol'
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
const storedText = (content: string) => `{"agent_id": "inbox", "content": "A note.", ${content}}`
const nested = (levels: number, open: string, close: string, core = '1') =>
  open.repeat(levels) + core + close.repeat(levels)

describe('a body that cannot be read', () => {
  test.each([
    ['broken JSON', '{"agent_id": "inbox", ', /not valid JSON/],
    ['a form', 'agent_id=inbox&content=x', /not valid JSON/],
    ['NaN', storedText('"importance": NaN'), /not valid JSON/],
    ['an empty body', '', /content|agent_id/],
    ['null', 'null', /must be an object/],
    ['a list', '[]', /must be an object/],
    ['a string', '"store this"', /must be an object/],
    ['a number', '3', /must be an object/],
    [
      'bytes that are not UTF-8',
      Buffer.concat([
        Buffer.from('{"agent_id": "inbox", "content": "'),
        Buffer.from([0xc3, 0x28, 0xff]),
        Buffer.from('"}'),
      ]),
      /UTF-8/,
    ],
    [
      'a surrogate in UTF-8 bytes',
      Buffer.concat([
        Buffer.from('{"agent_id": "inbox", "content": "'),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from('"}'),
      ]),
      /UTF-8/,
    ],
    ['UTF-16', Buffer.from('{"agent_id": "inbox", "content": "x"}', 'utf16le'), /not valid/],
    ['100,000 brackets', nested(100_000, '[', ']'), /must be an object/],
  ])('%s is 400', async (_name, body, says) => {
    expectError(await post('/v1/memory/store', body), 'INVALID_REQUEST', says)
  })

  test('5 MB are 413, with and without Content-Length, and the connection goes on', async () => {
    const body = JSON.stringify({ agent_id: 'inbox', content: 'x'.repeat(5 * 1024 * 1024) })
    for (const [path, bound] of [
      ['/v1/memories/store/batch', /2097152 bytes/],
      ['/v1/memory/store', /1048576 bytes/],
      ['/v1/memory/recall', /262144 bytes/],
    ] as const) {
      expectError(await post(path, body), 'PAYLOAD_TOO_LARGE', bound)
      expectError(await post(path, body, { chunked: true }), 'PAYLOAD_TOO_LARGE', bound)
    }
    expect(
      (await fetch(`${t.url}/v1/memory/store`, { method: 'POST', body, headers: { authorization: `Bearer ${key}` } }))
        .status,
    ).toBe(413)
    expect((await store({})).status).toBe(200)
  })

  test('a body is JSON whatever its Content-Type says', async () => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/form-data; boundary=x',
      'nonsense',
    ]) {
      expect(
        (
          await post(
            '/v1/memory/store',
            { agent_id: 'inbox', content: 'A note.' },
            { headers: { 'content-type': type } },
          )
        ).status,
      ).toBe(200)
    }
  })
})

describe('text that no database can hold', () => {
  const places: [string, (bad: string) => ReturnType<typeof send>][] = [
    ['content', (bad) => post('/v1/memory/store', storedText(`"content": "${bad}"`))],
    ['a tag', (bad) => post('/v1/memory/store', storedText(`"tags": ["${bad}"]`))],
    ['a metadata value', (bad) => post('/v1/memory/store', storedText(`"metadata": {"a": {"b": ["${bad}"]}}`))],
    ['a metadata key', (bad) => post('/v1/memory/store', storedText(`"metadata": {"${bad}": 1}`))],
    ['session_id', (bad) => post('/v1/memory/store', storedText(`"session_id": "${bad}"`))],
    ['memory_type', (bad) => post('/v1/memory/store', storedText(`"memory_type": "${bad}"`))],
    ['id', (bad) => post('/v1/memory/store', storedText(`"id": "${bad}"`))],
    ['agent_id', (bad) => post('/v1/memory/store', `{"agent_id": "inbox${bad}", "content": "x"}`)],
    [
      'a batch',
      (bad) =>
        post(
          '/v1/memories/store/batch',
          `{"agent_id": "inbox", "memories": [{"content": "x"}, {"content": "${bad}"}]}`,
        ),
    ],
    ['a query', (bad) => post('/v1/memory/recall', `{"agent_id": "inbox", "query": "${bad}"}`)],
    [
      'a filter value',
      (bad) => post('/v1/memory/recall', `{"agent_id": "inbox", "query": "x", "filter": {"a": {"$in": ["${bad}"]}}}`),
    ],
    [
      'a filter key',
      (bad) => post('/v1/memory/recall', `{"agent_id": "inbox", "query": "x", "filter": {"a${bad}": 1}}`),
    ],
    ['ids to forget', (bad) => post('/v1/memory/forget', `{"agent_id": "inbox", "memory_ids": ["${bad}"]}`)],
    ['a cursor', (bad) => post('/v1/memories/recall/batch', `{"agent_id": "inbox", "cursor": "${bad}"}`)],
    ["a key's name", (bad) => send(t.url, '/v1/keys', { method: 'POST', key: ADMIN_KEY, body: `{"name": "a${bad}"}` })],
    [
      "a namespace's description",
      (bad) =>
        send(t.url, '/v1/namespaces', {
          method: 'POST',
          key: ADMIN_KEY,
          body: `{"name": "described", "description": "${bad}"}`,
        }),
    ],
    [
      "a namespace's metadata",
      (bad) =>
        send(t.url, '/v1/namespaces/described', {
          method: 'PUT',
          key: ADMIN_KEY,
          body: `{"metadata": {"a": "${bad}"}}`,
        }),
    ],
  ]
  describe.each([
    ['U+0000', '\\u0000'],
    ['half a surrogate pair', '\\ud800'],
    ['the other half', 'x\\udc00x'],
  ])('%s', (_name, bad) => {
    test.each(places)('in %s is 400', async (_place, call) => expectError(await call(bad), 'INVALID_REQUEST'))
  })

  test('both are 400 in a query string too', async () => {
    for (const bad of ['%00', 'a%00b'])
      expectError(
        await send(t.url, `/v1/memory/recall?agent_id=inbox&query=${bad}`, { key }),
        'INVALID_REQUEST',
        /query/,
      )
  })
})

describe('depth and size', () => {
  const issuesOf = (answer: Awaited<ReturnType<typeof post>>, says: RegExp) => {
    expectError(answer, 'INVALID_REQUEST', says)
    expect(answer.text.length).toBeLessThan(10_000)
    return (answer.json as ErrorBody).issues?.length
  }
  const create = (fields: object) => post('/v1/keys', { name: 'new', ...fields }, { key: ADMIN_KEY })

  test('a list of a key call has at most 1,000 names, counted before they are looked at', async () => {
    const many = Array.from({ length: 1_001 }, (_, i) => `!${i}`)
    expect(issuesOf(await create({ namespaces: many }), /^namespaces must have .*1000/)).toBe(1)
    expect(issuesOf(await create({ permissions: many }), /^permissions must have /)).toBe(1)
    const grants = Object.fromEntries(many.map((name) => [name, 'read']))
    expect(issuesOf(await create({ grants }), /^grants must have .*1000 names/)).toBe(1)
    const path = '/v1/keys/key_of_nobody'
    for (const change of [{ namespaces: many }, { grants }])
      expect(
        issuesOf(
          await post(path, change, { method: 'PATCH', key: ADMIN_KEY }),
          /^(namespaces|grants) must have .*1000/,
        ),
      ).toBe(1)
  })

  test('of many things that are wrong twenty are told, and how many more', async () => {
    const grants = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`!${i}`, 'read']))
    expect(issuesOf(await create({ grants }), /and 999 more/)).toBe(20)
    expect(issuesOf(await create({ grants: { [`!${'x'.repeat(100_000)}`]: 'read' } }), /^grants\.!x+… must /)).toBe(1)
  })

  test('a list is looked through until ten of its elements are wrong', async () => {
    const memories = Array.from({ length: 100 }, () => ({
      content: 'x',
      embedding: Array.from({ length: 4_000 }, () => ''),
    }))
    expect(issuesOf(await post('/v1/memories/store/batch', { agent_id: 'inbox', memories }), /and 9 more/)).toBe(10)
  })

  test('metadata 1,000 levels deep is 400, 60 levels come back as they were', async () => {
    for (const deep of [
      nested(1000, '{"a":', '}'),
      `{"a":${nested(1000, '[', ']')}}`,
      `{"a":${nested(50_000, '[', ']')}}`,
    ]) {
      expectError(
        await post('/v1/memory/store', storedText(`"metadata": ${deep}`)),
        'INVALID_REQUEST',
        /metadata: .*64 levels/,
      )
    }
    const { json, status } = await post('/v1/memory/store', storedText(`"metadata": ${nested(60, '{"a":', '}')}`))
    expect(status).toBe(200)
    expect(JSON.stringify((json as { memory: { metadata: object } }).memory.metadata)).toBe(nested(60, '{"a":', '}'))
  })

  test('a filter 1,000 levels deep is 400 and says where', async () => {
    for (const deep of [
      nested(1000, '{"$not":', '}', '{"a":1}'),
      nested(1000, '{"$and":[', ']}', '{"a":1}'),
      nested(1000, '{"a":', '}'),
    ]) {
      for (const path of ['/v1/memory/recall', '/v1/memory/search']) {
        expectError(
          await post(path, `{"agent_id": "inbox", "query": "x", "filter": ${deep}}`),
          'INVALID_REQUEST',
          /filter\./,
        )
      }
      expectError(
        await post('/v1/memories/recall/batch', `{"agent_id": "inbox", "filter": {"metadata": ${deep}}}`),
        'INVALID_REQUEST',
        /filter\.metadata/,
      )
      expectError(
        await send(t.url, '/v1/memories/forget/batch', {
          method: 'DELETE',
          key,
          body: `{"agent_id": "inbox", "filter": {"metadata": ${deep}}}`,
        }),
        'INVALID_REQUEST',
      )
    }
  })

  test('a filter is at most 8 levels deep', async () => {
    for (const levels of [9, 100])
      expectError(
        await post(
          '/v1/memory/recall',
          `{"agent_id": "inbox", "query": "x", "filter": ${nested(levels, '{"$and":[', ']}', '{"a":1}')}}`,
        ),
        'INVALID_REQUEST',
        /8 levels/,
      )
  })

  test('the largest filters are answered or refused, quickly', async () => {
    expectError(
      await recall({ filter: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, 1])) }),
      'INVALID_REQUEST',
      /100 conditions/,
    )
    expectError(
      await recall({ filter: { a: { $in: Array.from({ length: 1001 }, () => 1) } } }),
      'INVALID_REQUEST',
      /1000 values/,
    )
    await store({ metadata: { f1: 5 } })
    const listing = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`f${i}`, { $nin: Array.from({ length: 1000 }, (_, j) => j) }]),
    )
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, { $ne: 7 }]))
    const negated = JSON.parse(nested(7, '{"$not":', '}', JSON.stringify(many))) as object
    for (const filter of [listing, negated]) {
      const started = performance.now()
      const answer = await recall({ filter })
      if (answer.status !== 200) expectError(answer, answer.status === 413 ? 'PAYLOAD_TOO_LARGE' : 'INVALID_REQUEST')
      expect(performance.now() - started).toBeLessThan(60_000)
    }
  })

  test('content is 1 to 100,000 characters, of any width', async () => {
    expectError(await store({ content: '' }), 'INVALID_REQUEST', /content/)
    expectError(await store({ content: 'x'.repeat(100_001) }), 'INVALID_REQUEST', /content/)
    expectError(await store({ content: '\u{1F600}'.repeat(100_001) }), 'INVALID_REQUEST', /content/)
    const wide = '\u{20BB7}\u{1F600} '.repeat(20_000)
    for (const content of [
      wide,
      'word '.repeat(20_000),
      Array.from({ length: 14_000 }, (_, i) => i.toString(36).padStart(6, 'z')).join(' '),
    ]) {
      const { status, json } = await store({ content })
      expect(status).toBe(200)
      const { id } = (json as { memory: { id: string } }).memory
      expect(
        ((await send(t.url, `/v1/memory/get/${id}`, { key })).json as { content: string }).content === content,
      ).toBe(true)
    }
  })
})
