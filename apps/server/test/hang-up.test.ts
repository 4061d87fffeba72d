import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { keyCaller } from '../src/db/caller.ts'
import type { Executor } from '../src/db/session.ts'
import { principalOf } from '../src/principal.ts'
import { recallMemories } from '../src/resources/memories/recall/recall-query.ts'
import { engine, start, type TestServer } from './harness.ts'
import { send } from './http-call.ts'

/** A recall whose client leaves then. */
function leave(url: string, key: string, then: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const call = request(`${url}/v1/memory/recall?agent_id=a&query=heron`, {
      headers: { authorization: `Bearer ${key}` },
    })
    call.on('error', () => {}).on('close', resolve)
    call.end()
    void then.then(() => call.destroy())
  })
}

/** Makes every recall wait in the database until it is released. */
async function holdUp(t: TestServer) {
  const login = postgres((t.settings as { url: string }).url, { max: 2, onnotice: () => {} })
  let letGo = () => {}
  const held = new Promise<void>((resolve) => (letGo = resolve))
  let isHeld = () => {}
  const ready = new Promise<void>((resolve) => (isHeld = resolve))
  const holding = login.begin(async (sql) => {
    await sql`lock table memories in access exclusive mode`
    isHeld()
    await held
  })
  await ready
  return {
    waiting: async () =>
      (
        await login`select from pg_stat_activity where datname = current_database()
          and application_name = 'dakera-searches' and state = 'active'`
      ).length,
    async [Symbol.asyncDispose]() {
      letGo()
      await holding
      await login.end()
    },
  }
}

describe.runIf(engine === 'postgres')('on Postgres, a client that hangs up', () => {
  test('has its running statement cancelled, and what it left waiting is never begun', async () => {
    await using t = await start({ searchTimeoutMs: 3_600_000 }) // nothing else ends them
    const key = await t.secret({ a: 'read_write' })
    await t.client(key).storeMemory('a', { content: 'A heron.' })
    await using held = await holdUp(t)
    // until the admin key, which created the other, no longer counts as active
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    const leaving = Promise.withResolvers<void>()
    const left = Array.from({ length: 20 }, () => leave(t.url, key, leaving.promise))
    await expect.poll(held.waiting).toBe(3) // the share of one key alone; the others wait here
    await sleep(500) // until they have come
    leaving.resolve()
    await Promise.all(left)
    await expect.poll(held.waiting, { timeout: 2_000 }).toBe(0)
  })

  test('takes nobody else down: 500 that leave at any moment, and no statement of others is cancelled', async () => {
    await using t = await start({ searchTimeoutMs: 60_000 })
    const keys = [await t.secret({ a: 'read_write' }), await t.secret({ a: 'read' })]
    await t.client(keys[0] ?? '').storeMemories(
      'a',
      Array.from({ length: 300 }, (_, i) => ({
        content: `Heron ${i} was seen by the river in the morning of day ${i}.`,
      })),
    )
    const other = t.client(await t.secret({ a: 'read' }))
    let isOver = false
    let served = 0
    const serving = (async () => {
      // rejects if another key's hang-up cancels it
      for (; !isOver; served++) await other.recall('a', 'heron by the river', { topK: 20 })
    })()
    for (let round = 0; round < 50; round++)
      await Promise.all(
        Array.from({ length: 10 }, (_, i) => leave(t.url, keys[i % 2] ?? '', sleep(Math.random() * 30))),
      )
    isOver = true
    await serving
    expect(served).toBeGreaterThan(20)
  })

  test('late requests to cancel hit nobody: statements that end by themselves in the same moment', async () => {
    await using t = await start()
    const { calls } = t.database.pools
    const asleep = (session: Executor, lane: string, signal: AbortSignal, seconds: number) =>
      session.statement(principalOf('x', { lane, signal }), 'read', async (sql) => sql`select pg_sleep(${seconds})`)
    const run = (lane: string, signal: AbortSignal, seconds: number) =>
      calls.run(lane, signal, (session) => asleep(session, lane, signal, seconds))
    let isOver = false
    const foreign = ['b', 'c', 'd'].map(async (lane) => {
      while (!isOver) await run(lane, new AbortController().signal, 0.002)
    })
    const outcomes = { ended: 0, cancelled: 0 }
    for (let round = 0; round < 250; round++) {
      await Promise.all(
        ['a', 'a'].map(async (lane) => {
          const leaving = new AbortController()
          setTimeout(() => leaving.abort(new Error('hung up')), 4 + Math.random() * 4)
          await run(lane, leaving.signal, 0.005).then(
            () => outcomes.ended++,
            (error: Error) => {
              expect(error.message).toBe('hung up')
              outcomes.cancelled++
            },
          )
        }),
      )
    }
    isOver = true
    await Promise.all(foreign)
    expect(Math.min(outcomes.ended, outcomes.cancelled)).toBeGreaterThan(10)
  })

  test('keeps what was committed, and nothing of what was not', async () => {
    await using t = await start()
    const key = await t.secret({ a: 'read_write' })
    const agent = t.client(key)
    await agent.storeMemory('a', { content: 'Before.' })
    {
      await using held = await holdUp(t)
      const call = request(`${t.url}/v1/memory/store`, { method: 'POST', headers: { authorization: `Bearer ${key}` } })
      call.on('error', () => {})
      call.end(JSON.stringify({ agent_id: 'a', content: 'Given up.' }))
      await sleep(300)
      call.destroy()
      await sleep(300)
      expect(await held.waiting()).toBe(0)
    }
    await agent.storeMemory('a', { content: 'After.' })
    expect((await agent.listMemories('a')).map(({ content }) => content).sort()).toEqual(['After.', 'Before.'])
  })
})

test('calls of a client that hung up while they waited are never begun', async () => {
  await using t = await start()
  const key = await t.secret({ a: 'read_write' })
  const { calls } = t.database.pools
  let letGo = () => {}
  const held = new Promise<void>((resolve) => (letGo = resolve))
  const holding = ['x', 'y', 'z', 'w'].map((other) => calls.run(other, new AbortController().signal, () => held))
  await Promise.all(
    Array.from(
      { length: 5 },
      (_, i) =>
        new Promise((resolve) => {
          const call = request(`${t.url}/v1/memory/store`, {
            method: 'POST',
            headers: { authorization: `Bearer ${key}` },
          })
          call.on('error', () => {}).on('close', resolve)
          call.end(JSON.stringify({ agent_id: 'a', content: `Never ${i}.` }))
          setTimeout(() => call.destroy(), 200)
        }),
    ),
  )
  await sleep(100)
  letGo()
  await Promise.all(holding)
  expect(
    (await send(t.url, '/v1/memories/recall/batch', { method: 'POST', key, body: { agent_id: 'a' } })).json,
  ).toMatchObject({ total: 0 })
})

test('one key that sends a lot does not make another wait for all of it', async () => {
  await using t = await start()
  const [greedy, modest] = [await t.secret({ a: 'read_write' }), await t.secret({ b: 'read_write' })]
  for (const key of [greedy, modest]) await t.client(key).whoami()
  // Warms up each session, because the first recall of a connection makes its plans.
  const call = { namespace: 'a', query: 'heron', vector: null, topK: 1, selection: {}, options: {} }
  const { pools } = t.database
  const request = { key: undefined, fingerprint: Buffer.alloc(0) }
  const caller = (lane: string) => keyCaller(t.database, principalOf(greedy, { lane }), request)
  await Promise.all(['x', 'y', 'z', 'w'].map((lane) => recallMemories(caller(lane), call)))
  let letGo = () => {}
  const held = new Promise<void>((resolve) => (letGo = resolve))
  const busy = ['x', 'y', 'z', 'w'].map((lane) => pools.searches.run(lane, new AbortController().signal, () => held))
  const order: string[] = []
  const ask = (key: string, name: string, path: string) =>
    send(t.url, path, { key }).then(({ status }) => {
      expect(status).toBe(200)
      order.push(name)
    })
  const many = Array.from({ length: 30 }, () =>
    ask(greedy, 'greedy', '/v1/memory/recall?agent_id=a&query=heron&top_k=100'),
  )
  const one = ask(modest, 'modest', '/v1/memory/recall?agent_id=b&query=heron')
  await sleep(500) // until all of them wait
  letGo()
  await Promise.all([...busy, ...many, one])
  expect(order.indexOf('modest')).toBeLessThan(20)
})
