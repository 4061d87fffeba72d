import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { inspect } from 'node:util'
import * as esm from '../../dist/index.js'
import { serve } from '../conformance.mjs'

const commonjs = createRequire(import.meta.url)('../../dist/index.cjs')
const memory = { id: 'mem_1', content: 'x', importance: 0.85, tags: [] }
const ok = (body) => ({ status: 200, headers: { 'content-type': 'application/json' }, body })
const apiKey = 'dk-researcher-key'

test('both builds export the same names', () => {
  assert.deepEqual(
    Object.keys(esm).sort(),
    Object.keys(commonjs)
      .filter((name) => name !== '__esModule')
      .sort(),
  )
})

for (const [name, { DakeraClient, NotFoundError, UsageError }] of [
  ['ES module', esm],
  ['CommonJS', commonjs],
]) {
  test(`${name}: store, recall and list against a real server`, async (t) => {
    const server = await serve([
      ok({ memory, embedding_time_ms: 1 }),
      ok({ memories: [{ memory, score: 0.9 }], total_found: 1, query_time_ms: 1 }),
      ok({ namespaces: ['researcher'], items: [{ name: 'researcher', access: 'read_write' }] }),
    ])
    t.after(server.close)
    const client = new DakeraClient({ baseUrl: server.url, apiKey })
    assert.equal((await client.storeMemory('researcher', { content: 'x', memoryType: 'semantic' })).id, 'mem_1')
    const findings = await client.recall('researcher', 'x', { top_k: 6 })
    assert.deepEqual([findings.length, findings[0].score, findings.totalFound], [1, 0.9, 1])
    assert.deepEqual(
      (await client.listNamespaces()).map((n) => n.name),
      ['researcher'],
    )
    assert.equal(server.seen[0].body.memory_type, 'semantic')
  })

  test(`${name}: an error has its class, its code and no key`, async (t) => {
    const server = await serve([
      { status: 404, body: { error: 'Nothing there.', code: 'NOT_FOUND', status: 404, request_id: 'req_1' } },
    ])
    t.after(server.close)
    const error = await new DakeraClient({ baseUrl: server.url, apiKey }).getMemory('mem_9').catch((thrown) => thrown)
    assert.ok(error instanceof NotFoundError)
    assert.deepEqual([error.code, error.status, error.requestId], ['NOT_FOUND', 404, 'req_1'])
    assert.equal(error.message, 'memories.get: 404 NOT_FOUND: Nothing there. (request req_1)')
    assert.ok(!inspect(error, { depth: 9 }).includes(apiKey))
  })

  test(`${name}: the caller's signal ends a call`, async (t) => {
    const server = await serve([{ ...ok(memory), delay_ms: 5000 }])
    t.after(server.close)
    const client = new DakeraClient({ baseUrl: server.url, apiKey })
    await assert.rejects(client.memories.get('mem_1', { signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' })
    assert.equal(server.seen.length, 1)
  })

  test(`${name}: what cannot work is said at once`, () => {
    assert.throws(() => new DakeraClient({ apiKey: '' }), UsageError)
    assert.throws(() => new DakeraClient({ baseUrl: 'localhost' }), UsageError)
  })
}
