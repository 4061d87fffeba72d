import {
  MEMORY_MAX_WORDS,
  RECALL_MAX_WORDS,
  SEARCH_MAX_BEGINNINGS,
  SEARCH_MAX_FORGIVEN,
  SEARCH_MAX_PARTS,
  SEARCH_MAX_WORDS,
} from '@dakera-ai/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failure, start, type TestServer } from '../../../../test/harness.ts'
import { rareWord } from '../../../../test/rare-words.ts'

let t: TestServer
beforeAll(async () => {
  t = await start()
})
afterAll(() => t[Symbol.asyncDispose]())

const many = (count: number, make: (i: number) => string, between = ' ') =>
  Array.from({ length: count }, (_, i) => make(i)).join(between)
/** What cut_runs puts between two pieces. */
const CUT = '\u0004'
/**
 * Of their shortest times, as often as it takes to see past what else the machine does: one that truly takes longer
 * stays so.
 */
async function expectRatio(long: () => Promise<unknown>, short: () => Promise<unknown>, most: number): Promise<void> {
  const shortest: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const measure = async (at: 0 | 1, work: () => Promise<unknown>) => {
    const started = performance.now()
    await work()
    shortest[at] = Math.min(shortest[at], performance.now() - started)
  }
  const ratio = () => shortest[0] / shortest[1]
  for (let round = 0; round < 3 || (round < 50 && ratio() >= most); round++) {
    await measure(0, long)
    await measure(1, short)
  }
  expect(ratio()).toBeLessThan(most)
}
const letter = (i: number) => String.fromCodePoint(0x4e00 + i)
const ids = (found: { id: string }[]) => found.map(({ id }) => id)

test.each<[string, number, (count: number) => string]>([
  ['words', SEARCH_MAX_PARTS, (count) => many(count, rareWord)],
  ['words and exclusions', SEARCH_MAX_PARTS, (count) => many(count, (i) => (i % 2 ? '-' : '') + rareWord(i))],
  ['tags', SEARCH_MAX_PARTS, (count) => many(count, (i) => `tag:t${i}`)],
  ['beginnings', SEARCH_MAX_BEGINNINGS, (count) => many(count, (i) => `${rareWord(i)}*`)],
  ['words of a phrase', SEARCH_MAX_WORDS, (count) => `"${many(count, rareWord)}"`],
  ['words of a compound', SEARCH_MAX_WORDS, (count) => many(count, rareWord, '-')],
  ['letters without a space', SEARCH_MAX_WORDS, (count) => many(count, letter, '')],
  ['letters of an excluded phrase', SEARCH_MAX_WORDS, (count) => `heron -"${many(count - 1, letter, '')}"`],
])(
  'a search has a bound of %s, and one more is refused with the bound, before anything else is asked',
  async (_, bound, make) => {
    const agent = await t.key({ a: 'read_write' })
    expect(await agent.searchMemories('a', make(bound), { mode: 'exact' })).toEqual([])
    const stranger = await t.key({})
    for (const search of [agent.searchMemories('a', make(bound + 1)), stranger.searchMemories('a', make(bound + 1))]) {
      const refused = await failure(search)
      expect([refused.status, refused.code, refused.body]).toMatchObject([
        400,
        'INVALID_REQUEST',
        { issues: [{ path: 'query' }] },
      ])
      expect(refused.message).toContain(`at most ${bound} `)
    }
    const recalled = await agent.recall('a', make(bound + 1))
    expect(recalled).toEqual([])
  },
)

test('the database counts the words of a search too, in case its parser sees more than the server', async () => {
  const key = await t.secret({ walled: 'read_write' })
  await t.client(key).storeMemory('walled', { content: 'The heron nests.' })
  const [place] = await t.owner((sql) => sql<{ id: number }[]>`select id from namespaces where name = 'walled'`)
  const search = (text: string) =>
    t.as(
      key,
      (sql) => sql`select exact_ids from lexical_search(${place?.id as number}::int, 'heron', null, 25,
      ${JSON.stringify({ all: [text], prefixes: [], typos: false })}::text::jsonb, 3000)`,
    )
  expect(await search('heron')).toHaveLength(1)
  await expect(search(many(513, rareWord))).rejects.toMatchObject({
    code: 'DK000',
    message: 'INVALID_REQUEST',
    detail: expect.stringContaining('too many words'),
  })
})

test(
  'as many unknown words as are documented are forgiven, the longest ones; the others find nothing and are no ' +
    'error',
  async () => {
    const agent = await t.key({ birds: 'read_write' })
    const birds = ['heron', 'pelican', 'sparrow', 'magpie', 'penguin']
    await agent.storeMemories(
      'birds',
      birds.map((id) => ({ id, content: `A ${id} was seen.` })),
    )
    const misspelt = 'sparroww magpiee herron pelicann penguinn'
    const forgiven = ['pelican', 'penguin', 'sparrow']
    expect(forgiven).toHaveLength(SEARCH_MAX_FORGIVEN)
    for (const merged of [false, true]) {
      if (merged) await t.owner((sql) => sql`select merge_statistics(id) from namespaces where name = 'birds'`)
      expect(ids(await agent.searchMemories('birds', misspelt, { routing: 'bm25' })).sort()).toEqual(forgiven)
    }
  },
)

test('a recall looks at as many distinct words as are documented, the first ones', async () => {
  const agent = await t.key({ long: 'read_write' })
  await agent.storeMemory('long', { id: 'heron', content: 'The heron nests by the river.' })
  const after = (count: number) =>
    agent.recall('long', `${many(count, (i) => rareWord(i).slice(1))} heron`, { routing: 'bm25' })
  expect(ids(await after(RECALL_MAX_WORDS - 1))).toEqual(['heron'])
  expect(await after(RECALL_MAX_WORDS)).toEqual([])
})

test(
  'a memory of a hundred thousand letters without a space is stored and found, and one of too many distinct ' +
    'words is refused',
  async () => {
    const agent = await t.key({ letters: 'read_write' })
    // 150 letters have 22,500 pairs.
    const run = many(99_998, (i) => letter((i * 7 + ((i * i) >> 3)) % 150), '')
    const { id } = await agent.storeMemory('letters', { content: `${run}蒼鷺` })
    expect(ids(await agent.searchMemories('letters', '蒼鷺', { mode: 'exact' }))).toEqual([id])
    const distinct = many(300, (i) => many(300, (j) => letter(1000 + i) + letter(2000 + j), ''), '')
    const refused = await failure(agent.storeMemory('letters', { content: distinct.slice(0, 100_000) }))
    expect([refused.status, refused.code, refused.body]).toMatchObject([
      400,
      'INVALID_REQUEST',
      { issues: [{ path: 'content' }] },
    ])
    expect(refused.message).toContain(`${MEMORY_MAX_WORDS}`)
  },
)

/** As 0004 has it: what a migrated database holds was cut by this. */
const SEGMENT_OF_0004 = `
create function segment_of_0004(content text, for_query boolean) returns text language plpgsql immutable as $$
declare script constant text := cjk_letters();
begin
  if content !~ ('[' || script || ']') then return content; end if;
  return (
    select string_agg(case when part[1] !~ ('^[' || script || ']') then part[1] else concat_ws(' ', '',
        (select string_agg(substr(part[1], i, 2), ' ' order by i) from generate_series(1, length(part[1]) - 1) i),
        case when not for_query or length(part[1]) = 1 then (select string_agg(substr(part[1], i, 1), ' ' order by i)
          from generate_series(1, length(part[1])) i) end,
        '') end, '' order by at)
    from regexp_matches(content, '[' || script || ']+|[^' || script || ']+', 'g') with ordinality parts(part, at));
end $$`

test('letters are cut into the same pairs as ever', async () => {
  let seed = 11
  const random = (n: number) => {
    seed = (seed * 48271) % 2147483647
    return seed % n
  }
  const alphabet = [
    '漢',
    '字',
    'か',
    '한',
    'ﾝ',
    '\u1100',
    'a',
    'Z',
    '7',
    ' ',
    '\n',
    '。',
    '-',
    '😀',
    'é',
    'ก',
    "'",
    '\\',
    '"',
    '{',
    ',',
    'NULL',
  ]
  const texts = [
    '',
    '漢',
    ...Array.from({ length: 300 }, () => many(random(12), () => alphabet[random(alphabet.length)] as string, '')),
  ]
  await t.owner(async (sql) => {
    await sql.unsafe(SEGMENT_OF_0004)
    const other = await sql`select text
        from unnest(${texts}::text[]) text, (values (true), (false)) asked(q)
        where segment_cjk(text, q) is distinct from segment_of_0004(text, q)`
    expect(other).toEqual([])
    await sql`drop function segment_of_0004`
  })
})

test('a long run without a space is cut for the parser, unless it is a word, and nothing else is', async () => {
  const url = `https://example.com/${many(60, (i) => `part${i}`, '/')}`
  const kept = ['', 'heron', 'a'.repeat(5000), `${' '.repeat(600)}x`, 'b/'.repeat(127), many(500, rareWord)]
  const cut = [url, 'b/'.repeat(128), `heron ${'b/'.repeat(500)} heron`]
  await t.owner(async (sql) => {
    for (const text of kept) expect((await sql`select cut_runs(${text}) as text`)[0]).toEqual({ text })
    for (const text of cut) {
      const [found] = await sql<{ text: string }[]>`select cut_runs(${text}) as text`
      const pieces = found?.text.split(CUT) ?? []
      expect(pieces.join('')).toBe(text)
      expect(Math.max(...pieces.flatMap((piece) => piece.split(' ')).map((piece) => piece.length))).toBeLessThanOrEqual(
        255,
      )
    }
  })
  const agent = await t.key({ urls: 'read_write' })
  const { id } = await agent.storeMemory('urls', { content: `The note is at ${url} now.` })
  for (const query of [url, 'example.com', '"note is at"'])
    expect([query, ids(await agent.searchMemories('urls', query, { mode: 'exact' }))]).toEqual([query, [id]])
  const [found] = await agent.searchMemories('urls', 'note', { highlight: true })
  expect(found?.highlights?.join()).not.toContain(CUT)
})

test.each<[string, (length: number) => string]>([
  ['letters without a space', (length) => letter(0).repeat(length)],
  ['marks without a space', (length) => 'b_'.repeat(length / 2)],
  ['words', (length) => many(length / 8, rareWord).slice(0, length)],
])('eight times as many %s take about eight times as long to index, and not sixty-four', async (_, make) => {
  await t.owner(async (sql) => {
    const [place] = await sql`select id from namespaces limit 1`
    const index = async (length: number) => sql`select (words_of(${place?.['id']}, ${make(length)})).dl`
    await index(100)
    await expectRatio(
      () => index(40_000),
      () => index(5_000),
      30,
    )
  })
})

test('eight times as long a query of marks without a space takes about eight times as long', async () => {
  const agent = await t.key({ marks: 'read_write' })
  await agent.storeMemory('marks', { content: 'The heron nests.' })
  const ask = (length: number) => agent.recall('marks', 'b_'.repeat(length / 2), { routing: 'bm25' })
  await ask(100)
  await expectRatio(
    () => ask(10_000),
    () => ask(1_250),
    20,
  )
})
