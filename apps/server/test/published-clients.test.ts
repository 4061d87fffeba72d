import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_KEY, start, type TestServer } from './harness.ts'
import { type Call, expectError, send } from './http-call.ts'

// The requests of clients of earlier SDKs, exactly as they send them, and the responses that they read. No client of
// ours is in between.

let t: TestServer
let key: string
beforeAll(async () => {
  t = await start()
  key = await t.secret({ inbox: 'read_write', team: 'read_write' }, 'agent')
})
afterAll(() => t?.[Symbol.asyncDispose]())

type Json = Record<string, unknown>
const call = async (method: string, path: string, body?: unknown, given: Call = {}) => {
  const answer = await send(t.url, path, { method, key, ...(body !== undefined && { body }), ...given })
  return { ...answer, json: answer.json as Json }
}
const asAdmin = (method: string, path: string, body?: unknown) => call(method, path, body, { key: ADMIN_KEY })
const store = async (fields: Json) =>
  (await call('POST', '/v1/memory/store', { agent_id: 'inbox', ...fields })).json['memory'] as Json
const seconds = () => Math.floor(Date.now() / 1000)
const tag = () => `t-${crypto.randomUUID().slice(0, 8)}`
const SECONDS = expect.toSatisfy(
  (value) => Number.isInteger(value) && (value as number) > 1_700_000_000,
  'integer unix seconds',
)

describe('every call', () => {
  test('is JSON whatever the Content-Type, or without one', async () => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'text/plain',
      'application/json; charset=utf-8',
      undefined,
    ]) {
      const headers = type === undefined ? {} : { 'content-type': type }
      const { status, headers: replied } = await call(
        'POST',
        '/v1/memory/store',
        '{"agent_id": "inbox", "content": "Posted by curl."}',
        { headers },
      )
      expect([status, replied['content-type']]).toEqual([200, 'application/json'])
    }
  })

  test('takes its key as bearer or as X-API-Key', async () => {
    for (const headers of [
      { authorization: `Bearer ${key}` },
      { authorization: `bearer ${key}` },
      { 'x-api-key': key },
    ])
      expect((await send(t.url, '/v1/auth/whoami', { headers })).json).toMatchObject({ name: 'agent' })
  })

  test('ignores fields it does not know, and takes camelCase names', async () => {
    const one = await store({
      content: 'x',
      memoryType: 'semantic',
      ttlSeconds: 600,
      sessionId: 's',
      client_version: '0.3',
      nested: { unknown: [1] },
    })
    expect(one).toMatchObject({ memory_type: 'semantic', session_id: 's', expires_at: SECONDS })
    const found = await call('POST', '/v1/memory/recall', {
      agentId: 'inbox',
      query: 'x',
      topK: 1,
      minImportance: 0,
      rerank: true,
      fusion: 'rrf',
      iterations: 2,
    })
    expect(found.json['memories']).toHaveLength(1)
    expect(
      (await call('GET', '/v1/memory/recall?agentId=inbox&query=x&topK=1&minImportance=0&includeAssociated=true')).json[
        'memories'
      ],
    ).toHaveLength(1)
  })

  test('answers every failure in one shape, with the request id that was sent', async () => {
    for (const answer of [
      await call('POST', '/v1/memory/store', '{"broken'),
      await call('POST', '/v1/memory/store', Buffer.from([0x7b, 0xff, 0x7d])),
      await call('POST', '/v1/memory/store', { agent_id: 'inbox', content: 'a\u0000b' }),
      await call('POST', '/v1/memory/store', { agent_id: 'inbox', content: 'a\ud800b' }),
    ])
      expectError(answer, 'INVALID_REQUEST')
    expectError(await call('POST', '/v1/nothing', {}), 'NOT_FOUND')
    expectError(await call('POST', '/v1/memory/store', 'x'.repeat(3 * 1024 * 1024)), 'PAYLOAD_TOO_LARGE')
    expectError(await send(t.url, '/v1/auth/whoami'), 'AUTHENTICATION_REQUIRED')
  })

  test('repeats the first reply to an Idempotency-Key, and knows HEAD and OPTIONS', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const once = async () =>
      (await call('POST', '/v1/memory/store', { agent_id: 'inbox', content: 'Once.' }, { headers })).json['memory']
    expect(await once()).toEqual(await once())
    const head = await call('HEAD', '/v1/namespaces')
    expect([head.status, head.text]).toEqual([200, ''])
    expect((await send(t.url, '/v1/sessions/start', { method: 'OPTIONS' })).headers.allow).toBe(
      'POST, GET, HEAD, OPTIONS',
    )
  })

  test('takes times as integers or ISO-8601, and gives integers', async () => {
    const at = seconds() + 3600
    for (const moment of [
      at,
      new Date(at * 1000).toISOString(),
      new Date(at * 1000).toISOString().replace('Z', '+00:00'),
    ])
      expect(await store({ content: 'x', expires_at: moment, ttl_seconds: 1 })).toMatchObject({
        expires_at: at,
        created_at: SECONDS,
        updated_at: SECONDS,
      })
  })
})

describe('health', () => {
  test('is what field clients check for', async () => {
    expect((await send(t.url, '/health')).json).toEqual({
      status: 'healthy',
      version: expect.any(String),
      service: 'dakera',
      uptime_seconds: expect.any(Number),
    })
    expect((await send(t.url, '/health/ready')).json).toMatchObject({
      ready: true,
      checks: { database: { status: 'pass' } },
      components: { database: true },
    })
    expect((await send(t.url, '/health/live')).json).toEqual({
      alive: true,
      version: expect.any(String),
      uptime_seconds: expect.any(Number),
    })
  })
})

describe('namespaces', () => {
  test('are made by POST or by PUT with an empty body, and name themselves once', async () => {
    const made = await asAdmin('POST', '/v1/namespaces', { name: 'fresh', dimension: 1024 })
    expect([made.status, made.json]).toMatchObject([201, { namespace: 'fresh', dimension: 1024, created: true }])
    expect((await asAdmin('POST', '/v1/namespaces', { name: 'fresh' })).status).toBe(200)
    expectError(await asAdmin('POST', '/v1/namespaces', { name: 'fresh', dimension: 3 }), 'CONFLICT')
    const put = await asAdmin('PUT', '/v1/namespaces/put-here', {})
    expect(put.json).toMatchObject({ namespace: 'put-here', distance: 'cosine', created: true })
    expect(
      (await asAdmin('PUT', '/v1/namespaces/put-here', { dimension: 1024, distance: 'cosine' })).json,
    ).toMatchObject({ dimension: 1024, created: false })
    const got = await asAdmin('GET', '/v1/namespaces/fresh')
    expect(got.json).toMatchObject({
      namespace: 'fresh',
      dimension: 1024,
      memory_count: 0,
      vector_count: 0,
      description: null,
      created_at: SECONDS,
    })
    for (const { json } of [made, put, got]) expect([json['name'], json['dimensions']]).toEqual([undefined, undefined])
  })

  test('are listed as strings and as objects, and deleted under either path', async () => {
    await asAdmin('PUT', '/v1/namespaces/inbox')
    const { json } = await call('GET', '/v1/namespaces')
    expect(json).toMatchObject({
      namespaces: ['inbox'],
      items: [{ name: 'inbox', access: 'read_write', created_at: SECONDS }],
    })
    for (const path of ['/v1/namespaces/gone', '/v1/admin/namespaces/gone']) {
      await asAdmin('POST', '/v1/memory/store', { agent_id: 'gone', content: 'x' })
      expect((await asAdmin('DELETE', path)).json).toEqual({ namespace: 'gone', deleted: true, vectors_deleted: 1 })
      expect((await asAdmin('GET', '/v1/namespaces')).json['namespaces']).not.toContain('gone')
    }
  })

  test('_dakera_agent_x is x, and reserved names are refused', async () => {
    expect(
      (await call('POST', '/v1/memory/store', { agent_id: '_dakera_agent_inbox', content: 'x' })).json['memory'],
    ).toMatchObject({ agent_id: 'inbox' })
    for (const name of ['_x', 'system_x', 'a b', '', 'x'.repeat(129)])
      expectError(await asAdmin('POST', '/v1/namespaces', { name }), 'INVALID_REQUEST')
  })
})

describe('memories', () => {
  test('are stored and read back flat, with every field', async () => {
    const { json } = await call('POST', '/v1/memory/store', {
      agent_id: 'inbox',
      content: 'HNSW answers in 5 ms.',
      importance: 0.85,
      tags: ['a'],
      metadata: { n: 1 },
    })
    expect(json).toEqual({ memory: expect.any(Object), embedding_time_ms: expect.any(Number) })
    const memory = json['memory'] as Json
    expect(memory).toEqual({
      id: expect.any(String),
      agent_id: 'inbox',
      namespace: 'inbox',
      content: 'HNSW answers in 5 ms.',
      memory_type: 'episodic',
      importance: 0.85,
      tags: ['a'],
      metadata: { n: 1 },
      session_id: null,
      author: 'agent',
      derived_from: [],
      valid_from: null,
      created_at: SECONDS,
      updated_at: SECONDS,
      last_accessed_at: null,
      access_count: 0,
      expires_at: null,
      version: 1,
    })
    expect((await call('GET', `/v1/memory/get/${memory['id']}?agent_id=inbox`)).json).toMatchObject({
      id: memory['id'],
      content: 'HNSW answers in 5 ms.',
    })
    expect((await call('GET', `/v1/memory/get/${memory['id']}`)).json).toMatchObject({ id: memory['id'] })
  })

  test('are recalled and searched by GET and by POST, the memory inside and three equal scores beside it', async () => {
    const unique = tag()
    await store({ content: 'Tides follow the moon.', tags: [unique, 'b'] })
    for (const kind of ['recall', 'search']) {
      const got = await call(
        'GET',
        `/v1/memory/${kind}?agent_id=inbox&query=moon+tides&top_k=3&min_importance=0.1&tags=${unique},b`,
      )
      const posted = await call('POST', `/v1/memory/${kind}`, {
        agent_id: 'inbox',
        query: 'moon tides',
        top_k: 3,
        min_importance: 0.1,
        tags: [unique, 'b'],
      })
      for (const { json } of [got, posted]) {
        expect(json).toMatchObject({
          memories: [{ memory: { content: 'Tides follow the moon.' } }],
          total_found: 1,
          query_time_ms: expect.any(Number),
        })
        const [{ score, weighted_score, smart_score } = {}] = json['memories'] as Json[]
        expect([weighted_score, smart_score]).toEqual([score, score])
      }
    }
  })

  test('are updated, and answer at top level and under memory', async () => {
    const { id } = await store({ content: 'Draft.' })
    const { json } = await call('PUT', `/v1/memory/update/${id}`, {
      agent_id: 'inbox',
      content: 'Better.',
      memory_type: 'semantic',
    })
    expect(json).toMatchObject({
      id,
      content: 'Better.',
      version: 2,
      memory: { id, content: 'Better.', memory_type: 'semantic' },
    })
    for (const [method, path, body] of [
      ['POST', '/v1/memory/importance', { agent_id: 'inbox', memory_id: id, importance: 0.9 }],
      ['POST', '/v1/memory/importance', { agent_id: 'inbox', memory_ids: [id], importance: 0.9 }],
      ['PATCH', `/v1/memories/${id}/importance`, { agent_id: 'inbox', importance: 0.9 }],
    ] as const)
      expect((await call(method, path, body)).json).toMatchObject({ status: 'ok', memory_id: id, importance: 0.9 })
  })

  test('are stored in batches, in order, and listed by filter', async () => {
    const unique = tag()
    const { json } = await call('POST', '/v1/memories/store/batch', {
      agent_id: 'inbox',
      memories: ['One.', 'Two.'].map((content) => ({ content, tags: [unique] })),
    })
    expect(json).toMatchObject({
      stored: [{ content: 'One.' }, { content: 'Two.' }],
      stored_count: 2,
      total_embedding_time_ms: expect.any(Number),
    })
    const first = (json['stored'] as Json[])[0] as Json
    expect(first).toMatchObject({
      id: expect.any(String),
      agent_id: 'inbox',
      tags: [unique],
      importance: 0.5,
      created_at: SECONDS,
    })
    const filter = { tags: [unique], created_after: seconds() - 600, created_before: seconds() + 600 }
    const listed = await call('POST', '/v1/memories/recall/batch', { agent_id: 'inbox', filter, limit: 10 })
    expect(listed.json).toMatchObject({
      memories: [{ tags: [unique] }, { tags: [unique] }],
      filtered: 2,
      total: expect.any(Number),
    })
  })

  test('are forgotten by ids, tags, session or age, and empty lists say nothing', async () => {
    const forget = (fields: Json) => call('POST', '/v1/memory/forget', { agent_id: 'team', ...fields })
    const kept = (fields: Json) => call('POST', '/v1/memory/store', { agent_id: 'team', content: 'x', ...fields })
    const { id } = (await kept({})).json['memory'] as Json
    expect((await forget({ memory_ids: [id], tags: [] })).json).toEqual({ deleted_count: 1, status: 'ok' })
    await kept({ tags: ['old'] })
    expect((await forget({ tags: ['old'], memory_ids: [] })).json).toEqual({ deleted_count: 1, status: 'ok' })
    await kept({ session_id: 's9' })
    expect((await forget({ session_id: 's9' })).json).toEqual({ deleted_count: 1, status: 'ok' })
    await kept({})
    expect((await forget({ before_timestamp: seconds() - 600 })).json).toEqual({ deleted_count: 0, status: 'ok' })
    expect((await forget({ before_timestamp: seconds() + 600 })).json).toEqual({ deleted_count: 1, status: 'ok' })
    for (const nothing of [{}, { memory_ids: [], tags: [] }]) expectError(await forget(nothing), 'INVALID_REQUEST')
  })

  test('are batch-forgotten by DELETE with a body or by POST, and a dry run counts in either place', async () => {
    const path = '/v1/memories/forget/batch'
    const unique = tag()
    await call('POST', '/v1/memories/store/batch', {
      agent_id: 'inbox',
      memories: [0.1, 0.2, 0.9].map((importance) => ({ content: 'x', importance, tags: [unique] })),
    })
    const condition = { tags: [unique], max_importance: 0.5 }
    for (const dry of [
      { filter: condition, dry_run: true },
      { filter: { ...condition, dry_run: true } },
      { filters: { ...condition, dry_run: true } }, // the CLI
    ])
      expect((await call('DELETE', path, { agent_id: 'inbox', ...dry })).json).toEqual({
        deleted_count: 2,
        dry_run: true,
      })
    expect((await call('DELETE', path, { agent_id: 'inbox', filters: condition })).json).toEqual({
      deleted_count: 2,
      dry_run: false,
    })
    expect((await call('POST', path, { agent_id: 'inbox', filter: { tags: [unique] } })).json).toEqual({
      deleted_count: 1,
      dry_run: false,
    })
    for (const nothing of [{}, { filter: {} }, { filters: { tags: [] } }, { filter: { metadata: {} } }])
      expectError(await call('DELETE', path, { agent_id: 'inbox', ...nothing }), 'INVALID_REQUEST')
  })
})

describe('keys', () => {
  test('are made from a scope over namespaces or from permissions, and look the same either way', async () => {
    for (const path of ['/admin/keys', '/v1/admin/keys', '/v1/keys']) {
      const { status, json } = await asAdmin('POST', path, {
        name: 'field',
        scope: 'write',
        namespaces: ['team'],
        expires_in_days: 30,
      })
      expect([status, json]).toMatchObject([
        201,
        { name: 'field', scope: 'write', namespaces: ['team'], active: true, created_at: SECONDS, expires_at: SECONDS },
      ])
      expect(json['id']).toBe(json['key_id'])
      expect([json['key'], json['warning'], json['permissions']]).toEqual([
        expect.any(String),
        expect.any(String),
        ['read', 'write'],
      ])
    }
    expect((await asAdmin('POST', '/admin/keys', { name: 'field', permissions: ['read'] })).json).toMatchObject({
      scope: 'read',
      namespaces: [],
    })
    expect(
      (await asAdmin('POST', '/admin/keys', { name: 'field', permissions: ['read', 'write'], namespaces: ['team'] }))
        .json,
    ).toMatchObject({
      grants: { team: 'read_write' },
    })
    expect((await asAdmin('POST', '/admin/keys', { name: 'field', scope: 'super_admin' })).json).toMatchObject({
      scope: 'admin',
    })
  })

  test('are read, changed, rotated, counted, stopped and deleted under /admin/keys', async () => {
    const { key_id, key: secret } = (
      await asAdmin('POST', '/admin/keys', { name: 'field', scope: 'write', namespaces: ['team'] })
    ).json
    expect((await asAdmin('GET', '/admin/keys')).json).toMatchObject({
      keys: expect.any(Array),
      total: expect.any(Number),
    })
    expect((await asAdmin('GET', `/admin/keys/${key_id}`)).json).toMatchObject({ key_id, name: 'field' })
    expect((await asAdmin('PATCH', `/admin/keys/${key_id}`, { namespaces: ['inbox'] })).json).toMatchObject({
      namespaces: ['inbox'],
    })
    await call('GET', '/v1/auth/whoami', undefined, { key: secret as string })
    const rotated = await asAdmin('POST', `/admin/keys/${key_id}/rotate`)
    expect(rotated.json).toMatchObject({
      key_id,
      name: 'field',
      old_key_expires_at: SECONDS,
      warning: expect.any(String),
    })
    expect(rotated.json['new_key']).toBe(rotated.json['key'])
    for (const path of ['/admin/keys', '/v1/admin/keys', '/v1/keys'])
      expect((await asAdmin('GET', `${path}/${key_id}/usage`)).json).toEqual({
        key_id,
        total_requests: 1,
        successful_requests: 1,
        failed_requests: 0,
        rate_limited_requests: 0,
        bytes_transferred: expect.any(Number),
        avg_latency_ms: expect.any(Number),
        last_used: SECONDS,
        by_endpoint: [{ endpoint: 'keys.whoami', requests: 1, avg_latency_ms: expect.any(Number) }],
        by_namespace: [],
      })
    expect((await asAdmin('POST', `/admin/keys/${key_id}/deactivate`)).json).toMatchObject({
      success: true,
      message: expect.any(String),
      key_id,
      active: false,
    })
    expect((await asAdmin('DELETE', `/admin/keys/${key_id}`)).json).toMatchObject({
      success: true,
      message: expect.any(String),
      key_id,
    })
    expectError(await asAdmin('GET', `/admin/keys/${key_id}`), 'NOT_FOUND')
  })

  test('of a namespace are made, listed, counted and deleted under it', async () => {
    const path = '/v1/namespaces/team/keys'
    const made = await asAdmin('POST', path, { name: 'guest' })
    expect([made.status, made.json]).toMatchObject([
      201,
      { name: 'guest', namespace: 'team', created_at: SECONDS, expires_at: null, warning: expect.any(String) },
    ])
    const { key_id, key: secret } = made.json
    expect((await call('GET', '/v1/auth/whoami', undefined, { key: secret as string })).json).toMatchObject({
      grants: { team: 'read_write' },
      auth_enabled: true,
    })
    const listed = (await asAdmin('GET', path)).json
    expect(listed).toMatchObject({ namespace: 'team', total: (listed['keys'] as Json[]).length })
    expect(listed['keys']).toContainEqual(
      expect.objectContaining({ key_id, name: 'guest', namespace: 'team', access: 'read_write' }),
    )
    expect((await asAdmin('GET', `${path}/${key_id}/usage`)).json).toMatchObject({
      key_id,
      total_requests: 0,
      by_namespace: [],
    })
    expect((await asAdmin('DELETE', `${path}/${key_id}`)).json).toEqual({
      success: true,
      message: 'The key is deleted.',
    })
    expectError(await call('POST', path, { name: 'mine' }), 'INSUFFICIENT_SCOPE')
  })

  test('without a grant, and with another one, are told apart', async () => {
    expectError(await call('POST', '/v1/memory/recall', { agent_id: 'foreign', query: 'x' }), 'NAMESPACE_ACCESS_DENIED')
    const publisher = await t.secret({ team: 'write' })
    expectError(
      await call('POST', '/v1/memory/recall', { agent_id: 'team', query: 'x' }, { key: publisher }),
      'INSUFFICIENT_SCOPE',
    )
  })
})

describe('sessions and agents', () => {
  test('a session is started, filled, read and ended', async () => {
    const started = await call('POST', '/v1/sessions/start', {
      agent_id: 'team',
      metadata: { task: 'HNSW' },
      agentVersion: 2,
    })
    expect(started.json).toEqual({
      session: {
        id: expect.any(String),
        agent_id: 'team',
        started_at: SECONDS,
        ended_at: null,
        summary: null,
        metadata: { task: 'HNSW' },
        memory_count: 0,
      },
    })
    const { id } = started.json['session'] as Json
    for (const content of ['One.', 'Two.'])
      await call('POST', '/v1/memory/store', { agent_id: 'team', content, session_id: id })
    expect((await call('GET', `/v1/sessions/${id}`)).json).toMatchObject({ id, agent_id: 'team', memory_count: 2 })
    expect((await call('GET', `/v1/sessions/${id}/memories`)).json).toMatchObject({
      session: { id },
      memories: [{ content: 'One.' }, { content: 'Two.' }],
      total: 2,
    })
    expect((await call('GET', '/v1/sessions?agent_id=team&active_only=true&limit=10&offset=0')).json).toMatchObject({
      sessions: [{ id }],
      total: 1,
    })
    const ended = await call('POST', `/v1/sessions/${id}/end`, { summary: 'Done.' })
    expect(ended.json).toMatchObject({ session: { id, summary: 'Done.', ended_at: SECONDS }, memory_count: 2 })
    expect((await call('POST', `/v1/sessions/${id}/end`)).status).toBe(200) // retried, and without a body
    expect((await call('GET', '/v1/sessions?agent_id=team&active_only=true')).json).toMatchObject({
      sessions: [],
      total: 0,
    })
    expectError(await call('GET', '/v1/sessions/ses_never'), 'NOT_FOUND')
  })

  test('agents answer with bare arrays, and with moments as ISO strings', async () => {
    const lead = { key: await t.secret({ crew: 'read_write' }) }
    await call(
      'POST',
      '/v1/memory/store',
      { agent_id: 'crew', content: 'One.', memory_type: 'semantic', importance: 0.5 },
      lead,
    )
    expect((await call('GET', '/v1/agents', undefined, lead)).json).toEqual([
      { agent_id: 'crew', memory_count: 1, session_count: 0, active_sessions: 0 },
    ])
    expect((await call('GET', '/v1/agents/crew/stats', undefined, lead)).json).toEqual({
      agent_id: 'crew',
      total_memories: 1,
      memories_by_type: { semantic: 1 },
      total_sessions: 0,
      active_sessions: 0,
      avg_importance: 0.5,
      oldest_memory_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      newest_memory_at: expect.any(String),
    })
    const path = '/v1/agents/_dakera_agent_crew/memories'
    expect((await call('GET', `${path}?memory_type=semantic&limit=5&offset=0`, undefined, lead)).json).toMatchObject([
      { content: 'One.', agent_id: 'crew' },
    ])
    expect((await call('GET', `${path}?memory_type=episodic`, undefined, lead)).json).toEqual([])
  })
})
