import { expect, test } from 'vitest'
import * as z from 'zod'
import { endpoints, explained, parsePlainly, sentence } from '../src/index.ts'

const { memories, keys, namespaces } = endpoints
const said = (schema: z.ZodType, value: unknown) => {
  const { error } = parsePlainly(schema, value)
  return error ? explained(error, 20).map(sentence) : []
}
const store = (fields: object) => said(memories.store.body, { agent_id: 'a', content: 'x', ...fields })

test.each<[string, object, string]>([
  ['a number beyond its bounds', { importance: 3 }, 'importance must be between 0 and 1; you sent 3'],
  [
    'a number at a bound that is not included',
    { ttl_seconds: 0 },
    'ttl_seconds must be greater than 0 and at most 3153600000; you sent 0',
  ],
  ['text for a number', { importance: 'high' }, 'importance must be a number; you sent "high"'],
  ['a number for text', { memory_type: 7 }, 'memory_type must be text; you sent 7'],
  ['an object for text', { content: {} }, 'content must be text; you sent an object'],
  ['a text for a list', { tags: 'x' }, 'tags must be a list; you sent "x"'],
  ['a list for an object', { metadata: [] }, 'metadata must be an object'],
  ['too short a text', { content: '' }, 'content must have 1 to 100000 characters; you sent 0'],
  ['too long a text, counted as people do', { id: '💡'.repeat(201) }, 'id must have 1 to 200 characters; you sent 201'],
  ['too long a list', { tags: Array(101).fill('x') }, 'tags must have at most 100 elements; you sent 101'],
  ['a wrong element', { tags: ['x', null] }, 'tags.1 must be text; you sent null'],
  ['no time', { valid_from: 'yesterday' }, 'valid_from must be unix seconds or an ISO-8601 date-time'],
  ['what is missing', { agent_id: undefined }, 'agent_id is required'],
])('%s', (_, fields, sentence) => expect(store(fields)).toEqual([sentence]))

test('a fraction, a word that is none of those, and bounds within', () => {
  expect(
    said(memories.recall.body, { agent_id: 'a', query: 'x', top_k: 1.5, routing: 'foo', weights: { vector: 2 } }),
  ).toEqual([
    'routing must be "auto", "hybrid", "vector" or "bm25"; you sent "foo"',
    'weights.vector must be between 0 and 1; you sent 2',
    'top_k must be a whole number; you sent 1.5',
  ])
  expect(said(memories.recallByQuery.query, { agent_id: 'a', query: 'x', top_k: 'abc', min_score: '2' })).toEqual([
    'min_score must be between 0 and 1; you sent 2',
    'top_k must be a number; you sent "abc"',
  ])
})

test('a name that is none, a pattern, and a whole body', () => {
  expect(said(keys.create.body, { name: 'x', grants: { 'no such ns!': 'read' }, secret: 'short' })).toEqual([
    'grants.no such ns! must start with a letter or digit and contain only letters, digits, ".", "_" and "-"',
    'secret must have 8 to 256 characters; you sent 5',
  ])
  expect(said(namespaces.create.body, { name: 'a b' })[0]).toMatch(/^name must start with a letter or digit/)
  expect(said(memories.store.body, [])).toEqual(['The request must be an object; you sent a list'])
  expect(said(memories.store.body, null)).toEqual(['The request must be an object; you sent null'])
})

test('a value is shown shortened, and a secret never', () => {
  expect(said(z.object({ n: z.number() }), { n: 'x'.repeat(1000) })).toEqual([
    `n must be a number; you sent "${'x'.repeat(40)}…"`,
  ])
  expect(JSON.stringify(said(keys.create.body, { name: 'x', secret: 'my secret' }))).not.toContain('my secret')
})

test('no issue of any schema is told in the words of the validator', () => {
  const bodies = Object.values(endpoints)
    .flatMap((group) => Object.values(group))
    .flatMap((endpoint) => ('body' in endpoint ? [endpoint.body] : []))
  for (const body of bodies)
    for (const value of [
      null,
      7,
      'x',
      [],
      true,
      -1,
      { agent_id: 7, content: [], query: {}, memories: 7, filter: 7, grants: 7, name: null, importance: [] },
    ])
      expect(said(body, value).join()).not.toMatch(/Invalid input|expected|received|Too (big|small)/)
})
