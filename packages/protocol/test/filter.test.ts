import { expect, test } from 'vitest'
import { FilterError, MetadataFilter, parseFilter } from '../src/filter.ts'

test('a plain field is equality, and several must all hold', () => {
  expect(parseFilter({ source: 'researcher', confirmed: true })).toEqual({
    kind: 'all',
    filters: [
      { kind: 'compare', path: ['source'], operator: '$eq', value: 'researcher' },
      { kind: 'compare', path: ['confirmed'], operator: '$eq', value: true },
    ],
  })
})

test('operators stand under a field, a dotted field reaches inside', () => {
  expect(
    parseFilter({ 'run.score': { $gte: 0.5, $lt: 1 }, tag: { $in: ['a', null] }, draft: { $exists: false } }),
  ).toEqual({
    kind: 'all',
    filters: [
      {
        kind: 'all',
        filters: [
          { kind: 'compare', path: ['run', 'score'], operator: '$gte', value: 0.5 },
          { kind: 'compare', path: ['run', 'score'], operator: '$lt', value: 1 },
        ],
      },
      { kind: 'all', filters: [{ kind: 'list', path: ['tag'], operator: '$in', values: ['a', null] }] },
      { kind: 'all', filters: [{ kind: 'exists', path: ['draft'], value: false }] },
    ],
  })
})

test('$and, $or and $not stand around fields', () => {
  const equal = (value: number) => ({
    kind: 'all',
    filters: [{ kind: 'compare', path: ['a'], operator: '$eq', value }],
  })
  expect(parseFilter({ $or: [{ a: 1 }, { $not: { a: 2 } }] })).toEqual({
    kind: 'all',
    filters: [{ kind: 'any', filters: [equal(1), { kind: 'all', filters: [{ kind: 'not', filter: equal(2) }] }] }],
  })
  expect(parseFilter({ $and: [{ a: 1 }] })).toEqual({ kind: 'all', filters: [{ kind: 'all', filters: [equal(1)] }] })
})

const deep = (levels: number): object => (levels === 0 ? { a: 1 } : { $not: deep(levels - 1) })

test.each([
  ['a value that is a list', { source: ['a'] }, 'source', /string, a number/],
  ['an operator nobody knows', { score: { $near: 1 } }, 'score.$near', /unknown operator/],
  ['an operator at the top', { $eq: 1 }, '$eq', /unknown operator/],
  [
    'an object as a value',
    { run: { score: 1 } },
    'run.score',
    /unknown operator; to ask about what is inside, write run\.score/,
  ],
  ['an operator without its sign', { score: { gt: 1 } }, 'score.gt', /did you mean \$gt\?/],
  ['$or of nothing', { $or: [] }, '$or', /non-empty array/],
  ['$and of an object', { $and: { a: 1 } }, '$and', /non-empty array/],
  ['a member of $or that is no filter', { $or: [{ a: 1 }, 7] }, '$or.1', /expected an object/],
  ['$not of a list', { $not: [] }, '$not', /expected an object/],
  ['$in of a word', { a: { $in: 'b' } }, 'a.$in', /expected an array/],
  ['$in of lists', { a: { $in: [['b']] } }, 'a.$in', /string, a number/],
  ['$in of too many', { a: { $in: Array(1001).fill(1) } }, 'a.$in', /1000/],
  ['$exists of a word', { a: { $exists: 'yes' } }, 'a.$exists', /true or false/],
  ['a path with a hole', { 'a..b': 1 }, 'a..b', /empty parts/],
  ['an infinite number', { a: Number.POSITIVE_INFINITY }, 'a', /number/],
  ['a lone surrogate', { a: '\ud800' }, 'a', /well-formed/],
  ['a NUL', { a: { $contains: 'x\u0000' } }, 'a.$contains', /well-formed/],
  ['too deep', deep(9), Array(9).fill('$not').join('.'), /8 levels/],
  [
    'too many conditions',
    Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`f${i}`, 1])),
    'f100',
    /100 conditions/,
  ],
])('%s is refused, naming the place', (_, filter, path, problem) => {
  const result = MetadataFilter.safeParse(filter)
  expect(result.error?.issues.map((issue) => [issue.path.join('.'), issue.message])).toEqual([
    [path, expect.stringMatching(problem)],
  ])
  expect(() => parseFilter(filter)).toThrow(FilterError)
})

test('as deep and as large as is allowed passes', () => {
  expect(() => parseFilter(deep(8))).not.toThrow()
  expect(() => parseFilter(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, 1])))).not.toThrow()
})

test.each([[null], [[]], ['a'], [7]])('%j is no filter', (value) => {
  expect(() => parseFilter(value)).toThrow('expected an object')
  expect(MetadataFilter.safeParse(value).success).toBe(false)
})
