import { type Endpoint, endpoints } from '@dakera-ai/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_KEY, start, type TestServer } from './harness.ts'
import { expectError, send } from './http-call.ts'

let t: TestServer
let key: string
beforeAll(async () => {
  t = await start()
  key = await t.secret({ inbox: 'read_write' })
})
afterAll(() => t?.[Symbol.asyncDispose]())

const ALL = Object.values(endpoints).flatMap((group): Endpoint[] => Object.values(group))
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND']
const BY_PATH = new Map<string, string[]>()
for (const { method, path, aliases = [] } of ALL) {
  for (const address of [`${method} ${path}`, ...aliases]) {
    const [verb = '', place = ''] = address.split(' ')
    const pattern = place.replaceAll(/\{\w+\}/g, 'thing')
    BY_PATH.set(pattern, [...(BY_PATH.get(pattern) ?? []), verb])
  }
}
BY_PATH.get('/v1/sessions/start')?.push('GET') // of a session whose id is "start"

describe.each([...BY_PATH])('%s', (path, methods) => {
  test(`takes ${methods.join(' and ')}, and 405 names them to any other method`, async () => {
    for (const method of METHODS.filter((name) => !methods.includes(name))) {
      const answer = await send(t.url, path, { method, key })
      expectError(answer, 'METHOD_NOT_ALLOWED', new RegExp(methods.join('|')))
      for (const allowed of methods) expect(answer.headers.allow).toContain(allowed)
    }
  })

  test('OPTIONS says the methods and needs no key; HEAD is GET without a body', async () => {
    const options = await send(t.url, path, { method: 'OPTIONS' })
    expect([options.status, options.text]).toEqual([204, ''])
    for (const method of methods) expect(options.headers.allow).toContain(method)
    expect(options.headers['access-control-allow-origin']).toBeUndefined()
    const head = await send(t.url, path, { method: 'HEAD', key })
    expect(head.text).toBe('')
    if (!methods.includes('GET')) expect(head.status).toBe(405)
    else expect(head.status).toBe((await send(t.url, path, { key })).status)
  })
})

test('an unknown path is 404 and points to the list, with any method and with or without a key', async () => {
  for (const path of [
    '/',
    '/nothing',
    '/v1',
    '/v1/memory',
    '/v1/memory/store/',
    '//v1/namespaces',
    '/V1/namespaces',
    '/v1/namespaces/a/b',
    '/v1/memory/get/',
    '/v1/memory/get/a/b',
    '/.env',
    '/v1/memory/../../etc/passwd',
    '/v1/memory/get/..',
    '/v1/%6eamespaces%00',
  ]) {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
      for (const credential of [undefined, key])
        expectError(await send(t.url, path, { method, key: credential }), 'NOT_FOUND', /docs/)
    }
  }
})

test('an id is text and never a path: what nobody stored is 404', async () => {
  for (const id of [
    '%00',
    '%2e%2e%2f%2e%2e',
    '%2F',
    'a%2Fb',
    '%ff%fe',
    '%ed%a0%80',
    '%',
    '%zz',
    '%E0%A4%A',
    "'%3B%20drop%20table%20memories%3B--",
    '$%7Bx%7D',
    'x'.repeat(201),
    'x'.repeat(12_000),
    '%F0%9F%98%80',
    'mem_never',
    '*',
    '%25',
  ]) {
    expectError(await send(t.url, `/v1/memory/get/${id}`, { key }), 'NOT_FOUND')
    expectError(await send(t.url, `/v1/memory/get/${id}?agent_id=inbox`, { key }), 'NOT_FOUND')
    expectError(
      await send(t.url, `/v1/memory/update/${id}`, { method: 'PUT', key, body: { importance: 1 } }),
      'NOT_FOUND',
    )
    expectError(
      await send(t.url, `/v1/memories/${id}/importance`, { method: 'PATCH', key, body: { importance: 1 } }),
      'NOT_FOUND',
    )
  }
})

test('an id of the caller may hold anything that can be written into a path', async () => {
  for (const id of ['a/b', 'a b', '100%', 'ä😀', "it's", '../x', 'a?b#c', 'x'.repeat(200)]) {
    const stored = await send(t.url, '/v1/memory/store', {
      method: 'POST',
      key,
      body: { agent_id: 'inbox', content: 'Mine.', id },
    })
    expect(stored.json).toMatchObject({ memory: { id } })
    expect((await send(t.url, `/v1/memory/get/${encodeURIComponent(id)}`, { key })).json).toMatchObject({
      id,
      content: 'Mine.',
    })
    expectError(
      await send(t.url, '/v1/memory/store', {
        method: 'POST',
        key,
        body: { agent_id: 'inbox', content: 'Again.', id },
      }),
      'CONFLICT',
    )
  }
})

test('X-HTTP-Method-Override and its like change nothing', async () => {
  await t.admin.createNamespace('kept')
  for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
    expect(
      (await send(t.url, '/v1/namespaces/kept', { key: ADMIN_KEY, headers: { [name]: 'DELETE' } })).json,
    ).toMatchObject({ namespace: 'kept' })
    expectError(
      await send(t.url, '/v1/namespaces/kept?_method=DELETE', {
        method: 'POST',
        key: ADMIN_KEY,
        headers: { [name]: 'DELETE' },
        body: { _method: 'DELETE' },
      }),
      'METHOD_NOT_ALLOWED',
    )
  }
  expect((await send(t.url, '/v1/namespaces/kept', { key: ADMIN_KEY })).status).toBe(200)
})

test('a request id of the client comes back, and one that could break a log is replaced', async () => {
  const given = await send(t.url, '/nothing', { headers: { 'x-request-id': 'my-id:1/2' } })
  expect([given.headers['x-request-id'], (given.json as { request_id: string }).request_id]).toEqual([
    'my-id:1/2',
    'my-id:1/2',
  ])
  for (const bad of ['', 'two words', 'x'.repeat(129), 'sch\u00f6n', '\t']) {
    const answer = await send(t.url, '/nothing', { headers: { 'x-request-id': bad } })
    expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/)
    expect((answer.json as { request_id: string }).request_id).toBe(answer.headers['x-request-id'])
  }
})

test('no origin is let in by CORS unless it was named', async () => {
  const answer = await send(t.url, '/health', { headers: { origin: 'https://evil.example' } })
  expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
})

test.each([
  ['/v1/v1/memory/store', '/v1/memory/store'],
  ['/v1/v1/memory/get/mem_1', '/v1/memory/get/mem_1'],
  ['/memory/recall', '/v1/memory/recall'],
  ['/api/v1/namespaces', '/v1/namespaces'],
  ['/v1/memory/store/', '/v1/memory/store'],
])('%s is 404 and asks for %s', async (path, meant) => {
  for (const method of ['GET', 'POST'])
    expectError(
      await send(t.url, path, { method, key }),
      'NOT_FOUND',
      `Did you mean ${meant}? The base URL of a client`,
    )
})
