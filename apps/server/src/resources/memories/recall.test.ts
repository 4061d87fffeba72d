import { expect, test } from 'vitest'
import { failure, type Stage, start } from '../../../test/harness.ts'

const NOTES = [
  'HNSW indexes answer in 5 ms at 10M vectors.',
  'The vector index needs 1.2 GB of memory for each million embeddings.',
  'Our office plants need water on Fridays.',
  'The quarterly budget is 40k euros.',
  'Cats sleep most of the day.',
]

async function withNotes(t: Stage) {
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemories(
    'a',
    NOTES.map((content) => ({ content })),
  )
  return agent
}

test('recall finds by meaning and by words, and the best comes first', async () => {
  await using t = await start()
  const agent = await withNotes(t)
  const found = await agent.recall('a', 'HNSW latency', { topK: 3 })
  expect(found[0]?.content).toBe(NOTES[0])
  expect(found.totalFound).toBe(found.length)
  expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a))
  for (const { score } of found) expect(score > 0 && score <= 1).toBe(true)
  // No word in common with the note: only the vector arm can find it.
  expect((await agent.recall('a', 'kittens nap', { routing: 'vector', topK: 1 }))[0]?.content).toBe(NOTES[4])
  expect(await agent.recall('a', 'kittens nap', { routing: 'bm25' })).toHaveLength(0)
})

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
  const agent = await withNotes(t)
  await agent.storeMemories(
    'a',
    ['Ada: Which index fits in memory?', 'Grace: The small vector one.', 'Ada: Good.'].map((content) => ({ content, sessionId: 'talk' })),
  )
  const found = await agent.recall('a', 'what vector index did Grace name for memory', { explain: true })
  expect(found.length).toBeGreaterThan(2)
  for (const part of ['context', 'speaker', 'question'] as const)
    expect(
      found.some(({ explain }) => (explain as Explanation)[part].value > 0),
      part,
    ).toBe(true)
  for (const { score, explain } of found) {
    const { relevance, own, factor, vector_weight: w, context, speaker, question, text, vector, importance, recency } = explain as Explanation
    expect(text.score).toBeCloseTo(text.bm25 / text.bm25_max, 9)
    expect(own).toBeCloseTo((1 - w) * text.score + w * Math.max(0, vector.cosine), 9)
    const lent = own + context.weight * context.value * (1 - own)
    const named = lent + speaker.weight * speaker.value * lent * (1 - lent)
    expect(relevance).toBeCloseTo(named * (1 - question.weight * question.value), 9)
    const weights = 1 + importance.weight + recency.weight
    expect(factor).toBeCloseTo((1 + importance.weight * (2 * importance.value - 1) + recency.weight * recency.value) / weights, 9)
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
  const contexts = found.filter(({ content }) => content === talk[1]).map(({ session_id, explain }) => [session_id, (explain as Explanation).context.value > 0])
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
  const filler = Array.from({ length: 60 }, (_, i) => ({ content: `The heron was seen at the river on day ${i}.`, importance: 0.2 }))
  await agent.storeMemories('a', [
    { content: 'Which heron nests at the river mouth?', sessionId: 's', importance: 0.9 },
    { content: 'Qwrtzp xkcdj 17', sessionId: 's', importance: 0.9, tags: ['answer'] },
    { content: 'Bdfhjk plmnv 18', sessionId: 's', importance: 0.2 },
    ...filler,
  ])
  const asked = async (how: object) =>
    (await agent.recall('a', 'heron nests at the river mouth', { explain: true, topK: 10, ...how })).map(({ content }) => content)
  const answer = (await agent.recall('a', 'heron nests at the river mouth', { explain: true, topK: 10 })).find(({ content }) => content.startsWith('Qwrtzp'))
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
  const scores = async (weights: object) => (await agent.recall('a', 'when does the heron of Linus nest', { weights })).map(({ score }) => score)
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
  expect(await weightsOf({ weights: { vector: 0.2, importance: 1, recency: 0, context: 0, speaker: 0.2, question: 0 } })).toEqual([
    'important',
    0.2,
    1,
    0,
    0,
    0.2,
    0,
  ])
  expect((await t.admin.upsertNamespace('a', { weights: { importance: 1, recency: 0.2 } })).weights).toEqual({ importance: 1, recency: 0.2 })
  expect(await weightsOf({})).toEqual(['important', 0.35, 1, 0.2, 0.55, 0.5, 0.1])
  expect(await weightsOf({ weights: { importance: 0 }, vectorWeight: 0.5 })).toEqual(['relevant', 0.5, 0, 0.2, 0.55, 0.5, 0.1])
  expect((await failure(agent.recall('a', 'heron', { weights: { importance: 2 } }))).code).toBe('INVALID_REQUEST')
})

test('search puts memories with every word and phrase first, and returns only those when exact', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const contents = ['the latency of the index', 'index latency', 'latency alone', 'an unrelated line']
  await agent.storeMemories(
    'a',
    contents.map((content) => ({ content })),
  )
  expect(
    (await agent.searchMemories('a', 'index latency'))
      .slice(0, 2)
      .map(({ content }) => content)
      .sort(),
  ).toEqual(['index latency', 'the latency of the index'])
  expect((await agent.searchMemories('a', '"index latency"', { mode: 'exact' })).map(({ content }) => content)).toEqual(['index latency'])
  expect(await agent.searchMemories('a', 'index heron', { mode: 'exact' })).toHaveLength(0)
})

test('every filter narrows both arms, from a body and from a query string alike', async () => {
  await using t = await start()
  const secret = await t.secret({ a: 'read_write' }, 'me')
  const agent = t.client(secret)
  const other = await t.key({ a: 'read_write' }, 'other')
  await agent.storeMemory('a', {
    content: 'heron one',
    tags: ['x', 'y'],
    importance: 0.9,
    metadata: { source: 'lab', year: 2026, deep: { list: ['p', 'q'] } },
    sessionId: 's',
  })
  await other.storeMemory('a', { content: 'heron two', tags: ['x'], importance: 0.2, metadata: { source: 'web', year: 2024 }, memoryType: 'semantic' })
  const cases: [object, string[]][] = [
    [{ tags: ['x', 'y'] }, ['heron one']],
    [{ tags: [] }, ['heron one', 'heron two']],
    [{ tags_any: ['y', 'z'] }, ['heron one']],
    [{ min_importance: 0.5 }, ['heron one']],
    [{ max_importance: 0.5 }, ['heron two']],
    [{ memory_type: 'semantic' }, ['heron two']],
    [{ session_id: 's' }, ['heron one']],
    [{ author: 'other' }, ['heron two']],
    [{ exclude_author: 'self' }, ['heron two']],
    [{ since: 4102444800 }, []],
    [{ until: '2100-01-01T00:00:00Z' }, ['heron one', 'heron two']],
    [{ filter: { source: 'lab' } }, ['heron one']],
    [{ filter: { year: { $gte: 2025, $lt: 2027 } } }, ['heron one']],
    [{ filter: { 'deep.list': { $contains: 'q' } } }, ['heron one']],
    [{ filter: { 'deep.list': { $exists: false } } }, ['heron two']],
    [{ filter: { source: { $ne: 'lab' } } }, ['heron two']],
    [{ filter: { year: { $in: [2024, 1999] } } }, ['heron two']],
    [{ filter: { $or: [{ source: 'web' }, { year: 2026 }] } }, ['heron one', 'heron two']],
    [{ filter: { $not: { source: 'web' } } }, ['heron one']],
    [{ filter: { "source' or true --": 'x' } }, []],
    [{ filter: { source: '" || true || "' } }, []],
  ]
  for (const [filter, expected] of cases) {
    for (const routing of ['hybrid', 'bm25', 'vector']) {
      const body = { agent_id: 'a', query: 'heron', routing, ...filter }
      const posted = (await (await t.fetch('/v1/memory/recall', { method: 'POST', key: secret, body: JSON.stringify(body) })).json()) as {
        memories: { memory: { content: string } }[]
      }
      const query = new URLSearchParams(
        Object.entries(body).map(([name, value]): [string, string] => [
          name,
          Array.isArray(value) ? value.join(',') : typeof value === 'object' ? JSON.stringify(value) : String(value),
        ]),
      )
      const got = (await (await t.fetch(`/v1/memory/recall?${query}`, { key: secret })).json()) as typeof posted
      for (const reply of [posted, got]) expect([body, reply.memories.map(({ memory }) => memory.content).sort()]).toEqual([body, expected])
    }
  }
})

test('a malformed filter is refused, naming its place', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read' })
  const wrong = await failure(agent.recall('a', 'x', { filter: { year: { $near: 3 } } }))
  expect([wrong.status, wrong.message]).toEqual([400, expect.stringContaining('filter.year.$near')])
})

test("vectors of the caller are kept apart from the embedder's, in the dimension the namespace declares", async () => {
  await using t = await start()
  await t.admin.createNamespace('a', { dimension: 3 })
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { content: 'points up', embedding: [0, 0, 2] })
  await agent.storeMemory('a', { content: 'points left', embedding: [1e200, 0, 0] })
  await agent.storeMemory('a', { content: 'has no vector of its own' })
  const found = await agent.recall('a', 'unknown', { embedding: [0.9, 0, 0.1], routing: 'vector' })
  expect(found.map(({ content }) => content)).toEqual(['points left', 'points up'])
  expect((await agent.recall('a', 'upward direction points'))[0]?.content).toMatch(/points/)
  const refusals = [
    [() => agent.storeMemory('a', { content: 'x', embedding: [1, 2] }), 'DIMENSION_MISMATCH'],
    [() => agent.recall('a', 'x', { embedding: [1, 2] }), 'DIMENSION_MISMATCH'],
    [() => agent.storeMemory('a', { content: 'x', embedding: [] }), 'EMPTY_VECTOR'],
    [() => agent.storeMemory('a', { content: 'x', embedding: [0, 0, 0] }), 'EMPTY_VECTOR'],
  ] as const
  for (const [attempt, code] of refusals) expect((await failure(attempt())).code).toBe(code)
})

test('a text in which the embedder knows nothing is still found by its words', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { content: 'ⵣⵣⵣ' })
  expect(await agent.recall('a', 'ⵣⵣⵣ')).toHaveLength(1)
})

test('the scores of words are those of BM25, exactly, after any mix of changes', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const words = ['heron', 'index', 'budget', 'tea', 'vector', 'spring', 'plant', 'river']
  let seed = 7
  const random = (n: number) => {
    seed = (seed * 48271) % 2147483647
    return seed % n
  }
  const texts = Array.from({ length: 60 }, () => Array.from({ length: 3 + random(12) }, () => words[random(words.length)]).join(' '))
  const live = new Map(
    (
      await agent.storeMemories(
        'a',
        texts.map((content) => ({ content })),
      )
    ).stored.map(({ id, content }) => [id, content]),
  )
  const ids = [...live.keys()]
  for (const id of ids.slice(0, 15)) {
    await agent.forget('a', id)
    live.delete(id)
  }
  for (const id of ids.slice(15, 30)) live.set(id, (await agent.updateMemory(id, { content: `${words[random(8)]} ${words[random(8)]} tea` })).content)
  await agent.setImportance('a', ids.slice(30), 0.5)
  for (const merged of [false, true]) {
    if (merged) await t.database.sql`select merge_all_statistics(0)`
    for (const query of ['heron index', 'tea budget river', 'vector']) {
      const expected = bm25(live, query.split(' '))
      const found = await agent.recall('a', query, { routing: 'bm25', topK: 100, explain: true })
      expect(found.length).toBe([...expected.values()].filter((score) => score > 0).length)
      for (const { id, explain } of found) expect((explain as { text: { bm25: number } }).text.bm25).toBeCloseTo(expected.get(id) as number, 6)
    }
  }
})

test('of frequent words, those that stand together come first, and what holds one alone is not forgotten', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const filler = (n: number) => Array.from({ length: 8 }, (_, i) => `w${(n * 7 + i * 31) % 97}`).join(' ')
  const texts = Array.from({ length: 900 }, (_, n) => {
    return `${filler(n)} ${n % 225 === 0 ? 'heron river' : n % 2 === 0 ? 'heron' : 'river'}`
  })
  texts.push('heron heron heron heron heron')
  const live = new Map<string, string>()
  for (let at = 0; at < texts.length; at += 500) {
    const { stored } = await agent.storeMemories(
      'a',
      texts.slice(at, at + 500).map((content) => ({ content })),
    )
    for (const { id, content } of stored) live.set(id, content)
  }
  // Four hold both words, and each stands alone in over 400: the best eight are these four and four more.
  for (const query of ['heron river', 'heron river w5']) {
    const best = [...bm25(live, query.split(' ')).values()].sort((a, b) => b - a).slice(0, 8)
    const found = await agent.recall('a', query, { routing: 'bm25', topK: 8, explain: true, weights: { recency: 0 } })
    const scores = found.map(({ explain }) => (explain as { text: { bm25: number } }).text.bm25)
    expect(scores).toHaveLength(8)
    for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(best[i] as number, 6)
  }
})

/** BM25 straight from its definition, by id. The words of the test are stemmed one to one, so their text is enough. */
function bm25(texts: Map<string, string>, query: string[]): Map<string, number> {
  const documents = new Map([...texts].map(([id, text]) => [id, text.split(' ')]))
  const all = [...documents.values()]
  const average = all.reduce((sum, words) => sum + words.length, 0) / all.length
  const score = (words: string[]) =>
    query.reduce((sum, term) => {
      const tf = words.filter((word) => word === term).length
      const df = all.filter((other) => other.includes(term)).length
      const idf = Math.log(1 + (all.length - df + 0.5) / (df + 0.5))
      return sum + (idf * tf * 1.9) / (tf + 0.9 * (0.6 + (0.4 * words.length) / average))
    }, 0)
  return new Map([...documents].map(([id, words]) => [id, score(words)]))
}

test('Chinese, Japanese and Korean are found by words and by vectors', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const texts = {
    chinese: '研究員確認：向量索引在一千萬個向量時的延遲是五毫秒。',
    japanese: '東京都の会議は木曜日に変更されました。',
    korean: '예산은 사만 유로이고 검토는 목요일입니다.',
    english: 'The budget is 40k euros and the review is on Thursday.',
  }
  const { stored } = await agent.storeMemories(
    'a',
    Object.values(texts).map((content) => ({ content })),
  )
  const idOf = Object.fromEntries(Object.keys(texts).map((language, i) => [language, stored[i]?.id]))
  const queries = { chinese: ['延遲是五毫秒', '毫秒'], japanese: ['東京都の会議', '木曜日', '都'], korean: ['예산', '목요일 검토'] }
  for (const [language, asked] of Object.entries(queries)) {
    for (const query of asked) {
      expect([query, (await agent.recall('a', query, { routing: 'bm25' }))[0]?.id]).toEqual([query, idOf[language]])
      expect([query, (await agent.searchMemories('a', query, { mode: 'exact' })).map(({ id }) => id)].flat()).toContain(idOf[language])
    }
    const whole = texts[language as keyof typeof texts]
    expect([language, (await agent.recall('a', whole, { routing: 'vector' }))[0]?.id]).toEqual([language, idOf[language]])
  }
})

test('identifiers, versions, paths and numbers are found as a person types them', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const marks = ['dk-admin-key', 'v1.2.3', 'ERR_CONN', '10M', 'src/db/open.ts', 'TICKET-4711', '192.168.0.1', 'a@b.example']
  const { stored } = await agent.storeMemories(
    'a',
    marks.map((mark) => ({ content: `Note: ${mark} matters here.` })),
  )
  for (const [i, mark] of marks.entries()) expect([mark, (await agent.recall('a', mark, { routing: 'bm25' }))[0]?.id]).toEqual([mark, stored[i]?.id])
})

test('a namespace stems words in its own language', async () => {
  await using t = await start()
  await t.admin.createNamespace('german', { language: 'german' })
  await t.admin.createNamespace('plain', { language: 'simple' })
  for (const place of ['german', 'plain']) await t.admin.storeMemory(place, { content: 'Die Häuser stehen am Fluss.' })
  expect(await t.admin.recall('german', 'Haus', { routing: 'bm25' })).toHaveLength(1)
  expect(await t.admin.recall('plain', 'Haus', { routing: 'bm25' })).toHaveLength(0)
  expect(await t.admin.recall('plain', 'häuser', { routing: 'bm25' })).toHaveLength(1)
  expect((await failure(t.admin.upsertNamespace('plain', { language: 'german' }))).code).toBe('CONFLICT')
  expect((await failure(t.admin.createNamespace('x', { language: 'klingon' as never }))).code).toBe('INVALID_REQUEST')
})

test('several namespaces make one ranking; one without a grant is an error that names it, or left out when asked', async () => {
  await using t = await start()
  await t.admin.storeMemory('secret', { content: 'heron secret' })
  const agent = await t.key({ shared: 'read_write', own: 'read_write', empty: 'read', inbox: 'write' })
  await agent.storeMemory('shared', { content: 'The heron nests by the river in spring.' })
  await agent.storeMemory('own', { content: 'heron' })
  const found = await agent.recall(['shared', 'own', 'empty'], 'heron')
  expect(found.map(({ namespace, content }) => [namespace, content.length])).toEqual([
    ['own', 5],
    ['shared', 39],
  ])
  expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a))
  expect((await agent.searchMemories(['own', 'shared'], 'river heron', { topK: 1 }))[0]?.namespace).toBe('shared')
  for (const [place, code] of [
    ['secret', 'NAMESPACE_ACCESS_DENIED'],
    ['nowhere', 'NAMESPACE_ACCESS_DENIED'],
    ['inbox', 'INSUFFICIENT_SCOPE'],
  ] as const) {
    const refused = await failure(agent.recall(['own', place], 'heron'))
    expect([refused.code, refused.body]).toEqual([code, expect.objectContaining({ resource: place })])
  }
  const rest = await agent.recall(['own', 'secret', 'inbox', 'shared'], 'heron', { skipDenied: true })
  expect([rest.map(({ namespace }) => namespace), rest.denied]).toEqual([
    ['own', 'shared'],
    ['inbox', 'secret'],
  ])
  for (const body of [{ query: 'x' }, { query: 'x', agent_id: 'own', namespaces: ['own'] }, { query: 'x', namespaces: [] }]) {
    expect((await t.fetch('/v1/memory/recall', { method: 'POST', key: await t.secret({ own: 'read' }), body: JSON.stringify(body) })).status).toBe(400)
  }
})
