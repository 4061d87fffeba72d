// Plays packages/protocol/conformance against a DakeraClient. Plain JavaScript, so that Node 20 runs it against the
// build and vitest against the source.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { printedCalls } from './printed-calls.mjs'

const FOLDER = new URL('../../protocol/conformance/', import.meta.url)
export const KEY = 'dk-test-key'

/** Every case, with its file. */
export const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')).map((one) => ({ ...one, file })))

/** How each operation is written in TypeScript. */
export const calls = {
  ...printedCalls(camel),
  'health.get': (client) => client.health(),
  'health.ready': (client) => client.health.ready(),
  'health.live': (client) => client.health.live(),
  'memories.store': (client, { namespace, memory }, options) => client.storeMemory(namespace, camel(memory), options),
  'memories.storeBatch': (client, { namespace, memories }) => client.storeMemories(namespace, memories.map(camel)),
  'memories.recall': (client, { namespace, query, options }) => client.recall(namespace, query, camel(options)),
  'memories.search': (client, { namespace, query, options }) => client.searchMemories(namespace, query, camel(options)),
  'memories.update': (client, { id, changes, namespace, if_version }) =>
    client.updateMemory(id, camel(changes), { namespace, ifVersion: if_version }),
  'memories.setImportance': (client, { namespace, ids, importance }) =>
    client.setImportance(namespace, ids, importance),
  'memories.forget': (client, { namespace, which }) =>
    client.forget(namespace, typeof which === 'string' || Array.isArray(which) ? which : camel(which)),
  'memories.forgetBatch': (client, { namespace, filter, dry_run }) =>
    client.batchForget(namespace, camel(filter), { dryRun: dry_run }),
  'memories.list': (client, { namespace, options }) =>
    client.listMemories(namespace, { ...options, filter: camel(options?.filter) }),
}

const KINDS = {
  ValidationError: 'validation',
  AuthenticationError: 'authentication',
  AuthorizationError: 'authorization',
  NotFoundError: 'not_found',
  ConflictError: 'conflict',
  RateLimitError: 'rate_limit',
  ServerError: 'server',
  ApiError: 'api',
  ConnectionError: 'connection',
  TimeoutError: 'timeout',
  ResponseError: 'response',
  UsageError: 'usage',
}

/** Runs one case and throws an AssertionError where it differs. */
export async function play(one, sdk) {
  const server = await serve(one.replies)
  const elsewhere = await serve([])
  server.elsewhere = elsewhere.url
  const { api_key = KEY, timeout_ms, max_retries, base_path = '' } = one.client ?? {}
  const startedAt = Date.now()
  let outcome
  try {
    const client = new sdk.DakeraClient({
      baseUrl: server.url + base_path,
      apiKey: api_key ?? undefined,
      timeoutMs: timeout_ms,
      maxRetries: max_retries,
    })
    for (let i = 0; i < (one.times ?? 1); i++)
      outcome = { result: neutral(await collect(one, calls[one.operation](client, one.call))) }
  } catch (error) {
    outcome = { error }
  } finally {
    await Promise.all([server.close(), elsewhere.close()])
  }
  const elapsed = Date.now() - startedAt

  if (one.error) checkError(one, outcome, sdk)
  else if (outcome.error) throw outcome.error
  else if (one.result !== undefined) matches(outcome.result, one.result, 'result')
  assert.equal(server.seen.length, one.requests.length, `${server.seen.length} requests were made`)
  for (const [i, expected] of one.requests.entries()) checkRequest(server.seen[i], expected, server.seen[0], i)
  assert.equal(elsewhere.seen.length, 0, 'another host was called')
  if (one.tries !== undefined) assert.equal(server.seen.length, one.tries)
  if (one.least_ms !== undefined) assert.ok(elapsed >= one.least_ms, `took ${elapsed} ms, less than ${one.least_ms}`)
  if (one.most_ms !== undefined) assert.ok(elapsed <= one.most_ms, `took ${elapsed} ms, more than ${one.most_ms}`)
}

export async function collect({ iterate }, list) {
  if (!iterate) return list
  const items = []
  for await (const item of list) items.push(item)
  return items
}

/** The neutral form of conformance/README.md. */
export function neutral(result) {
  if (!Array.isArray(result)) return result
  const snake = ({ textScore, vectorScore, ...memory }) => ({
    ...memory,
    text_score: textScore,
    vector_score: vectorScore,
  })
  if (result.memories === result)
    return {
      memories: result.map(snake),
      total_found: result.totalFound,
      query_time_ms: result.queryTimeMs,
      denied: result.denied,
    }
  return { items: result, next_cursor: result.nextCursor, total: result.total, filtered: result.filtered }
}

export function checkError(one, { error, result }, sdk) {
  assert.ok(error, `expected an error, got ${JSON.stringify(result)}`)
  assert.ok(error instanceof sdk.DakeraError, `not ours: ${error.stack}`)
  const { kind, status, code, request_id, retry_after, issues } = one.error
  const name = Object.keys(KINDS).find((key) => KINDS[key] === kind)
  assert.ok(error instanceof sdk[name], `${error.name} is no ${name}`)
  assert.equal(error.name, name)
  assert.equal(error.status, status)
  assert.equal(error.code, code)
  assert.ok(
    error.message.includes(one.operation) || kind === 'usage',
    `the message does not name the call: ${error.message}`,
  )
  assert.ok(!JSON.stringify([error.message, error.stack, error.body]).includes(KEY), 'the error shows the key')
  if (request_id) assert.equal(error.requestId, request_id)
  if (request_id) assert.ok(error.message.includes(request_id))
  if (retry_after !== undefined) assert.equal(error.retryAfter, retry_after)
  if (issues) assert.deepEqual(error.issues, issues)
}

function checkRequest(seen, { method, path, query, headers = {}, body }, first, i) {
  const where = `request ${i + 1}`
  assert.equal(seen.method, method, where)
  assert.equal(seen.path, path, where)
  if (query) assert.deepEqual(seen.query, query, where)
  if (body !== undefined) assert.deepEqual(seen.body, body, where)
  for (const [name, value] of Object.entries(headers)) {
    const actual = seen.headers[name]
    if (value === null) assert.equal(actual, undefined, `${where}: ${name} was sent`)
    else if (value === '*') assert.ok(actual, `${where}: ${name} is missing`)
    else if (value === '$same') assert.equal(actual, first.headers[name], `${where}: ${name} changed`)
    else if (value === '$new') assert.ok(actual && actual !== first.headers[name], `${where}: ${name} did not change`)
    else assert.equal(actual, value, `${where}: ${name}`)
  }
}

/** Everything that is expected is there; more may be. */
export function matches(actual, expected, at) {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${at} is no list`)
    assert.equal(actual.length, expected.length, `${at}: length`)
    for (const [i, value] of expected.entries()) matches(actual[i], value, `${at}[${i}]`)
  } else if (typeof expected === 'object' && expected !== null) {
    assert.ok(typeof actual === 'object' && actual !== null, `${at} is no object`)
    for (const [key, value] of Object.entries(expected)) matches(actual[key], value, `${at}.${key}`)
  } else assert.equal(actual, expected, at)
}

/** A real server that plays replies in order and keeps what it saw. */
export async function serve(replies) {
  const seen = []
  const server = createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const url = new URL(request.url, 'http://localhost')
    const text = Buffer.concat(chunks).toString()
    const reply = replies[seen.length]
    seen.push({
      method: request.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    })
    if (!reply || reply.drop) return request.socket.destroy()
    if (reply.delay_ms) await new Promise((resolve) => setTimeout(resolve, reply.delay_ms).unref())
    const content = reply.text ?? (reply.body === undefined ? '' : JSON.stringify(reply.body))
    const headers = Object.fromEntries(
      Object.entries(reply.headers ?? {}).map(([name, value]) => [
        name,
        value === '$elsewhere' ? handle.elsewhere : value,
      ]),
    )
    if (reply.status !== 204) headers['content-length'] = String(Buffer.byteLength(content))
    response.writeHead(reply.status, headers)
    if (!reply.cut) return response.end(content)
    response.write(content.slice(0, content.length / 2), () => setTimeout(() => request.socket.destroy(), 20))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  const handle = { url: `http://127.0.0.1:${server.address().port}`, seen, close, elsewhere: undefined }
  return handle
}

/** The case speaks the wire's spelling; the call is made in TypeScript's. One level: metadata is the caller's own. */
function camel(fields) {
  return (
    fields &&
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()),
        value,
      ]),
    )
  )
}
