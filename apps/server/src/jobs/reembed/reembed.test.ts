import { DakeraClient } from '@dakera-ai/dakera'
import { expect, test } from 'vitest'
import { failure, start, type TestServer } from '../../../test/harness.ts'
import { chooseEmbedder } from '../../embedding/choose.ts'
import type { Embedder } from '../../embedding/embedder.ts'
import { answerVectors, sendJson, startOpenAiServer } from '../../embedding/openai-server.fixture.ts'
import { reembed } from './reembed.ts'
import { SwitchingEmbedder } from './switching-embedder.ts'

const MEMORIES = 600
const contents = Array.from({ length: MEMORIES }, (_, i) => `Note ${i} of the heron by the river.`)

async function stage() {
  const provider = await startOpenAiServer((call, response) => answerVectors(call, response, 64))
  const next = await chooseEmbedder({
    provider: 'openai',
    apiKey: 'sk-test',
    baseUrl: provider.url,
    model: 'next-model',
    dimension: 64,
  })
  const serving = new SwitchingEmbedder(await chooseEmbedder({ provider: 'builtin' }))
  const t = await start({ embedder: serving })
  const apiKey = await t.secret({ a: 'read_write' })
  const agent = t.client(apiKey)
  await agent.storeMemories(
    'a',
    contents.map((content) => ({ content })),
  )
  const place = {
    engine: t.database.engine,
    asOwner: t.database.asOwner as NonNullable<TestServer['database']['asOwner']>,
  }
  const dispose = async () => {
    await t[Symbol.asyncDispose]()
    await provider.stop()
  }
  return { t, agent, apiKey, provider, next, serving, place, [Symbol.asyncDispose]: dispose }
}

const bestByMeaning = async (agent: Awaited<ReturnType<TestServer['key']>>, query: string) =>
  (await agent.recall('a', query, { routing: 'vector', topK: 1 }))[0]

test('a database moves to another model while memories are stored, changed and recalled', async () => {
  await using s = await stage()
  const { next, serving, place, t } = s
  // In the instant of the exchange an answer is 503 with Retry-After, which the client heeds by itself.
  const agent = new DakeraClient({ apiKey: s.apiKey, baseUrl: t.url })
  const progress: { done: number; total: number }[] = []
  let moving = true
  const move = reembed(place, next, () => serving.switchTo(next), { say: (said) => progress.push(said) }).finally(
    () => {
      moving = false
    },
  )
  let stored = 0
  while (moving) {
    const { id } = await agent.storeMemory('a', { content: `Meanwhile ${stored++}.` })
    await agent.updateMemory(id, { content: `Meanwhile ${stored} changed.` })
    expect((await agent.recall('a', 'Note 7 of the heron by the river.', { topK: 3 })).length).toBeGreaterThan(0)
  }
  await move
  expect(stored).toBeGreaterThan(0)
  expect(progress.at(-1)?.done).toBeGreaterThanOrEqual(MEMORIES)
  // Every memory has its vector of the new model: the same text is as near as can be.
  for (const content of [contents[7] as string, contents[599] as string, `Meanwhile ${stored} changed.`]) {
    expect((await bestByMeaning(agent, content))?.vectorScore).toBeCloseTo(1, 2)
  }
  expect(await t.owner((sql) => sql`select from memories where v is null or vector_dims(v) <> 64`)).toHaveLength(0)
  expect(await t.owner((sql) => sql`select model, dimension, next_model from embedding_space`)).toEqual([
    { model: 'next-model@64', dimension: 64, next_model: null },
  ])
  expect((await agent.getNamespace('a')).vector_count).toBe(MEMORIES + stored)
  const { version } = await agent.getMemory(
    (await agent.recall('a', contents[7] as string, { topK: 1 }))[0]?.id as string,
  )
  expect(version).toBe(1)
  await agent.storeMemory('a', { content: 'after' })
})

test('a move that was stopped goes on where it was', async () => {
  await using s = await stage()
  const stopping = new AbortController()
  const stopped = reembed(s.place, s.next, () => {}, {
    signal: stopping.signal,
    say: () => stopping.abort(new Error('stopped')),
  })
  await expect(stopped).rejects.toThrow('stopped')
  const before = s.provider.calls.flatMap(({ input }) => input).length
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThan(MEMORIES)
  await reembed(s.place, s.next, () => s.serving.switchTo(s.next))
  const asked = s.provider.calls.flatMap(({ input }) => input)
  expect(new Set(asked).size).toBe(asked.length)
  expect((await bestByMeaning(s.agent, contents[5] as string))?.vectorScore).toBeCloseTo(1, 2)
})

test('a server that did not notice the move gets 503 and mixes nothing in', async () => {
  await using s = await stage()
  await reembed(s.place, s.next, () => {}) // and the server goes on with the old model
  for (const call of [
    () => s.agent.recall('a', 'heron'),
    () => s.agent.storeMemory('a', { content: 'heron' }),
    async () => s.agent.updateMemory((await s.agent.listMemories('a'))[0]?.id as string, { content: 'heron' }),
  ]) {
    const refused = await failure(call())
    expect([refused.code, refused.message]).toEqual(['SERVICE_UNAVAILABLE', expect.stringContaining('next-model@64')])
  }
  expect(await s.agent.recall('a', 'heron', { routing: 'bm25' })).not.toHaveLength(0)
})

test('a provider that fails leaves everything as it was', async () => {
  await using s = await stage()
  const broken: Embedder = {
    ...s.next,
    model: s.next.model,
    dimension: 64,
    isLocal: false,
    check: s.next.check,
    embed: () => Promise.reject(new Error('out')),
  }
  await expect(reembed(s.place, broken, () => s.serving.switchTo(s.next))).rejects.toThrow('out')
  expect((await s.agent.recall('a', contents[3] as string, { topK: 1 }))[0]?.content).toBe(contents[3])
  await s.agent.storeMemory('a', { content: 'still here' })
})

test('a memory that the new provider refuses keeps the others from nothing, and is found by its words', async () => {
  await using s = await stage()
  s.provider.behaviour.answer = (call, response) =>
    call.input.some((text) => /Note (7|599) /.test(text))
      ? sendJson(response, 500, {})
      : answerVectors(call, response, 64)
  await reembed(s.place, s.next, () => s.serving.switchTo(s.next))
  const without = await s.t.owner(
    (sql) => sql<{ content: string }[]>`select content from memories where v is null order by content`,
  )
  expect(without.map(({ content }) => content)).toEqual([contents[599], contents[7]])
  expect((await bestByMeaning(s.agent, contents[8] as string))?.vectorScore).toBeCloseTo(1, 2)
  expect((await s.agent.recall('a', '599', { routing: 'bm25', topK: 1 }))[0]?.content).toBe(contents[599])
})
