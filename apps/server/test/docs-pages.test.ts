import { ERRORS } from '@dakera-ai/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN_KEY, start, type TestServer } from './harness.ts'
import { expectError, send, unescapeHtml } from './http-call.ts'

let t: TestServer
beforeAll(async () => {
  t = await start()
})
afterAll(() => t?.[Symbol.asyncDispose]())

test('every example of the page works as it stands, with an admin key and what it names', async () => {
  const { text } = await send(t.url, '/docs')
  const examples = [...text.matchAll(/<summary>Example<\/summary><pre[^>]*><code>([^<]*)<\/code>/g)].map(([, code]) =>
    unescapeHtml(code ?? ''),
  )
  expect(examples.length).toBeGreaterThan(40)
  const asAdmin = (path: string, method: string, body?: unknown) =>
    send(t.url, path, { method, key: ADMIN_KEY, ...(body !== undefined && { body }) })
  const failed: string[] = []
  for (const example of examples) {
    // The example before may have deleted what this one names.
    await asAdmin('/v1/namespaces/scratch', 'PUT', {})
    await asAdmin('/v1/memory/store', 'POST', { agent_id: 'team-shared', id: 'mem_1', content: 'Ada prefers tea.' })
    await asAdmin('/v1/sessions/start', 'POST', { agent_id: 'team-shared', id: 'ses_1' })
    const made = await asAdmin('/v1/keys', 'POST', {
      name: `key-${crypto.randomUUID()}`,
      grants: { 'team-shared': 'read_write' },
    })
    const { key_id } = made.json as { key_id: string }
    const [, method, url = ''] = /^curl (?:-X (\w+) )?"([^"]+)"/.exec(example) ?? []
    const [, body] = /-d '([^']*)'/.exec(example) ?? []
    expect(new URL(url).origin).toBe(t.url)
    const path = url.slice(t.url.length).replace('key_1', key_id)
    const answer = await send(t.url, path, {
      method: method ?? (body ? 'POST' : 'GET'),
      key: ADMIN_KEY,
      ...(body && { body }),
    })
    if (answer.status >= 300) failed.push(`${answer.status} ${example} ${answer.text}`)
  }
  expect(failed).toEqual([])
})

test('each error leads to its page on the server that answered, as the caller reaches it', async () => {
  const answer = await send(t.url, '/v1/nothing')
  expectError(answer, 'NOT_FOUND')
  expect(answer.json).toMatchObject({ docs: `${t.url}/docs/errors/NOT_FOUND` })
  expect((await send(t.url, '/v1/nothing', { headers: { host: 'memory.example:8443' } })).json).toMatchObject({
    docs: 'http://memory.example:8443/docs/errors/NOT_FOUND',
  })
  for (const code of Object.keys(ERRORS)) {
    const { status, headers, text } = await send(t.url, `/docs/errors/${code}`)
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=UTF-8'])
    expect(text).toContain(`<h1>${code}</h1>`)
    expect(text).not.toMatch(/\]\(|\*\*|```|undefined/)
  }
  expectError(await send(t.url, '/docs/errors/NO_SUCH_CODE'), 'NOT_FOUND')
  expectError(await send(t.url, '/docs/errors/..%2f..%2fpackage'), 'NOT_FOUND')
})

test('behind a proxy that is trusted the scheme is what the caller used', async () => {
  await using behind = await start({ trustedProxies: 1 })
  const headers = { 'x-forwarded-proto': 'https', host: 'memory.example' }
  expect((await send(behind.url, '/v1/nothing', { headers })).json).toMatchObject({
    docs: 'https://memory.example/docs/errors/NOT_FOUND',
  })
  expect((await send(t.url, '/v1/nothing', { headers })).json).toMatchObject({
    docs: 'http://memory.example/docs/errors/NOT_FOUND',
  })
})

test('/docs has a slash at its end or none, and names the server by the address it was asked at', async () => {
  for (const path of ['/docs', '/docs/'])
    expect((await send(t.url, path)).text).toContain(`curl &quot;${t.url}/health&quot;`)
  const headers = { host: `a"b.example` }
  expect((await send(t.url, '/docs', { headers })).text).not.toContain('a"b')
})
