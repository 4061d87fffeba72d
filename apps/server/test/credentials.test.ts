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
const GUARDED = ALL.filter(({ access }) => access !== 'public')
const call = ({ method, path }: Endpoint, given: Parameters<typeof send>[2] = {}) =>
  send(t.url, path.replaceAll(/\{\w+\}/g, 'thing'), { method, ...given })
const whoami = (headers: Record<string, string | string[]>, query = '') =>
  send(t.url, `/v1/auth/whoami${query}`, { headers })

describe.each(GUARDED)('$id', (endpoint) => {
  test('without a key is 401, before anything else is looked at', async () => {
    expectError(await call(endpoint), 'AUTHENTICATION_REQUIRED', /Bearer <key>/)
    if (endpoint.body) expectError(await call(endpoint, { body: '{"broken' }), 'AUTHENTICATION_REQUIRED')
  })

  test('?api_key= opens nothing', async () => {
    expectError(
      await send(t.url, `${endpoint.path.replaceAll(/\{\w+\}/g, 'thing')}?api_key=${ADMIN_KEY}`, {
        method: endpoint.method,
        ...(endpoint.body && { body: '{}' }),
      }),
      'AUTHENTICATION_REQUIRED',
    )
  })
})

test('what needs no key says nothing of one', async () => {
  for (const endpoint of ALL.filter(({ access }) => access === 'public'))
    expect((await call(endpoint)).status).toBe(200)
  for (const path of ['/openapi.json', '/docs']) expect((await send(t.url, path)).status).toBe(200)
  expect((await send(t.url, '/health', { headers: { authorization: 'Basic nonsense' } })).status).toBe(200)
})

const usable = GUARDED.filter(({ body, query }) => !body?.safeParse({}).error && !query?.safeParse({}).error)
test.each(usable)('an unknown key at $id is 401', async (endpoint) => {
  expectError(
    await call(endpoint, { key: 'dk-nobody-knows-this', ...(endpoint.body && { body: '{}' }) }),
    'INVALID_API_KEY',
  )
})

const ADMIN_ONLY = GUARDED.filter(({ access }) => access === 'admin')
test.each(ADMIN_ONLY)("an agent's key at $id is 403, whatever else is wrong", async (endpoint) => {
  const answer = await call(endpoint, { key, ...(endpoint.body && { body: '{"not": ' }) })
  expectError(answer, 'INSUFFICIENT_SCOPE', /admin/)
})

test('the word Bearer may be written in any case', async () => {
  for (const word of ['Bearer', 'bearer', 'BEARER', 'bEaReR', 'Bearer  '])
    expect((await whoami({ authorization: `${word} ${key}` })).status).toBe(200)
})

test('an Authorization header that holds no bearer is 401', async () => {
  for (const value of [
    'Bearer',
    'Bearer ',
    '',
    key,
    `Basic ${Buffer.from(`admin:${ADMIN_KEY}`).toString('base64')}`,
    `Token ${key}`,
    `Bearer ${key} ${key}`,
    `Bearer\t${key}`,
    `"Bearer ${key}"`,
  ]) {
    expectError(await whoami({ authorization: value }), 'AUTHENTICATION_REQUIRED')
  }
})

test('a secret that no key can have is 401', async () => {
  for (const secret of [
    'x',
    'x'.repeat(8000),
    "' or 1=1 --",
    `${key}x`,
    key.slice(0, -1),
    key.toUpperCase(),
    'schl\u00fcssel',
    '%00',
  ]) {
    const answer = await whoami({ authorization: `Bearer ${secret}` })
    expectError(answer, secret.includes(' ') ? 'AUTHENTICATION_REQUIRED' : 'INVALID_API_KEY')
  }
})

test('one credential counts: Authorization wins over X-API-Key', async () => {
  expect((await whoami({ 'x-api-key': key })).json).toMatchObject({ scope: 'write', grants: { inbox: 'read_write' } })
  expect((await whoami({ 'x-api-key': ADMIN_KEY, authorization: `Bearer ${key}` })).json).toMatchObject({
    scope: 'write',
  })
  expect((await whoami({ 'x-api-key': 'dk-nonsense', authorization: `Bearer ${key}` })).status).toBe(200)
  expectError(await whoami({ 'x-api-key': key, authorization: 'Bearer dk-nonsense' }), 'INVALID_API_KEY')
  expectError(await whoami({ 'x-api-key': key, authorization: 'Basic eDp5' }), 'AUTHENTICATION_REQUIRED')
  expectError(await whoami({ 'x-api-key': key, authorization: '' }), 'AUTHENTICATION_REQUIRED')
  expectError(await whoami({ 'x-api-key': '' }), 'AUTHENTICATION_REQUIRED')
  expectError(await whoami({ 'x-api-key': 'dk-nonsense' }, `?api_key=${key}`), 'INVALID_API_KEY')
})

test('an expired key is told so, everywhere', async () => {
  const { key: ending } = await t.admin.createKey({
    name: 'ending',
    grants: { inbox: 'read_write' },
    expiresAt: Math.floor(Date.now() / 1000) + 2,
  } as never)
  expect((await whoami({ 'x-api-key': ending })).status).toBe(200)
  await new Promise((resolve) => setTimeout(resolve, 2100))
  expectError(await whoami({ 'x-api-key': ending }), 'API_KEY_EXPIRED', /expired/)
  for (const endpoint of usable)
    expectError(await call(endpoint, { key: ending, ...(endpoint.body && { body: '{}' }) }), 'API_KEY_EXPIRED')
  for (const [path, body] of [
    ['store', { content: 'x' }],
    ['recall', { query: 'x' }],
    ['search', { query: 'x' }],
    ['forget', { tags: ['x'] }],
  ] as const) {
    expectError(
      await send(t.url, `/v1/memory/${path}`, { method: 'POST', key: ending, body: { agent_id: 'inbox', ...body } }),
      'API_KEY_EXPIRED',
    )
  }
})

test('a key that is deactivated, deleted or rotated stops at the next request', async () => {
  const made = async () => t.admin.createKey({ name: 'stopping', grants: { inbox: 'read_write' } })
  const changes = [
    (id: string) => send(t.url, `/v1/keys/${id}/deactivate`, { method: 'POST', key: ADMIN_KEY }),
    (id: string) => send(t.url, `/admin/keys/${id}`, { method: 'DELETE', key: ADMIN_KEY }),
    (id: string) => send(t.url, `/v1/admin/keys/${id}/rotate`, { method: 'POST', key: ADMIN_KEY }),
  ]
  for (const change of changes) {
    const { key: secret, key_id } = await made()
    expect((await whoami({ 'x-api-key': secret })).status).toBe(200)
    expect((await change(key_id)).status).toBe(200)
    expectError(await whoami({ 'x-api-key': secret }), 'INVALID_API_KEY')
  }
  const { key: secret, key_id } = await made()
  const rotated = await send(t.url, `/v1/keys/${key_id}/rotate`, {
    method: 'POST',
    key: ADMIN_KEY,
    body: { grace_secs: 1 },
  })
  const { new_key } = rotated.json as { new_key: string }
  for (const either of [secret, new_key]) expect((await whoami({ 'x-api-key': either })).status).toBe(200)
  await new Promise((resolve) => setTimeout(resolve, 1100))
  expectError(await whoami({ 'x-api-key': secret }), 'API_KEY_EXPIRED')
  expect((await whoami({ 'x-api-key': new_key })).status).toBe(200)
})
