import { expect, test } from 'vitest'
import { failure, start } from '../../../../test/harness.ts'

type Explanation = {
  relevance: number
  own: number
  factor: number
  vector_weight: number
  context: { value: number; weight: number }
  speaker: { value: number; weight: number }
  question: { value: number; weight: number }
  text: { rank: number | null; score: number; bm25: number; bm25_max: number }
  vector: { rank: number | null; score: number; cosine: number }
  importance: { value: number; weight: number }
  recency: { value: number; weight: number }
}

test('what explain says adds up to the score', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { content: 'The vector index needs 1.2 GB of memory for each million embeddings.' })
  await agent.storeMemories(
    'a',
    ['Ada: Which index fits in memory?', 'Grace: The small vector one.', 'Ada: Good.'].map((content) => ({
      content,
      sessionId: 'talk',
    })),
  )
  const found = await agent.recall('a', 'what vector index did Grace name for memory', { explain: true })
  expect(found.length).toBeGreaterThan(2)
  for (const part of ['context', 'speaker', 'question'] as const)
    expect(
      found.some(({ explain }) => (explain as Explanation)[part].value > 0),
      part,
    ).toBe(true)
  for (const { score, explain } of found) {
    const {
      relevance,
      own,
      factor,
      vector_weight: w,
      context,
      speaker,
      question,
      text,
      vector,
      importance,
      recency,
    } = explain as Explanation
    expect(text.score).toBeCloseTo(text.bm25 / text.bm25_max, 9)
    expect(own).toBeCloseTo((1 - w) * text.score + w * Math.max(0, vector.cosine), 9)
    const lent = own + context.weight * context.value * (1 - own)
    const named = lent + speaker.weight * speaker.value * lent * (1 - lent)
    expect(relevance).toBeCloseTo(named * (1 - question.weight * question.value), 9)
    const weights = 1 + importance.weight + recency.weight
    expect(factor).toBeCloseTo(
      (1 + importance.weight * (2 * importance.value - 1) + recency.weight * recency.value) / weights,
      9,
    )
    expect(score).toBeCloseTo(relevance * factor, 9)
  }
})

test('what stands next to a hit in its session is lifted; other sessions and namespaces are not', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write', b: 'read_write' })
  const talk = ['Where does the heron nest?', 'By the river, near the old mill.', 'Lovely.']
  await agent.storeMemories(
    'a',
    talk.map((content) => ({ content, sessionId: 's1' })),
  )
  await agent.storeMemory('b', { content: 'noise between', sessionId: 's1' })
  await agent.storeMemory('a', { content: 'By the river, near the old mill.', sessionId: 's2' })
  await agent.storeMemory('a', { content: 'By the river, near the old mill.' })
  const found = await agent.recall('a', 'heron near the river', { explain: true })
  const contexts = found
    .filter(({ content }) => content === talk[1])
    .map(({ session_id, explain }) => [session_id, (explain as Explanation).context.value > 0])
  expect(contexts[0]).toEqual(['s1', true])
  expect(contexts.slice(1).map(([, lifted]) => lifted)).toEqual([false, false])
  for (const routing of ['bm25', 'vector'] as const) {
    for (const { explain } of await agent.recall('a', 'heron near the river', { explain: true, routing })) {
      const { context, speaker, question } = explain as Explanation
      expect([context.weight, speaker.weight, question.weight]).toEqual([0, 0, 0])
    }
  }
})

test('an answer is found beside its question, though no word and no meaning of it was asked for', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const filler = Array.from({ length: 60 }, (_, i) => ({
    content: `The heron was seen at the river on day ${i}.`,
    importance: 0.2,
  }))
  await agent.storeMemories('a', [
    { content: 'Which heron nests at the river mouth?', sessionId: 's', importance: 0.9 },
    { content: 'Qwrtzp xkcdj 17', sessionId: 's', importance: 0.9, tags: ['answer'] },
    { content: 'Bdfhjk plmnv 18', sessionId: 's', importance: 0.2 },
    ...filler,
  ])
  const asked = async (how: object) =>
    (await agent.recall('a', 'heron nests at the river mouth', { explain: true, topK: 10, ...how })).map(
      ({ content }) => content,
    )
  const answer = (await agent.recall('a', 'heron nests at the river mouth', { explain: true, topK: 10 })).find(
    ({ content }) => content.startsWith('Qwrtzp'),
  )
  expect(answer?.explain).toMatchObject({ text: { rank: null }, vector: { rank: null } })
  expect((answer?.explain as Explanation | undefined)?.context.value).toBeGreaterThan(0.3)
  // The neighbour passes the caller's filter like any other: one that an index answers, and one that none does.
  expect(await asked({ minImportance: 0.8 })).toContain('Qwrtzp xkcdj 17')
  expect(await asked({ maxImportance: 0.95, filter: { none: { $exists: false } } })).toContain('Qwrtzp xkcdj 17')
  expect(await asked({ excludeAuthor: 'self' })).toEqual([])
  await t.owner((sql) => sql`update memories set importance = 0.1 where content like 'Qwrtzp%'`)
  expect(await asked({ minImportance: 0.8 })).toEqual(['Which heron nests at the river mouth?'])
  expect(await asked({ weights: { context: 0 } })).not.toContain('Qwrtzp xkcdj 17')
})

test('who is asked about goes first, and an answer goes before a question', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemories('a', [
    { content: 'Grace: the heron nests in spring.', id: 'grace' },
    { content: 'Linus: the heron nests in spring.', id: 'linus' },
    { content: 'Linus: the heron nests in spring?', id: 'asks' },
  ])
  const order = async (query: string, weights = {}) => (await agent.recall('a', query, { weights })).map(({ id }) => id)
  expect((await order("when does Grace's heron nest"))[0]).toBe('grace')
  expect(await order('when does the heron of Linus nest')).toEqual(['linus', 'asks', 'grace'])
  const scores = async (weights: object) =>
    (await agent.recall('a', 'when does the heron of Linus nest', { weights })).map(({ score }) => score)
  const lowered = await scores({ vector: 0 })
  const even = await scores({ vector: 0, question: 0, speaker: 0 })
  expect(lowered[1]).toBeCloseTo(0.9 * (lowered[0] as number), 9)
  expect(even[0]).toBe(even[1])
})

test('importance lifts one of two equals', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { content: 'The heron nests in spring.', importance: 0.2, id: 'low' })
  await agent.storeMemory('a', { content: 'The heron nests in spring.', importance: 0.9, id: 'high' })
  expect((await agent.recall('a', 'heron')).map(({ id }) => id)).toEqual(['high', 'low'])
})

test('weights are set per request and per namespace, and the request wins', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemories('a', [
    { content: 'heron heron heron', importance: 0, id: 'relevant' },
    { content: 'a heron among many other birds of the long river', importance: 1, id: 'important' },
  ])
  const weightsOf = async (how: object) => {
    const [first] = await agent.recall('a', 'heron', { explain: true, ...how })
    if (!first) throw new Error('nothing was recalled')
    const { vector_weight: vector, importance, recency, context, speaker, question } = first.explain as Explanation
    return [first.id, vector, importance.weight, recency.weight, context.weight, speaker.weight, question.weight]
  }
  expect(await weightsOf({})).toEqual(['relevant', 0.35, 0.1, 0.05, 0.55, 0.5, 0.1])
  expect(
    await weightsOf({ weights: { vector: 0.2, importance: 1, recency: 0, context: 0, speaker: 0.2, question: 0 } }),
  ).toEqual(['important', 0.2, 1, 0, 0, 0.2, 0])
  expect((await t.admin.upsertNamespace('a', { weights: { importance: 1, recency: 0.2 } })).weights).toEqual({
    importance: 1,
    recency: 0.2,
  })
  expect(await weightsOf({})).toEqual(['important', 0.35, 1, 0.2, 0.55, 0.5, 0.1])
  expect(await weightsOf({ weights: { importance: 0 }, vectorWeight: 0.5 })).toEqual([
    'relevant',
    0.5,
    0,
    0.2,
    0.55,
    0.5,
    0.1,
  ])
  expect((await failure(agent.recall('a', 'heron', { weights: { importance: 2 } }))).code).toBe('INVALID_REQUEST')
})
