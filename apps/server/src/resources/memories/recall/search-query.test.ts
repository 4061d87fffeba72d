import { expect, test } from 'vitest'
import { parseSearch } from './search-query.ts'

test.each([
  ['plain words', 'index latency', { text: 'index latency', all: ['index', 'latency'] }],
  ['a phrase', 'the "index latency" here', { text: 'the index latency here', all: ['the', 'index latency', 'here'] }],
  [
    'an excluded word and phrase',
    'index -draft -"not this"',
    { text: 'index', all: ['index'], none: ['draft', 'not this'] },
  ],
  ['a hyphen inside of a word', 'dk-admin-key', { text: 'dk-admin-key', all: ['dk-admin-key'] }],
  [
    'a flag and a number below zero',
    '--dry-run -5 -5* --"not this"',
    { text: '--dry-run -5 -5 -- not this', all: ['--dry-run', '-5', '--', 'not this'], prefixes: ['-5'] },
  ],
  ['a short flag, excluded but for quotes', 'run -v "-x"', { text: 'run -x', all: ['run', '-x'], none: ['v'] }],
  [
    'a tag, quoted or not',
    'tag:status:done tag:"two words" x',
    { text: 'x', all: ['x'], tags: ['status:done', 'two words'] },
  ],
  ['an excluded tag', '-tag:draft x', { text: 'x', all: ['x'], noneTags: ['draft'] }],
  ['a beginning', 'hnsw* -index*', { text: 'hnsw', prefixes: ['hnsw'], nonePrefixes: ['index'] }],
  ['what is no syntax', 'a * ** " -', { text: 'a * ** " -', all: ['a', '*', '**', '"', '-'] }],
  ['an empty phrase', '"" x', { text: 'x', all: ['x'] }],
  [
    'operators of other languages',
    "a & b | !c <-> 'd':*",
    { text: "a & b | !c <-> 'd':*", all: ['a', '&', 'b', '|', '!c', '<->', "'d':*"] },
  ],
])('%s', (_, input, expected) => {
  expect(parseSearch(input)).toEqual({
    all: [],
    prefixes: [],
    none: [],
    nonePrefixes: [],
    tags: [],
    noneTags: [],
    ...expected,
  })
})
