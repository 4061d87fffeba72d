import { expect, test } from 'vitest'
import { engine, start } from './harness.ts'
import { prepare, scanFor } from './plain-scan.ts'
import { series } from './series.ts'

const MEMORIES =
  engine === 'postgres' ? series({ short: 4_000, whole: 20_000 }) : series({ short: 1_000, whole: 2_000 })
const QUESTIONS = engine === 'postgres' ? series({ short: 60, whole: 120 }) : series({ short: 30, whole: 60 })

let seed = 26
const random = (n: number) => {
  seed = (seed * 48271) % 2147483647
  return seed % n
}
const one = <T>(of: readonly T[]): T => of[random(of.length)] as T
const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)
const two = (n: number) => String(n).padStart(2, '0')

const PLAIN = (
  'retry queue payment invoice heron river spring index latency budget review deploy deployed deploying closing ' +
  'closes added adds flying running Maya Lisbon the of it who and at is to'
).split(' ')
const NAMES = (
  'retry queue user order invoice payment http xml parse handle get set by id service node tx db src test mock ' +
  'cache key'
).split(' ')
const ENDS = 'ts py rs go md js json tar.gz'.split(' ')
const FOREIGN = [
  'Straße',
  'STRASSE',
  'café',
  'cafe\u0301',
  'Häuser',
  'ΟΔΟΣ',
  'οδος',
  'Привет',
  'naïve',
  'ﬁle',
  'ＦＵＬＬ',
  '４７１１',
  'so\u00adft',
  'שָׁלוֹם',
  'مَرْحَبًا',
  'Ação',
]
const UNSPACED = ['向量索引的延遲', '東京都の会議', '예산은 사만', 'ประชุมวันพฤหัส', 'ສະບາຍດີ', 'សួស្តី', 'မင်္ဂလာပါ', 'ｱｲｳ']
const SIGNS = ['🚀', '❤️', '→', '€5', '±3', '≥ 7', '5 °C', '100%', '#42', '@maya', '$HOME', '~/.ssh/config']

const TOKENS: (() => string)[] = [
  () => one(PLAIN),
  () => one(PLAIN),
  () => one(PLAIN),
  () => capital(one(PLAIN)),
  () => `${Array.from({ length: 1 + random(3) }, () => one(NAMES)).join('/')}/${one(NAMES)}_${one(NAMES)}.${one(ENDS)}`,
  () => `${one(NAMES)}.${one(ENDS)}`,
  () => one(NAMES) + Array.from({ length: 1 + random(3) }, () => capital(one(NAMES))).join(''),
  () => `${one(NAMES).toUpperCase()}${capital(one(NAMES))}`,
  () => `${one(['PROJ', 'OPS', 'ERR', 'TKT'])}${one(['-', '_', ''])}${random(300)}`,
  () => `v${random(4)}.${random(30)}.${random(9)}${one(['', '-rc1', '-beta.2', '+build7'])}`,
  () => `${random(4)}.${random(30)}`,
  () => {
    const [day, time] = [`2026-${two(1 + random(12))}-${two(1 + random(28))}`, `${two(random(24))}:${two(random(60))}`]
    return `${day}${one(['', `T${time}:05Z`, ` ${time}`])}`
  },
  () => `${random(60)}${one(['ms', 'GB', 's', 'M', 'px'])}`,
  () => `${8000 + random(20)}-${8010 + random(20)}`,
  () => `${one(NAMES)}.${one(NAMES)}@acme.example`,
  () => `https://${one(NAMES)}.acme.example/${one(NAMES)}/${random(99)}?${one(NAMES)}=${random(9)}&x=1#${one(NAMES)}`,
  () =>
    one([
      "don't",
      'don’t',
      "it's",
      'AT&T',
      'C++',
      'C#',
      'F#',
      'R&D',
      'and/or',
      'Node.js',
      'rock ’n’ roll',
      'The Who',
      'IT',
      'e.g.',
      'i.e.',
    ]),
  () =>
    one([
      'List<Invoice>',
      'Map<String, List<User>>',
      '<PROJECT_ID>',
      'a <b && c> d',
      'x => x.id',
      'if (a != b) {',
      'std::vector<int>',
      '<div class="big">',
      'tx[0].id',
      '"key": "value"',
    ]),
  () => random(2 ** 30).toString(16) + random(2 ** 30).toString(16),
  () => Array.from({ length: 20 }, () => one([...'ABCDEFabcdefXYZxyz0123456789'])).join(''),
  () => one(FOREIGN),
  () => one(UNSPACED),
  () => one(SIGNS),
  () =>
    one([
      '--dry-run',
      '-v',
      '--max-old-space-size=4096',
      '-5',
      'snake_case_name',
      '__init__',
      'kebab-case-name',
      '192.168.0.1',
      '::1',
      '10.0.0.0/8',
      'sha256:ab12cd',
    ]),
]
const BETWEEN = [
  ' ',
  ' ',
  ' ',
  ' ',
  ' ',
  ', ',
  '. ',
  '; ',
  ': ',
  '\n',
  '  ',
  ' – ',
  ' (',
  ') ',
  '" ',
  ' "',
  '! ',
  '… ',
  '/',
  '\u00a0',
]
const makeText = () => {
  let text = ''
  for (let i = 4 + random(14); i > 0; i--)
    text += one(TOKENS)() + (i > 1 ? one(BETWEEN) : one(['', '.', '?', '!)', '"']))
  return text
}

/**
 * Returns a piece of a text as somebody would remember it: a token, a part of one, some words in a row, in a different
 * case.
 */
function makeQuestion(texts: string[]): { asked: string; isBeginning: boolean } {
  for (;;) {
    const words = one(texts).split(/\s+/u)
    const at = random(words.length)
    let asked = words.slice(at, at + 1 + random(3)).join(one([' ', ' ', '  ']))
    const kind = random(8)
    if (kind < 3) asked = words[at] as string
    if (kind === 1) asked = one(asked.split(/[^\p{L}\p{N}\p{M}]+/u))
    if (kind === 2) asked = one(asked.split(/(?<=\p{Ll})(?=\p{Lu})|[/@=]/u))
    if (random(3) === 0) asked = one([asked.toLowerCase(), asked.toUpperCase(), asked.normalize('NFD')])
    const isBeginning = random(6) === 0 && /^[\p{L}\p{N}]{2,}$/u.test(asked)
    if (isBeginning) asked = asked.slice(0, 2 + random(asked.length))
    asked = asked.replaceAll('"', '').trim()
    if (/[\p{L}\p{N}]/u.test(asked)) return { asked, isBeginning }
  }
}

test('exact search gives what a plain scan finds: nothing is missed and nothing is wrong', async () => {
  await using t = await start()
  const agent = await t.key({ a: 'read_write' })
  await t.admin.createNamespace('a')
  const texts = Array.from({ length: MEMORIES }, makeText)
  for (let from = 0; from < MEMORIES; from += 1000)
    await t.owner(
      (sql) => sql`insert into memories (namespace_id, id, content) select n.id, 'm' || (${from} + at - 1), content
        from namespaces n, unnest(${texts.slice(from, from + 1000)}::text[]) with ordinality given(content, at)`,
    )
  await t.owner((sql) => sql`select merge_statistics(id) from namespaces`)
  await t.owner((sql) => sql`analyze memories, memory_words, term_statistics`)
  const scans = texts.map(prepare)
  const all = (asked: string, isBeginning: boolean) => {
    const holds = scanFor(asked, isBeginning)
    return new Set(scans.flatMap((text, i) => (holds(text) ? [`m${i}`] : [])))
  }
  // The whole scan runs first, because it blocks the thread in which the server runs too.
  const questions = Array.from({ length: QUESTIONS }, () => {
    const { asked, isBeginning } = makeQuestion(texts)
    const expected = all(asked, isBeginning)
    let query = isBeginning ? `${asked}*` : `"${asked}"`
    if (random(4) === 0) {
      let other = makeQuestion(texts)
      while (other.isBeginning && /^\d/u.test(other.asked)) other = makeQuestion(texts) // -5* excludes nothing
      for (const id of all(other.asked, other.isBeginning)) expected.delete(id)
      query += other.isBeginning ? ` -${other.asked}*` : ` -"${other.asked}"`
    }
    return { query, expected }
  })
  await new Promise((resolve) => setTimeout(resolve, 100)) // so that connections that ended in the meantime are noticed
  const wrong: object[] = []
  const examples = (found: string[]) => found.slice(0, 2).map((id) => texts[Number(id.slice(1))])
  for (const { query, expected } of questions) {
    const found = (await agent.searchMemories('a', query, { mode: 'exact', topK: 100, routing: 'bm25' })).map(
      ({ id }) => id,
    )
    const extra = found.filter((id) => !expected.has(id))
    if (extra.length > 0 || found.length !== Math.min(100, expected.size))
      wrong.push({
        query,
        expected: expected.size,
        found: found.length,
        extra: examples(extra),
        missed: examples([...expected].filter((id) => !found.includes(id))),
      })
  }
  expect(wrong).toEqual([])
})
