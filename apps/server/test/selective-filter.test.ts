import { beforeAll, expect, test } from 'vitest'
import { notes, questions } from '../bench/notes.ts'
import { toHalfvec } from '../src/db/halfvec.ts'
import { chooseEmbedder } from '../src/embedding/choose.ts'
import { SERVER } from '../src/embedding/embedder.ts'
import { buildVectorIndexes } from '../src/jobs/vector-indexes.ts'
import { engine, start, type TestServer } from './harness.ts'

const ROWS = 50_000
const QUERIES = 20
let t: TestServer

// On Postgres only: the statements are the same on the embedded database, which would take minutes to fill.
beforeAll(async () => {
  if (engine !== 'postgres') return
  t = await start()
  const source = notes(11)
  for (let stored = 0; stored < ROWS; stored += 1000) {
    const batch = Array.from({ length: 1000 }, (_, i) => ({
      content: source.next().value.content,
      ...(i % 100 === 7 ? { importance: 0.99, tags: ['rare'] } : {}),
    }))
    await t.admin.storeMemories('big', batch, { timeoutMs: 120_000 })
  }
  await t.owner((sql) => sql`select merge_statistics(id) from namespaces`)
  expect(await t.owner((sql) => buildVectorIndexes(sql, engine))).toEqual({ built: 1, dropped: 0 })
  await t.owner((sql) => sql.unsafe('analyze'))
  return () => t[Symbol.asyncDispose]()
}, 300_000)

test.runIf(engine === 'postgres').each([
  ['that an index serves', { tags: ['rare'] }],
  ['that no index serves', { minImportance: 0.98 }],
])('a filter %s, and that 1 %% of 50,000 memories pass, starves neither arm', async (_, filter) => {
  const embedder = await chooseEmbedder({ provider: 'builtin' })
  const asked = questions(5)
  let found = 0
  for (let i = 0; i < QUERIES; i++) {
    const query = asked.next().value
    const [vector] = await embedder.embed([query], { owner: SERVER })
    if (!vector) throw new Error('the embedder knows no word of the question')
    const nearest = await t.owner(
      (sql) => sql<{ id: string }[]>`
        select m.id from memories m join namespaces n on n.id = m.namespace_id and n.name = 'big'
        where m.importance > 0.98 order by (m.v <=> ${toHalfvec(vector)}::text::halfvec) + 0, m.id limit 10`,
    )
    const got = await t.admin.recall('big', query, {
      routing: 'vector',
      topK: 10,
      weights: { importance: 0, recency: 0 },
      ...filter,
    })
    expect(got).toHaveLength(10)
    found += nearest.filter(({ id }) => got.some((memory) => memory.id === id)).length
    expect(await t.admin.recall('big', query, { topK: 10, ...filter })).toHaveLength(10)
  }
  expect(found / (10 * QUERIES)).toBeGreaterThanOrEqual(0.98)
})
