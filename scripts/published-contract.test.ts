import { expect, test } from 'vitest'
import { type Document, findBreaches } from './published-contract.ts'

const published: Document = {
  paths: {
    '/things': {
      post: {
        parameters: [{ name: 'dry_run', in: 'query', required: false, schema: { type: 'boolean' } }],
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/NewThing' } } } },
        responses: { 200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Things' } } } } },
        'x-aliases': ['POST /things/create'],
      },
    },
  },
  components: {
    schemas: {
      NewThing: {
        type: 'object',
        properties: { name: { type: 'string' }, size: { type: 'integer' }, kind: { enum: ['big', 'small'] } },
        required: ['name'],
      },
      Things: {
        type: 'object',
        properties: { items: { type: 'array', items: { $ref: '#/components/schemas/Thing' } } },
      },
      Thing: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          size: { anyOf: [{ type: 'number' }, { type: 'null' }] },
          kind: { type: 'string', enum: ['big', 'small'] },
          note: { type: 'string' },
          parent: { $ref: '#/components/schemas/Thing' },
        },
        required: ['name', 'size'],
      },
    },
  },
}

type Fields = { properties: Record<string, unknown>; required: string[] }
type Draft = {
  operation: { parameters: unknown[]; requestBody: unknown; responses: Record<string, unknown>; 'x-aliases': string[] }
  thing: Fields
  newThing: Fields
}

/** Returns the breaches after a change of the published document. */
function after(change: (draft: Draft) => void): string[] {
  const current = structuredClone(published)
  const { NewThing, Thing } = current.components.schemas
  change({ operation: current.paths['/things']?.['post'], thing: Thing, newThing: NewThing } as Draft)
  return findBreaches(published, current).map((problem) => problem.replace('POST /things: ', ''))
}

test('nothing is found in a document that is the same', () => {
  expect(after(() => {})).toEqual([])
})

test('a reply may gain optional fields and values, and say more exactly what it was', () => {
  const found = after(({ thing }) => {
    Object.assign(thing.properties, { color: { type: 'string' }, size: { type: 'integer' } })
    Object.assign(thing.properties, { kind: { type: 'string', enum: ['big', 'small', 'huge'] } })
  })
  expect(found).toEqual([])
})

test('a request may gain optional fields, values and types', () => {
  const found = after(({ newThing, operation }) => {
    Object.assign(newThing.properties, { color: { type: 'string' }, size: { type: ['number', 'string'] } })
    Object.assign(newThing.properties, { kind: { enum: ['big', 'small', 'huge'] } })
    newThing.required = []
    operation.parameters.push({ name: 'limit', in: 'query', required: false, schema: { type: 'integer' } })
  })
  expect(found).toEqual([])
})

const breaches: [string, (draft: Draft) => void, string][] = [
  [
    'a reply gains a required field',
    ({ thing }) => {
      thing.properties['color'] = { type: 'string' }
      thing.required.push('color')
    },
    'reply.items[].color is required now',
  ],
  [
    'an optional field of a reply becomes required',
    ({ thing }) => thing.required.push('note'),
    'reply.items[].note is required now',
  ],
  [
    'a required field of a reply becomes optional',
    ({ thing }) => thing.required.pop(),
    'reply.items[].size may be absent now',
  ],
  ['a reply loses a field', ({ thing }) => delete thing.properties['note'], 'reply.items[].note is gone'],
  [
    'a field of a reply has another type',
    ({ thing }) => (thing.properties['note'] = { type: 'array' }),
    'reply.items[].note was string and is array',
  ],
  [
    'a field of a reply can be null now',
    ({ thing }) => (thing.properties['note'] = { type: ['string', 'null'] }),
    'reply.items[].note was string and is string | null',
  ],
  ['a reply is gone', ({ operation }) => delete operation.responses[200], 'the reply 200 is gone'],
  [
    'a request gains a required field',
    ({ newThing }) => {
      newThing.properties['color'] = { type: 'string' }
      newThing.required.push('color')
    },
    'request.color is required now',
  ],
  ['a request loses a field', ({ newThing }) => delete newThing.properties['size'], 'request.size is gone'],
  [
    'a field of a request takes fewer types',
    ({ newThing }) => (newThing.properties['size'] = { type: 'string' }),
    'request.size was integer and is string',
  ],
  [
    'a field of a request takes fewer values',
    ({ newThing }) => (newThing.properties['kind'] = { enum: ['big'] }),
    'request.kind no longer takes "small"',
  ],
  ['a parameter is gone', ({ operation }) => operation.parameters.pop(), 'the parameter dry_run is gone'],
  [
    'a new parameter is required',
    ({ operation }) => operation.parameters.push({ name: 'limit', in: 'query', required: true, schema: {} }),
    'the parameter limit is required now',
  ],
  ['an alias is gone', ({ operation }) => operation['x-aliases'].pop(), 'the alias POST /things/create is gone'],
]

test.each(breaches)('%s', (_name, change, problem) => {
  expect(after(change)).toEqual([problem])
})

test('an operation that is gone', () => {
  expect(findBreaches(published, { ...published, paths: {} })).toEqual(['POST /things is gone'])
})
