import { DEFAULT_WEIGHTS } from '@dakera-ai/protocol'
import { expect, test } from 'vitest'
import { start } from '../../../../test/harness.ts'
import type { RecallOptions } from './recall-query.ts'

// The compiler refuses a name that is missing here or too many.
const NAMES: Record<keyof RecallOptions, true> = {
  vector: true,
  importance: true,
  recency: true,
  half_life_days: true,
  context: true,
  speaker: true,
  question: true,
  min_score: true,
  explain: true,
  highlight: true,
  vectors: true,
  search: true,
  embedder: true,
  supplied: true,
  pool: true,
  budget: true,
}

test('recall() in SQL reads the options that the server may send, and falls back on the same weights', async () => {
  await using t = await start()
  const [row] = await t.owner(
    (sql) =>
      sql<{ text: string }[]>`select pg_get_functiondef(oid) as text from pg_proc where proname = 'recall_options'`,
  )
  const text = row?.text ?? ''
  const [, record = ''] = /jsonb_to_record\([^;]*?\) as t\(([^)]*)\)/.exec(text) ?? []
  const names = record.split(',').map((column) => column.trim().split(/\s+/)[0])
  expect(names.toSorted()).toEqual(Object.keys(NAMES).toSorted())

  const [, fallbacks = ''] = /defaults constant jsonb := '([^']*)'/.exec(text) ?? []
  expect(JSON.parse(fallbacks)).toEqual(DEFAULT_WEIGHTS)
})

test('a weight is the one of the request, else of the namespace, else the default that the server sends', async () => {
  await using t = await start()
  await t.admin.createNamespace('a', { weights: { recency: 0.2 } })
  await t.admin.storeMemory('a', { content: 'A heron.' })
  const weightsOf = async (options: object) => {
    const [found] = await t.as('dk-admin-key', async (sql) => {
      const [key] = await sql<{ hash: string }[]>`select current_setting('dakera.key') as hash`
      return sql<{ explain: Record<string, { weight: number }> }[]>`
        select explain from recall(
          ${Buffer.from(key?.hash ?? '', 'hex')}, 'a', 'heron', null, 1, null,
          ${JSON.stringify({ explain: true, ...options })}::text::jsonb)`
    })
    const { importance, recency } = found?.explain ?? {}
    return [importance?.weight, recency?.weight]
  }
  const defaults = { importance: 0.4, recency: 0.3 }
  expect(await weightsOf({})).toEqual([DEFAULT_WEIGHTS.importance, 0.2])
  expect(await weightsOf({ defaults })).toEqual([0.4, 0.2])
  expect(await weightsOf({ defaults, importance: 0.7, recency: 0.6 })).toEqual([0.7, 0.6])
})
