import fc from 'fast-check'
import { expect, test } from 'vitest'
import { strangerLane } from '../principal.ts'
import { ActiveKeys, FairPool } from './fair-pool.ts'

const NEVER = new AbortController().signal
const bounds = { share: (_keys: number) => 1, waitingPerKey: 1_000, waiting: 10_000 }
const settle = () => new Promise((resolve) => setImmediate(resolve))

/** Work that lasts until it is told to end, and remembers who began when. */
function openPool(sessions: number, own: Partial<typeof bounds> = {}, activeKeys?: ActiveKeys) {
  const pool = new FairPool(
    Array.from({ length: sessions }, (_, i) => i),
    { ...bounds, ...own },
    activeKeys,
  )
  const began: string[] = []
  const running: { key: string; session: number; end: (error?: Error) => void }[] = []
  const ask = (key: string, signal: AbortSignal = NEVER) =>
    pool.run(key, signal, (session) => {
      began.push(key)
      return new Promise<void>((resolve, reject) =>
        running.push({ key, session, end: (error) => (error ? reject(error) : resolve()) }),
      )
    })
  return { pool, began, running, ask }
}

test('keys take turns, whoever sends more; within a key the order is kept', async () => {
  const { ask, began, running } = openPool(1)
  for (const key of ['a', 'a', 'a', 'a', 'b', 'c', 'c']) void ask(key)
  for (let i = 0; i < 7; i++) {
    await settle()
    running[i]?.end()
  }
  expect(began.join('')).toBe('abcacaa')
})

test('the share of a key depends on how many ask, here or elsewhere, now or within the last second', async () => {
  let now = 0
  const activeKeys = new ActiveKeys(() => now)
  const { ask, running } = openPool(4, { share: (keys) => (keys === 1 ? 3 : 1) }, activeKeys)
  for (let i = 0; i < 8; i++) void ask('a')
  await settle()
  expect(running).toHaveLength(3)
  activeKeys.touch('b') // in another pool
  for (const { end } of running.splice(0, 2)) end()
  await settle()
  expect(running).toHaveLength(1)
  now = 999
  running.shift()?.end()
  await settle()
  expect(running).toHaveLength(1)
  now = 1_001
  running.shift()?.end()
  await settle()
  expect(running).toHaveLength(3)
  void ask('b') // at once, though some of a wait
  await settle()
  expect(running.map(({ key }) => key).join('')).toBe('aaab')
})

test('who waits goes on when the others have left', async () => {
  const activeKeys = new ActiveKeys()
  const { ask, running } = openPool(4, { share: (keys) => (keys === 1 ? 3 : 1) }, activeKeys)
  for (const key of ['b', 'c']) void ask(key)
  for (let i = 0; i < 4; i++) void ask('a') // one that takes long, and three that wait
  for (const { end } of running.splice(0, 2)) end()
  await settle()
  expect(running).toHaveLength(1)
  await expect.poll(() => running.length).toBe(3)
  expect(activeKeys.size).toBe(1)
})

test('whoever comes when shares have just grown comes after those who wait', async () => {
  let now = 0
  const activeKeys = new ActiveKeys(() => now)
  const { pool, ask, running } = openPool(4, { share: (keys) => (keys === 1 ? 3 : 1) }, activeKeys)
  activeKeys.touch('b')
  const order: number[] = []
  const numbered = (n: number) => pool.run('a', NEVER, async () => void order.push(n))
  void ask('a')
  const waiting = [1, 2].map(numbered)
  await settle()
  expect([running.length, order]).toEqual([1, []])
  now = 1_001
  await Promise.all([...waiting, numbered(3)])
  expect(order).toEqual([1, 2, 3])
})

test('secrets that open nothing are looked up in turn, and leave each key the share it had', async () => {
  const { ask, running } = openPool(4, { share: (keys) => (keys === 1 ? 3 : 1) })
  for (const network of ['192.0.2.1', '192.0.2.2']) void ask(strangerLane(network))
  for (const { end } of running.splice(0)) end()
  await settle()
  for (let i = 0; i < 3; i++) void ask('a')
  await settle()
  expect(running.map(({ key }) => key).join('')).toBe('aaa')
})

test('whoever hangs up while waiting leaves at once, with the reason of its signal', async () => {
  const { ask, began, running } = openPool(1)
  void ask('a')
  const gone = new AbortController()
  const dropped = ask('b', gone.signal)
  void ask('c')
  gone.abort(new Error('hung up'))
  await expect(dropped).rejects.toThrow('hung up')
  await expect(ask('b', gone.signal)).rejects.toThrow('hung up')
  running[0]?.end()
  await settle()
  expect(began).toEqual(['a', 'c'])
})

test('work that fails gives its session back', async () => {
  const { ask, running } = openPool(1)
  const failing = ask('a')
  const next = ask('b')
  running[0]?.end(new Error('broken'))
  await expect(failing).rejects.toThrow('broken')
  await settle()
  running[1]?.end()
  await next
})

test('beyond the bounds it is 429, of the key or of all', async () => {
  const { ask } = openPool(1, { waitingPerKey: 2, waiting: 3 })
  for (let i = 0; i < 3; i++) void ask('a')
  await expect(ask('a')).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    message: expect.stringContaining('this API key'),
    details: { retryAfterSeconds: 1 },
  })
  void ask('b')
  await expect(ask('c')).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    message: expect.not.stringContaining('this API key'),
  })
})

test('a question passes all queues, and finds nothing where all is busy', async () => {
  const { ask, pool, running } = openPool(2)
  void ask('a')
  void ask('a')
  expect(await pool.runIfFree(async (session) => session)).toBe(0)
  void ask('b')
  expect(pool.runIfFree(async (session) => session)).toBeUndefined()
  running[0]?.end()
})

test('asked, ended and dropped in any order: nobody starves, no session is lost or shared', async () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('ask' as const), key: fc.constantFrom('a', 'b', 'c', 'd') }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('end' as const), at: fc.nat(9), fails: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), at: fc.nat(20) }) },
  )
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 3 }),
    fc.array(step, { maxLength: 60 }),
    async (size, half, steps) => {
      const share = Math.min(half, size)
      const holds = (key: string) => [...held.values()].filter((other) => other === key).length
      const pool = new FairPool(
        Array.from({ length: size }, (_, i) => i),
        { ...bounds, share: () => share },
      )
      const held = new Map<number, string>()
      const open: { key: string; session: number; end: (fails: boolean) => void }[] = []
      const waiting: { key: string; abort: () => void; skipped: Map<string, number> }[] = []
      const settled: Promise<unknown>[] = []
      const ask = (key: string) => {
        const signal = new AbortController()
        const entry = { key, abort: () => signal.abort(new Error('gone')), skipped: new Map<string, number>() }
        waiting.push(entry)
        const run = pool.run(key, signal.signal, (session) => {
          expect(held.has(session)).toBe(false) // never shared
          held.set(session, key)
          expect(holds(key)).toBeLessThanOrEqual(share)
          expect(waiting.find((other) => other.key === key)).toBe(entry) // in order
          waiting.splice(waiting.indexOf(entry), 1)
          // No other key gets two turns while one waits that may run.
          for (const other of waiting) {
            if (other.key === key || holds(other.key) >= share) continue
            other.skipped.set(key, (other.skipped.get(key) ?? 0) + 1)
          }
          return new Promise<void>((resolve, reject) =>
            open.push({
              key,
              session,
              end: (fails) => {
                held.delete(session)
                if (fails) reject(new Error('broken'))
                else resolve()
              },
            }),
          )
        })
        settled.push(run.catch(() => waiting.includes(entry) && waiting.splice(waiting.indexOf(entry), 1)))
      }
      for (const one of steps) {
        if (one.do === 'ask') ask(one.key)
        else if (one.do === 'end') open.splice(one.at % Math.max(1, open.length), 1)[0]?.end(one.fails)
        else waiting[one.at % Math.max(1, waiting.length)]?.abort()
        await settle()
        // Work-conserving: with a session free, nobody waits who may run.
        if (held.size < size) for (const { key } of waiting) expect(holds(key)).toBeGreaterThanOrEqual(share)
        for (const { skipped } of waiting)
          for (const times of skipped.values()) expect(times).toBeLessThanOrEqual(1 + share)
      }
      for (let i = 0; i < 200 && (open.length > 0 || waiting.length > 0); i++) {
        open.shift()?.end(false)
        await settle()
      }
      expect(waiting).toHaveLength(0) // nobody starves
      await Promise.all(settled)
      const all = Array.from({ length: size }, () => pool.runIfFree(async (session) => session))
      expect(new Set(await Promise.all(all)).size).toBe(size) // no session is lost
    },
  )
  await fc.assert(property, { numRuns: 150 })
})
