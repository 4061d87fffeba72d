import { expect, test } from 'vitest'
import { endpoints, ignoredNames } from '../src/index.ts'
import { ForgetRequest } from '../src/resources/memories.ts'

const issuesOf = (names: string[]) => {
  const result = ForgetRequest.safeParse({ agent_id: 'a', ...Object.fromEntries(names.map((name) => [name, 1])) })
  return result.error?.issues.map(({ path, message }) => [path.join('.'), message]) ?? []
}

test('ten unknown names are told one by one, and how many more there are', () => {
  const issues = issuesOf(Array.from({ length: 200 }, (_, i) => `tag${i}`))
  expect(issues).toHaveLength(11)
  expect(issues[0]).toEqual(['tag0', 'not a field here; did you mean tags?'])
  expect(issues[10]).toEqual(['', '190 more names are not fields here'])
})

test('two megabytes of unknown names, many or one, are refused within moments', () => {
  const many = Array.from({ length: 19_000 }, (_, i) => `${i}`.padEnd(100, 'x'))
  for (const [names, issues] of [
    [many, 11],
    [['x'.repeat(1_900_000)], 1],
  ] as const) {
    const started = performance.now()
    expect(issuesOf([...names])).toHaveLength(issues)
    expect(performance.now() - started).toBeLessThan(20_000)
  }
})

test('a large body without a name that is ignored, and one of nothing else, are looked through within moments', () => {
  const vectors = {
    agent_id: 'a',
    memories: Array.from({ length: 25 }, () => ({ content: 'x', embedding: Array(4_000).fill(0.5) })),
  }
  const names = Object.fromEntries(Array.from({ length: 19_000 }, (_, i) => [`${i}`.padEnd(100, 'X'), 1]))
  for (const [body, told] of [
    [vectors, 0],
    [{ agent_id: 'a', content: 'x', ...names }, 11],
    [{ ['X'.repeat(1_900_000)]: 1 }, 1],
  ] as const) {
    const started = performance.now()
    expect(
      ignoredNames('memories' in body ? endpoints.memories.storeBatch.body : endpoints.memories.store.body, body),
    ).toHaveLength(told)
    expect(performance.now() - started).toBeLessThan(20_000)
  }
})
