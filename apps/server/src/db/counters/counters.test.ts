import { expect, test } from 'vitest'
import { ADMIN_KEY, start } from '../../../test/harness.ts'
import { hashSecret } from '../../principal.ts'
import { AccessCounter } from './access.ts'
import { CountBuffer, MAX_PENDING } from './buffer.ts'
import { UsageCounter } from './usage.ts'

test('counts that could not be written are kept for the next turn, of requests and of memories', async () => {
  await using t = await start()
  const { id } = await t.admin.storeMemory('a', { content: 'counted heron' })
  let isAway = true
  const sql = ((...args: Parameters<typeof t.database.sql>) =>
    isAway ? Promise.reject(new Error('away')) : t.database.sql(...args)) as never
  const keyHash = hashSecret(ADMIN_KEY)
  const usage = new UsageCounter({ sql })
  const accesses = new AccessCounter({ sql })
  const record = () => {
    usage.record({ keyHash, endpoint: 'keys.whoami', namespace: '', status: 200, bytes: 1, ms: 1 })
    accesses.record(keyHash, 'a', [id])
  }
  record()
  await expect(usage.flush()).rejects.toThrow('away')
  await expect(accesses.flush()).rejects.toThrow('away')
  record()
  isAway = false
  await Promise.all([usage.flush(), accesses.flush()])
  expect(
    await t.owner((owner) => owner`select requests::int, bytes::int from key_usage where endpoint = 'keys.whoami'`),
  ).toMatchObject([{ requests: 2, bytes: 2 }])
  expect(await t.owner((owner) => owner`select access_count::int as count from memory_accesses`)).toMatchObject([
    { count: 2 },
  ])
})

test('a buffer that cannot be written keeps a bounded number of counts', async () => {
  const writes: number[] = []
  const buffer = new CountBuffer<{ key: string; count: number }>({
    keyOf: ({ key }) => key,
    add(sum, { count }) {
      sum.count += count
    },
    write: async (counts) => {
      writes.push(counts.length)
      throw new Error('away')
    },
  })
  for (let i = 0; i < 3 * MAX_PENDING; i++) {
    buffer.record([{ key: `k${i}`, count: 1 }])
    if (i % 1000 === 0) await new Promise(setImmediate)
  }
  await expect(buffer.flush()).rejects.toThrow('away')
  await expect(buffer.flush()).rejects.toThrow('away')
  expect(writes.length).toBeGreaterThan(2)
  expect(writes.every((length) => length <= MAX_PENDING)).toBe(true)
  expect(writes.at(-1)).toBe(MAX_PENDING)
})
