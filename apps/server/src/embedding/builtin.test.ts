import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { BUILTIN_MODEL, BUILTIN_MODEL_FILE, builtinEmbedder, openBuiltin, readTable } from './builtin.ts'
import { embed } from './openai-server.fixture.ts'
import fixtures from './token-ids.fixtures.json' with { type: 'json' }
import { PART_LETTERS, words } from './word-piece.ts'

const file = await readFile(BUILTIN_MODEL_FILE)
const { wordPiece } = readTable(file)
const embedder = await openBuiltin()
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0)
const vector = async (text: string) => (await embed(embedder, [text]))[0] as Float32Array

test('the shipped model is the one its README, licence and name are about', async () => {
  const sha256 = createHash('sha256').update(file).digest('hex')
  expect(sha256).toBe('5aecb103d77392e48c2b289fbf3b8e0a8278f3f41b131b3401a2fff4fce81785')
  const beside = (name: string) => readFile(new URL(name, BUILTIN_MODEL_FILE), 'utf8')
  expect(await beside('README.md')).toContain(sha256)
  expect(await beside('README.md')).toContain(BUILTIN_MODEL)
  expect(await beside('NOTICE')).toContain('all-MiniLM-L6-v2')
  expect(await beside('LICENSE')).toContain('Version 2.0, January 2004')
})

describe('a text is cut into the same tokens as when the model was trained', () => {
  // Written by the Python tokenizer (Hugging Face tokenizers 0.23.3) that counted the training text.
  test.each(fixtures)('$name', ({ text, ids }) => {
    expect(wordPiece.tokens(text)).toEqual(ids)
  })

  test('but a form feed parts words, where Python glues them together', () => {
    expect(wordPiece.tokens('page\fnext\vline')).toEqual(wordPiece.tokens('page next line'))
  })

  test('and a letter not yet assigned is left out, where Python gives up the word', () => {
    expect(wordPiece.tokens('mem\u0378ory')).toEqual(wordPiece.tokens('memory'))
  })

  test('and a second reading of the same word, now remembered, gives the same', () => {
    for (const { text, ids } of fixtures) expect(wordPiece.tokens(text)).toEqual(ids)
  })
})

test('a long text is cut into parts, and not inside of a letter or a word', () => {
  for (let before = PART_LETTERS - 6; before <= PART_LETTERS; before++) {
    // A pair of surrogates; two marks that Unicode puts into another order; a word without an accent.
    const [filler, ...rest] = [...words(`${'ж'.repeat(before)} \u{20BB7} x\u302E\u{1D165}y`)].flat()
    expect([filler?.length, ...rest]).toEqual([before, '\u{20BB7}', 'x\u{1D165}\u302Ey'])
    expect([...words(`${'!'.repeat(before)}memories`)].flat().at(-1)).toBe('memories')
  }
})

test('others are served while one long text is embedded', async () => {
  let turns = 0
  let isOver = false
  const count = () => {
    turns++
    if (!isOver) setImmediate(count)
  }
  count()
  await embed(embedder, ['中'.repeat(100_000)])
  isOver = true
  expect(turns).toBeGreaterThan(20)
})

test('vectors have length 1 and lie near what means the same', async () => {
  const [question, answer, other] = await Promise.all([
    vector('How do we roll back a bad deployment?'),
    vector('To undo a failed release, redeploy the previous version.'),
    vector('The cafeteria serves soup on Mondays.'),
  ])
  expect(question.length).toBe(embedder.dimension)
  expect(dot(question, question)).toBeCloseTo(1, 5)
  expect(dot(question, answer)).toBeGreaterThan(dot(question, other) + 0.1)
})

test('the vector of a known text does not drift under the same model name', async () => {
  const [first, second, last] = await vector('The reviewer approved pull request 4821.').then((v) => [
    v[0],
    v[1],
    v[255],
  ])
  expect([first, second, last].map((value) => value?.toFixed(5))).toEqual(['0.21066', '-0.12922', '0.03583'])
})

test('a text without a known word has no vector', async () => {
  expect(await embed(embedder, ['', '   ', '\u0000', 'ꙮꙮ', 'x'.repeat(150)])).toEqual([null, null, null, null, null])
})

test('texts keep their order', async () => {
  const texts = ['one', 'ꙮ', 'two', 'one']
  const [one, none, two, again] = await embed(embedder, texts)
  expect(none).toBeNull()
  expect(again).toEqual(one)
  expect(two).toEqual(await vector('two'))
})

test('an import of thousands lets other work through, and stops when its caller leaves', async () => {
  const texts = Array.from(
    { length: 3000 },
    (_, n) => `memory number ${n} about the deployment pipeline and its flaky integration tests`,
  )
  let turns = 0
  const ticking = setInterval(() => turns++, 0)
  await embed(embedder, texts)
  clearInterval(ticking)
  expect(turns).toBeGreaterThan(1)
  await expect(embed(embedder, texts, AbortSignal.timeout(1))).rejects.toThrow(/aborted due to timeout/)
})

test('a damaged model file is refused', () => {
  expect(() => builtinEmbedder(file.subarray(0, -1))).toThrow(/damaged/)
  expect(() => builtinEmbedder(Buffer.from('<!doctype html>'))).toThrow(/damaged/)
})

test('it is always ready', async () => {
  expect(await embedder.check()).toEqual({ ok: true })
})
