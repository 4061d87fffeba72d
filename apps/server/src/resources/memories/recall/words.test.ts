import { expect, test } from 'vitest'
import { failure, start } from '../../../../test/harness.ts'

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
  const texts = Array.from({ length: 60 }, () =>
    Array.from({ length: 3 + random(12) }, () => words[random(words.length)]).join(' '),
  )
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
  for (const id of ids.slice(15, 30))
    live.set(id, (await agent.updateMemory(id, { content: `${words[random(8)]} ${words[random(8)]} tea` })).content)
  await agent.setImportance('a', ids.slice(30), 0.5)
  for (const merged of [false, true]) {
    if (merged) await t.owner((sql) => sql`select merge_statistics(id) from namespaces`)
    for (const query of ['heron index', 'tea budget river', 'vector']) {
      const expected = bm25(live, query.split(' '))
      const found = await agent.recall('a', query, { routing: 'bm25', topK: 100, explain: true })
      expect(found.length).toBe([...expected.values()].filter((score) => score > 0).length)
      for (const { id, explain } of found)
        expect((explain as { text: { bm25: number } }).text.bm25).toBeCloseTo(expected.get(id) as number, 6)
    }
  }
})

test('of frequent words, those that stand together come first, and what holds one alone is not forgotten', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const filler = (n: number) => Array.from({ length: 8 }, (_, i) => plainWord((n * 7 + i * 31) % 97)).join(' ')
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
  for (const query of ['heron river', `heron river ${plainWord(5)}`]) {
    const best = [...bm25(live, query.split(' ')).values()].sort((a, b) => b - a).slice(0, 8)
    const found = await agent.recall('a', query, { routing: 'bm25', topK: 8, explain: true, weights: { recency: 0 } })
    const scores = found.map(({ explain }) => (explain as { text: { bm25: number } }).text.bm25)
    expect(scores).toHaveLength(8)
    for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(best[i] as number, 6)
  }
})

/** Of letters alone, and no stem is shorter. */
const plainWord = (n: number) => `q${[...String(n)].map((digit) => 'bcdfghjklm'[Number(digit)]).join('')}k`

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

test('words as long as Postgres takes them are kept apart, though the index knows only how they begin', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const [one, other] = ['x', 'y'].map((end) => `${'heron'.repeat(409)}${end}`) as [string, string]
  await agent.storeMemory('a', { id: 'one', content: one })
  await agent.storeMemory('a', { id: 'other', content: other })
  expect((await agent.recall('a', one, { routing: 'bm25' })).map(({ id }) => id)).toEqual(['one'])
  expect((await agent.searchMemories('a', other, { mode: 'exact' })).map(({ id }) => id)).toEqual(['other'])
})

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
  const queries = {
    chinese: ['延遲是五毫秒', '毫秒'],
    japanese: ['東京都の会議', '木曜日', '都'],
    korean: ['예산', '목요일 검토'],
  }
  for (const [language, asked] of Object.entries(queries)) {
    for (const query of asked) {
      expect([query, (await agent.recall('a', query, { routing: 'bm25' }))[0]?.id]).toEqual([query, idOf[language]])
      expect([query, (await agent.searchMemories('a', query, { mode: 'exact' })).map(({ id }) => id)].flat()).toContain(
        idOf[language],
      )
    }
    const whole = texts[language as keyof typeof texts]
    expect([language, (await agent.recall('a', whole, { routing: 'vector' }))[0]?.id]).toEqual([
      language,
      idOf[language],
    ])
  }
})

test('identifiers, versions, paths and numbers are found as a person types them', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const marks = [
    'dk-admin-key',
    'v1.2.3',
    'ERR_CONN',
    '10M',
    'src/db/open.ts',
    'TICKET-4711',
    '192.168.0.1',
    'a@b.example',
  ]
  const { stored } = await agent.storeMemories(
    'a',
    marks.map((mark) => ({ content: `Note: ${mark} matters here.` })),
  )
  for (const [i, mark] of marks.entries())
    expect([mark, (await agent.recall('a', mark, { routing: 'bm25' }))[0]?.id]).toEqual([mark, stored[i]?.id])
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
