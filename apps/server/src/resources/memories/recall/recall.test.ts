import { expect, test } from 'vitest'
import { failure, start, type TestServer } from '../../../../test/harness.ts'

const NOTES = [
  'HNSW indexes answer in 5 ms at 10M vectors.',
  'The vector index needs 1.2 GB of memory for each million embeddings.',
  'Our office plants need water on Fridays.',
  'The quarterly budget is 40k euros.',
  'Cats sleep most of the day.',
]

async function withNotes(t: TestServer) {
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
  await other.storeMemory('a', {
    content: 'heron two',
    tags: ['x'],
    importance: 0.2,
    metadata: { source: 'web', year: 2024 },
    memoryType: 'semantic',
  })
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
      const posted = (await (
        await t.fetch('/v1/memory/recall', { method: 'POST', key: secret, body: JSON.stringify(body) })
      ).json()) as {
        memories: { memory: { content: string } }[]
      }
      const query = new URLSearchParams(
        Object.entries(body).map(([name, value]): [string, string] => [
          name,
          Array.isArray(value) ? value.join(',') : typeof value === 'object' ? JSON.stringify(value) : String(value),
        ]),
      )
      const got = (await (await t.fetch(`/v1/memory/recall?${query}`, { key: secret })).json()) as typeof posted
      for (const reply of [posted, got])
        expect([body, reply.memories.map(({ memory }) => memory.content).sort()]).toEqual([body, expected])
    }
  }
})

test('words that many memories have and none has together are found under a filter too', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemories(
    'a',
    Array.from({ length: 520 }, (_, n) => ({ content: `${n % 2 ? 'heron' : 'pelican'} number ${n}` })),
  )
  const filter = { kind: { $ne: 'draft' } }
  expect(await agent.recall('a', 'heron or pelican', { routing: 'bm25', filter })).toHaveLength(5)
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

test('several namespaces make one ranking; one without a grant is an error, or skipped when asked', async () => {
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
  for (const body of [
    { query: 'x' },
    { query: 'x', agent_id: 'own', namespaces: ['own'] },
    { query: 'x', namespaces: [] },
  ]) {
    expect(
      (
        await t.fetch('/v1/memory/recall', {
          method: 'POST',
          key: await t.secret({ own: 'read' }),
          body: JSON.stringify(body),
        })
      ).status,
    ).toBe(400)
  }
})
