import { expect, test } from 'vitest'
import { start } from '../../../../test/harness.ts'

const ids = (found: { id: string }[]) => found.map(({ id }) => id)

test(
  'words inside of compounds, in angle brackets and across composed forms are found as a reader sees them, ' +
    'exactly and by recall',
  async () => {
    await using t = await start()
    const agent = await t.key({ a: 'read_write' })
    const notes: Record<string, string> = {
      path: 'The retry is in src/payments/retry_queue.py, line 12.',
      source: 'See src/db/tx.ts for the brand.',
      ticket: 'PROJ-4711 was closed by Maya.',
      ports: 'Ports 8000-8010 are open.',
      date: 'The audit of 2026-11-28 found nothing.',
      node: 'The server runs on Node.js 24.',
      version: 'Released as 1.26.4 at noon.',
      mail: 'Write to jane.doe@acme.example about it.',
      time: 'It failed at 2026-11-27T12:00:05Z again.',
      cannot: 'They don’t answer on Sundays.',
      generic: 'It returns List<Invoice> to the caller.',
      tag: 'Set <PROJECT_ID> first, then a <b && c> d.',
      humps: 'getUserById is called by HTTPServer and retryQueue2.',
      stop: 'IT told The Who and AT&T.',
      accents: 'The cafe\u0301 closes at ten.',
      wide: 'ＦＵＬＬ　ｗｉｄｔｈ ４７１２',
      street: 'Die Straße ist gesperrt.',
      thai: 'ประชุมวันพฤหัสบดี',
      emoji: 'All is well 🚀 today → tomorrow',
      flags: 'Run it with --dry-run and -5 degrees.',
      plus: 'Written in C++, not in C#.',
    }
    await agent.storeMemories(
      'a',
      Object.entries(notes).map(([id, content]) => ({ id, content })),
    )
    const cases: [string, string[]][] = [
      ['retry_queue.py', ['path']],
      ['retry', ['humps', 'path']],
      ['payments', ['path']],
      ['py', ['path']],
      ['tx.ts', ['source']],
      ['ts', ['source']],
      ['"tx ts"', []],
      ['src', ['path', 'source']],
      ['4711', ['ticket']],
      ['proj-4711', ['ticket']],
      ['8010', ['ports']],
      ['28', ['date']],
      ['node', ['node']],
      ['js', ['node']],
      ['1.26', ['version']],
      ['26', ['version']],
      ['acme.example', ['mail']],
      ['jane.doe', ['mail']],
      ['doe', ['mail']],
      ['12:00', ['time']],
      ["don't", ['cannot']],
      ['don’t', ['cannot']],
      ['invoice', ['generic']],
      ['List<Invoice>', ['generic']],
      ['project_id', ['tag']],
      ['"b && c"', ['tag']],
      ['user', ['humps']],
      ['getuserbyid', ['humps']],
      ['http', ['humps']],
      ['httpserver', ['humps']],
      ['"The Who"', ['stop']],
      ['"IT told"', ['stop']],
      ['AT&T', ['stop']],
      ['café', ['accents']],
      ['cafe\u0301', ['accents']],
      ['cafe', []],
      ['full width', ['wide']],
      ['4712', ['wide']],
      ['strasse', ['street']],
      ['STRASSE', ['street']],
      ['วันพฤหัสบดี', ['thai']],
      ['🚀', ['emoji']],
      ['→', ['emoji']],
      ['--dry-run', ['flags']],
      ['-5', ['flags']],
      ['C++', ['plus']],
      ['C#', ['plus']],
      ['retr*', ['humps', 'path']],
      ['goi*', []],
      ['closes*', ['accents']],
      ['closing', []],
    ]
    for (const merged of [false, true]) {
      if (merged) await t.owner((sql) => sql`select merge_statistics(id) from namespaces`)
      for (const [query, expected] of cases)
        expect([query, ids(await agent.searchMemories('a', query, { mode: 'exact', topK: 100 })).sort()]).toEqual([
          query,
          expected,
        ])
    }
  },
)

test('a phrase is found, and excluded, however often its words have occurred before it', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { id: 'often', content: `${'retry passed. '.repeat(255)}retry failed.` })
  await agent.storeMemory('a', { id: 'late', content: `${'w x y z '.repeat(11_000)}heron nests` })
  expect(ids(await agent.searchMemories('a', '"retry failed"', { mode: 'exact' }))).toEqual(['often'])
  expect(ids(await agent.searchMemories('a', '"heron nests"', { mode: 'exact' }))).toEqual(['late'])
  expect(ids(await agent.searchMemories('a', 'passed -"retry failed"'))).toEqual([])
  expect(ids(await agent.searchMemories('a', 'z -"heron nests"'))).toEqual([])
})

test('what was indexed before is found as it was, exactly at once, and is indexed anew in turns', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const { stored } = await agent.storeMemories(
    'a',
    Array.from({ length: 30 }, (_, i) => ({
      content: `Ticket PROJ-${4700 + i} is in src/db/tx${i}.ts, said the heron.`,
    })),
  )
  await t.owner(async (sql) => {
    await sql`select merge_statistics(id) from namespaces`
    await sql`update memory_words w set ts = old.ts, dl = (select sum(cardinality(positions)) from unnest(old.ts))
      from memories m cross join lateral (select to_tsvector('english', cut_runs(segment_cjk(m.content, false)))
        as ts) old where m.namespace_id = w.namespace_id and m.id = w.id`
    await sql`delete from term_statistics`
    await sql`insert into term_statistics select namespace_id, term, count(*)
      from memory_words, unnest(tsvector_to_array(ts)) term group by 1, 2`
    await sql`update namespace_statistics set positions = (select sum(dl) from memory_words)`
    await sql`insert into old_words (namespace_id) select id from namespaces`
    await sql`insert into upkeep (namespace_id, job, is_due) select id, 'words', true from namespaces`
  })
  const renew = (most: number) => t.database.sql.unsafe(`select * from renew_next(${most})`)
  const exact = async (query: string) =>
    ids(await agent.searchMemories('a', query, { mode: 'exact', topK: 100 })).sort()
  const check = async () => {
    expect(await exact('4711')).toEqual([stored[11]?.id])
    expect(await exact('tx12.ts')).toEqual([stored[12]?.id])
    expect(await exact('heron')).toHaveLength(30)
    expect(await exact('-ticket')).toEqual([])
    expect(await exact('-nothing')).toHaveLength(30)
    expect(await exact('heron -"PROJ-4711"')).toHaveLength(29)
    expect(ids(await agent.recall('a', 'src/db/tx7.ts', { routing: 'bm25' }))[0]).toBe(stored[7]?.id)
  }
  await check()
  expect(await renew(12)).toEqual([{ done: 12, failed: false }])
  await check()
  expect(await renew(100)).toEqual([{ done: 18, failed: false }])
  await check()
  expect(await renew(100)).toEqual([{ done: 0, failed: false }])
  expect(await renew(100)).toEqual([{ done: null, failed: false }])
  await check()
  expect(ids(await agent.recall('a', '4711', { routing: 'bm25' }))).toEqual([stored[11]?.id])
  await t.owner(async (sql) => {
    expect(
      await sql`select from memory_words w join memories m using (namespace_id, id)
        where (words_of(m.namespace_id, m.content)).ts <> w.ts`,
    ).toHaveLength(0)
    await sql`select merge_statistics(id) from namespaces`
    expect(
      await sql`select term, documents from term_statistics except
      select term collate "C", count(*)::int from memory_words, unnest(tsvector_to_array(ts)) term group by 1`,
    ).toHaveLength(0)
    expect(
      await sql`select from namespace_statistics where positions <> (select sum(dl) from memory_words)`,
    ).toHaveLength(0)
  })
})

test(
  'highlights mark parts of compounds, late words of a long memory and scripts without spaces, as they were ' +
    'written',
  async () => {
    await using t = await start()
    const agent = await t.key({ a: 'read_write' })
    await agent.storeMemories('a', [
      { id: 'path', content: 'See src/payments/retry_queue.py,\nline 12 – and getUserById.' },
      {
        id: 'late',
        content: `${'other words here '.repeat(3000)}the NEEDLE stands there${' and more of it'.repeat(2000)}`,
      },
      { id: 'thai', content: 'ประชุมวันพฤหัสบดี' },
      { id: 'tag', content: 'It returns List<Invoice> now.' },
    ])
    const of = async (query: string) =>
      (await agent.searchMemories('a', query, { mode: 'exact', highlight: true }))[0]?.highlights?.join(' … ')
    expect(await of('retry_queue.py')).toBe('See src/payments/**retry**_**queue**.**py**,\nline 12 – and getUserById.')
    expect(await of('user')).toContain('get**User**ById.')
    expect(await of('needle')).toContain('the **NEEDLE** stands there')
    expect((await of('needle'))?.length).toBeLessThan(300)
    expect(await of('พฤหัสบดี')).toContain('**พฤหัสบดี**')
    expect(await of('invoice')).toContain('List<**Invoice**>')
  },
)

test('a caller of the functions of the server learns no content through those of the search role', async () => {
  await using t = await start()
  const secret = await t.secret({ a: 'read_write' })
  await t.admin.storeMemory('b', { id: 'hidden', content: 'private' })
  const asked = (call: string) =>
    t.as(secret, (sql) => sql.unsafe(`select ${call} from (values ('\u0001private\u0001')) n(needle)`))
  await expect(asked(`literal_hits(1, '{hidden}', array[needle], '{private}', 1)`)).rejects.toMatchObject({
    code: '42501',
  })
  await expect(asked(`is_excluded(1, 'hidden', array[needle], '{private}')`)).rejects.toMatchObject({ code: '42501' })
})

test('a session whose first search excludes something may do so', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemory('a', { id: 'nest', content: 'The heron nests.' })
  expect(ids(await agent.searchMemories('a', 'heron -pond*', { mode: 'exact' }))).toEqual(['nest'])
})

test('what is excluded is, however it is capitalised', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  const contents = ['foo Äpfel bar', 'foo МОСКВА bar', 'foo École bar', 'foo ΟΔΟΣ bar']
  await agent.storeMemories(
    'a',
    contents.map((content) => ({ content })),
  )
  for (const query of ['foo -Äpfel', 'foo -äpfel', 'foo -"Äpfel bar"', 'foo -äp*']) {
    const found = await agent.searchMemories('a', query, { mode: 'exact' })
    expect(found.map(({ content }) => content).sort(), query).toEqual(contents.slice(1).sort())
  }
  const found = await agent.searchMemories('a', 'foo -москва -école -οδος', { mode: 'exact' })
  expect(found.map(({ content }) => content)).toEqual(['foo Äpfel bar'])
})

test('a beginning may end where a part of a path or a version does', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await agent.storeMemories('a', [
    { content: 'see src/db/tx.ts' },
    { content: 'Node 1.26.4 runs' },
    { content: 'Node 1.260 ran' },
    { content: 'src/dbx' },
  ])
  const contentsOf = async (query: string) =>
    (await agent.searchMemories('a', query, { mode: 'exact' })).map(({ content }) => content)
  expect(await contentsOf('src/db/*')).toEqual(['see src/db/tx.ts'])
  expect(await contentsOf('1.26.*')).toEqual(['Node 1.26.4 runs'])
  expect(await contentsOf('s* -src/db/*')).toEqual(['src/dbx'])
})

test(
  'highlights mark words that stems leave out, where nothing else was asked for, and of a long memory up to ' +
    'three places',
  async () => {
    await using t = await start()
    const agent = await t.key({ a: 'read_write' })
    await agent.storeMemories('a', [
      { content: 'saw The Who live' },
      { content: 'ask IT about it' },
      { content: `${'b c '.repeat(20_000)}the heron nests ${'b c '.repeat(4_000)}a heron` },
    ])
    const highlightsOf = async (query: string) =>
      (await agent.searchMemories('a', query, { mode: 'exact', highlight: true })).map(({ highlights }) => highlights)
    expect(await highlightsOf('"The Who"')).toEqual([['saw **The** **Who** live']])
    expect(await highlightsOf('IT')).toEqual([['ask **IT** about **it**']])
    const [many] = await highlightsOf('heron')
    expect(many).toHaveLength(2)
    expect(many?.every((piece) => piece.includes('**heron**'))).toBe(true)
    expect((await highlightsOf('"b c"'))[0]).toHaveLength(3)
  },
)
