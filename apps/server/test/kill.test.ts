import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freshPlace, launch } from './child-server.ts'
import { rareWord } from './rare-words.ts'
import { series } from './series.ts'

const ROUNDS = series({ short: 4, whole: 20 })
const WRITERS = 10
const BURST_MS = 300

const sentence = (word: string) => `The note about ${word} says ${word}.`

test(`${ROUNDS} times kill -9 during ${WRITERS} writers: both arms find every acknowledged memory`, async () => {
  await using place = await freshPlace()
  await using stack = new AsyncDisposableStack()
  const begin = () => stack.use(launch(place.settings))
  const acknowledged = new Map<string, string>()
  let count = 0

  let server = begin()
  for (let round = 0; round < ROUNDS; round++) {
    const client = await server.client()
    const fresh: string[] = []
    let isKilled = false
    const writers = Array.from({ length: WRITERS }, async () => {
      while (!isKilled) {
        const word = rareWord(count++)
        const stored = await client.storeMemory('inbox', { content: sentence(word) }).catch(() => undefined)
        if (!stored) return
        acknowledged.set(word, stored.id)
        fresh.push(word)
      }
    })
    // Kills in different phases of a write; and on a busy machine not before there is something to lose.
    await sleep(BURST_MS + round * (140 / ROUNDS))
    while (fresh.length < WRITERS) await sleep(20)
    const end = server.stop('SIGKILL')
    isKilled = true
    await Promise.all([end, ...writers])

    server = begin()
    const reader = await server.client()
    const listed = new Set<string>()
    for await (const memory of reader.memories.list('inbox', { limit: 1000 })) listed.add(memory.id)
    expect([...acknowledged].filter(([, id]) => !listed.has(id))).toEqual([])
    // All ids are checked above. The last of each round, which were written just before the kill, and some others are
    // also recalled by both arms.
    const sample = fresh.filter((_, i) => i % Math.ceil(fresh.length / 6) === 0 || i >= fresh.length - 4)
    expect(sample.length).toBeGreaterThan(0)
    for (const word of sample) {
      for (const routing of ['vector', 'bm25'] as const) {
        const found = await reader.recall('inbox', sentence(word), { routing, topK: 10 })
        expect([routing, word, found.some(({ id }) => id === acknowledged.get(word))]).toEqual([routing, word, true])
      }
    }
  }
  expect(acknowledged.size).toBeGreaterThan(ROUNDS * WRITERS)
})
