import { expect, test } from 'vitest'
import { ADMIN_KEY, start } from './harness.ts'
import { send } from './http-call.ts'
import { rareWord } from './rare-words.ts'
import { series } from './series.ts'

const WRITERS = 10
const STORES = series({ short: 30, whole: 200 })

test(`${WRITERS} writers × ${STORES} stores: each memory has its own id and is found by word and by vector as ` +
  'soon as it is acknowledged', {
  timeout: 300_000,
}, async () => {
  await using t = await start({ jobs: true })
  await t.admin.createNamespace('crowded')
  const ids = new Set<string>()
  const missed: string[] = []

  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    const client = await t.key({ crowded: 'read_write' }, `writer-${writer}`)
    for (let i = 0; i < STORES; i++) {
      const word = rareWord(writer * STORES + i)
      const stored = await client.storeMemory('crowded', { content: `${word} was seen by ${word}.` })
      expect(stored.memory.author).toBe(`writer-${writer}`)
      ids.add(stored.id)
      // Recalls at once, while nine others write.
      for (const routing of ['vector', 'bm25'] as const) {
        const found = await client.recall('crowded', `${word} was seen by ${word}.`, { routing, topK: 5 })
        if (!found.some(({ id }) => id === stored.id)) missed.push(`${routing} ${word}`)
      }
    }
  })
  await Promise.all(writers)

  expect(missed).toEqual([])
  expect(ids.size).toBe(WRITERS * STORES)
  expect((await send(t.url, '/v1/namespaces/crowded', { key: ADMIN_KEY })).json).toMatchObject({
    memory_count: WRITERS * STORES,
    vector_count: WRITERS * STORES,
  })
})
