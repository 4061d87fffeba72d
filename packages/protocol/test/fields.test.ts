import { expect, test } from 'vitest'
import type * as z from 'zod'
import { Instant, JsonObject, text } from '../src/fields.ts'
import { StoreMemoryRequest } from '../src/resources/memories.ts'
import { NamespaceName } from '../src/resources/namespaces.ts'

const accepts = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success

test.each(['a', '7', 'team-shared', 'a.b_c-d', 'A'.repeat(128), 'systems'])('%s names a namespace', (name) => {
  expect(NamespaceName.parse(name)).toBe(name)
})

test.each([
  '',
  '_private',
  '-a',
  '.a',
  'a b',
  'a/b',
  'a*',
  'é',
  'a\u0000',
  'a\n',
  'system_x',
  'A'.repeat(129),
  '_dakera_agent_',
  '_dakera_agent__x',
  '_dakera_agent_system_x',
])('%j names no namespace', (name) => {
  expect(accepts(NamespaceName, name)).toBe(false)
})

test('_dakera_agent_x means x', () => {
  expect(NamespaceName.parse('_dakera_agent_x')).toBe('x')
})

test('NUL and lone surrogates are refused wherever text can stand', () => {
  for (const bad of ['a\u0000b', '\ud800', 'x\udc00']) {
    expect(accepts(text(1, 10), bad)).toBe(false)
    expect(accepts(JsonObject, { a: [{ b: bad }] })).toBe(false)
    expect(accepts(JsonObject, { [bad]: 1 })).toBe(false)
    const memory = { agent_id: 'a', content: 'fine' }
    expect(accepts(StoreMemoryRequest, memory)).toBe(true)
    for (const field of ['content', 'memory_type', 'session_id', 'id', 'agent_id'])
      expect(accepts(StoreMemoryRequest, { ...memory, [field]: bad }), field).toBe(false)
    expect(accepts(StoreMemoryRequest, { ...memory, tags: [bad] })).toBe(false)
  }
})

test('a whole surrogate pair is text', () => {
  expect(text(1, 10).parse('\u{1f4a1}')).toBe('\u{1f4a1}')
})

test('an object may be 64 levels deep, not 65', () => {
  const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) })
  expect(accepts(JsonObject, nested(64))).toBe(true)
  expect(accepts(JsonObject, nested(65))).toBe(false)
})

test('a moment is unix seconds or ISO-8601', () => {
  expect(Instant.parse(1_700_000_000).toISOString()).toBe('2023-11-14T22:13:20.000Z')
  expect(Instant.parse('2026-01-02').toISOString()).toBe('2026-01-02T00:00:00.000Z')
  expect(Instant.parse('2026-01-02T03:04:05+02:00').toISOString()).toBe('2026-01-02T01:04:05.000Z')
  expect(Instant.parse(1_700_000_000.25).toISOString()).toBe('2023-11-14T22:13:20.250Z')
  for (const bad of ['yesterday', '2026-13-01', 1e15, null]) expect(accepts(Instant, bad)).toBe(false)
})

test('a moment without a zone is UTC wherever the process is', () => {
  const zone = process.env['TZ']
  process.env['TZ'] = 'America/New_York'
  try {
    expect(new Date(2026, 0, 1).getTimezoneOffset()).toBe(300) // the process believes it
    for (const text of [
      '2026-11-28T11:42:05',
      '2026-11-28T11:42:05Z',
      '2026-11-28T13:42:05+02:00',
      '2026-11-28T11:42:05.000000',
    ])
      expect(Instant.parse(text).toISOString()).toBe('2026-11-28T11:42:05.000Z')
    expect(Instant.parse('2026-11-28').toISOString()).toBe('2026-11-28T00:00:00.000Z')
  } finally {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  }
})

test('milliseconds are refused as such', () => {
  expect(Instant.safeParse(Date.now()).error?.issues[0]?.message).toContain('milliseconds are divided by 1000')
  expect(Instant.safeParse(253_402_300_799).success).toBe(true)
})
