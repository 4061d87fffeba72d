import { expect, test } from 'vitest'
import { engine, failure, start, type TestServer } from '../../../../test/harness.ts'

const BIRDS = [
  { id: 'nest', content: 'The heron nests by the river in spring.', tags: ['bird', 'seen'] },
  { id: 'order', content: 'In spring the river is where the heron nests.', tags: ['bird'] },
  { id: 'ducks', content: 'Ducks nest by the pond in spring.', tags: ['bird', 'draft'] },
  { id: 'index', content: 'HNSW-based indexing answers in 5 ms; hnswlib needs 6.', tags: ['finding'] },
  { id: 'tea', content: 'Green tea is brewed at 80 degrees.', tags: ['seen'] },
]

async function withBirds(t: TestServer) {
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemories('a', BIRDS)
  return agent
}

const ids = (found: { id: string }[]) => found.map(({ id }) => id)

test('every word, phrase and beginning must stand in an exact hit, and what is excluded never does', async () => {
  await using t = await start()
  const agent = await withBirds(t)
  const cases: [string, string[]][] = [
    ['heron spring', ['nest', 'order']],
    ['"river in spring"', ['nest']],
    ['spring -heron', ['ducks']],
    ['spring -"by the pond"', ['nest', 'order']],
    ['hnsw*', ['index']],
    ['hnswl* answers', ['index']],
    ['spring -riv*', ['ducks']],
    ['tag:seen', ['nest', 'tea']],
    ['tag:bird tag:seen', ['nest']],
    ['spring -tag:draft', ['nest', 'order']],
    ['tag:bird -ducks', ['nest', 'order']],
    ['heron tag:finding', []],
    ['tag:nothing', []],
    ['-spring', ['index', 'tea']],
    ['-spring -tea -hnsw*', []],
    ['the of', []],
  ]
  for (const merged of [false, true]) {
    if (merged) await t.owner((sql) => sql`select merge_statistics(id) from namespaces`)
    for (const [query, expected] of cases)
      expect([query, ids(await agent.searchMemories('a', query, { mode: 'exact' })).sort()]).toEqual([
        query,
        expected.toSorted(),
      ])
  }
  // Without mode: exact hits first, then the rest; what is excluded is in neither.
  const loose = ids(await agent.searchMemories('a', 'heron spring -"by the pond"'))
  expect(loose.slice(0, 2).sort()).toEqual(['nest', 'order'])
  expect(loose).not.toContain('ducks')
  // Recall knows no syntax: a minus there is no wish.
  expect(ids(await agent.recall('a', 'spring -heron'))).toContain('nest')
})

test('a misspelt word finds similar words, after all exact matches, and never in exact mode', async () => {
  await using t = await start()
  const agent = await withBirds(t)
  for (const merged of [false, true]) {
    if (merged) await t.owner((sql) => sql`select merge_statistics(id) from namespaces`)
    for (const wrong of ['herron', 'herons', 'hern'])
      expect([wrong, ids(await agent.searchMemories('a', wrong, { routing: 'bm25' })).sort()]).toEqual([
        wrong,
        ['nest', 'order'],
      ])
    expect(await agent.searchMemories('a', 'herron', { mode: 'exact' })).toHaveLength(0)
    expect(await agent.recall('a', 'herron', { routing: 'bm25' })).toHaveLength(0)
    expect(ids(await agent.searchMemories('a', 'spring herron', { routing: 'bm25' })).slice(-1)).toEqual(['ducks'])
  }
  // Numbers and identifiers are meant as they are.
  await agent.storeMemory('a', { content: 'Ticket ERR_4711 is open.' })
  expect(await agent.searchMemories('a', '4712', { routing: 'bm25' })).toHaveLength(0)
  // A spelling that only others know is no help.
  await t.admin.storeMemory('b', { content: 'zeppelin' })
  expect(await agent.searchMemories('a', 'zeppeling', { routing: 'bm25' })).toHaveLength(0)
})

test('highlights mark the words found, in each language, and come only when asked for', async () => {
  await using t = await start()
  const agent = await withBirds(t)
  await agent.storeMemory('a', { content: '研究員確認：向量索引的延遲是五毫秒。', id: 'chinese' })
  const of = async (query: string) =>
    (await agent.searchMemories('a', query, { mode: 'exact', highlight: true }))[0]?.highlights?.join(' … ')
  expect(await of('heron nests')).toContain('**heron** **nests** by')
  expect(await of('hnswl*')).toContain('**hnswlib**')
  expect(await of('延遲')).toContain('**延遲**')
  expect((await agent.searchMemories('a', 'heron'))[0]).not.toHaveProperty('highlights')
  const long = `${'filler words here '.repeat(200)} the needle ${'and more of it '.repeat(200)}`
  await agent.storeMemory('a', { content: long })
  expect((await of('needle'))?.length).toBeLessThan(300)
})

test('with mmr near-copies make room for what says something else', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemories('a', [
    ...Array.from({ length: 5 }, (_, i) => ({ content: `The HNSW index answers in ${i + 5} ms.`, id: `copy${i}` })),
    { content: 'An HNSW graph costs 1.2 GB of memory for each million embeddings.', id: 'other' },
  ])
  const plain = await agent.recall('a', 'how fast is the HNSW index', { topK: 3 })
  expect(ids(plain)).not.toContain('other')
  const diverse = await agent.recall('a', 'how fast is the HNSW index', { topK: 3, mmr: 0.9, explain: true })
  expect(ids(diverse)).toContain('other')
  expect(diverse[0]?.id).toBe(plain[0]?.id)
  const reply = (await (
    await t.fetch('/v1/memory/recall', {
      method: 'POST',
      key: await t.secret({ a: 'read' }),
      body: JSON.stringify({ agent_id: 'a', query: 'how fast is the HNSW index', top_k: 6, mmr: 0.9, explain: true }),
    })
  ).json()) as {
    memories: {
      score: number
      smart_score: number
      explain: { mmr: { weight: number; similarity: number; value: number } }
    }[]
  }
  expect(reply.memories).toHaveLength(6)
  const order = reply.memories.map(({ smart_score }) => smart_score)
  expect(order).toEqual(order.toSorted((a, b) => b - a))
  for (const { score, smart_score, explain } of reply.memories)
    expect(smart_score).toBeCloseTo(score * (1 - explain.mmr.weight * explain.mmr.similarity), 9)
})

test('mmr compares by the vectors that the query is compared with, over several namespaces', async () => {
  await using t = await start()
  for (const name of ['a', 'b']) await t.admin.createNamespace(name, { dimension: 2 })
  const agent = await t.key({ a: 'read_write', b: 'read_write' })
  await agent.storeMemory('a', { content: 'Here.', id: 'best', embedding: [1, 0] })
  await agent.storeMemory('b', { content: 'There.', id: 'copy', embedding: [1, 0.01] })
  await agent.storeMemory('b', { content: 'Elsewhere.', id: 'other', embedding: [0.5, 1] })
  const search = { namespaces: ['a', 'b'], query: 'x', embedding: [1, 0], routing: 'vector', top_k: 3 }
  const find = async (mmr?: number) => {
    const reply = await t.fetch('/v1/memory/recall', {
      method: 'POST',
      key: await t.secret({ a: 'read', b: 'read' }),
      body: JSON.stringify({ ...search, mmr }),
    })
    return ((await reply.json()) as { memories: { memory: { id: string } }[] }).memories.map(({ memory }) => memory.id)
  }
  expect(await find()).toEqual(['best', 'copy', 'other'])
  expect(await find(0.9)).toEqual(['best', 'other', 'copy'])
})

test('with language auto each memory is stemmed in its own language, and a query in all of those', async () => {
  await using t = await start()
  await t.admin.createNamespace('mixed', { language: 'auto' })
  const agent = await t.key({ mixed: 'read_write' })
  await agent.storeMemories('mixed', [
    { content: 'Die Häuser stehen am Fluss und sind alt.', id: 'german' },
    { content: 'The houses stand by the river and are old.', id: 'english' },
    { content: 'Les chevaux sont dans la prairie avec les moutons.', id: 'french' },
  ])
  const found = async (query: string) => ids(await agent.recall('mixed', query, { routing: 'bm25' }))
  expect(await found('Haus')).toEqual(['german'])
  expect(await found('housing')).toEqual(['english'])
  expect(await found('cheval')).toEqual(['french'])
  expect(ids(await agent.searchMemories('mixed', 'alt Häuser', { mode: 'exact' }))).toEqual(['german'])
  await agent.updateMemory('german', { content: 'Le cheval est dans la maison.' })
  expect((await found('chevaux')).sort()).toEqual(['french', 'german'])
})

test.runIf(engine === 'postgres')(
  'a search that takes too long ends with 503 and says what to do, and the next one works',
  async () => {
    await using t = await start({ searchTimeoutMs: 200 })
    const agent = await withBirds(t)
    await t.owner(async (sql) => {
      await sql`begin`
      await sql`lock table memory_words`
      for (const ask of [() => agent.recall('a', 'heron'), () => agent.searchMemories('a', 'heron')]) {
        const refused = await failure(ask())
        expect([refused.status, refused.code, refused.message]).toEqual([
          503,
          'SERVICE_UNAVAILABLE',
          expect.stringContaining('narrower filter'),
        ])
      }
      await sql`rollback`
    })
    expect(ids(await agent.recall('a', 'heron'))).toContain('nest')
  },
)

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
  expect((await agent.searchMemories('a', '"index latency"', { mode: 'exact' })).map(({ content }) => content)).toEqual(
    ['index latency'],
  )
  expect(await agent.searchMemories('a', 'index heron', { mode: 'exact' })).toHaveLength(0)
})
