import { DakeraClient } from '@dakera-ai/dakera'
import { expect, test } from 'vitest'
import { run, startDemoServer } from '../demo-server.fixture.ts'

test('main.ts shares what is verified and is refused what is private', async () => {
  await using server = await startDemoServer()
  const { code, stdout, stderr } = await run(process.execPath, ['examples/shared-memory/main.ts'], { DAKERA_URL: server.url })

  expect(code, stderr).toBe(0)
  const lines = stdout.trimEnd().split('\n')
  expect(lines[0]).toBe('Namespaces: coordinator, researcher, team-shared, writer')
  expect(lines[1]).toBe('The writer finds 2 findings:')
  expect(lines.slice(2, 4).sort()).toEqual([
    '  [0.80] A warm instance answers in 3 ms, and stays warm for ten minutes without traffic.',
    '  [0.85] Cold starts take 65 ms at the median, measured in four regions over a week.',
  ])
  expect(lines[4]).toMatch(/^The researcher sees: Article finished/)
  expect(lines[5]).toBe("The writer asks for the researcher's notes: 403 NAMESPACE_ACCESS_DENIED")
  expect(await contents(server.url)).toEqual({ 'team-shared': 3, researcher: 1, writer: 1 })

  const again = await run(process.execPath, ['examples/shared-memory/main.ts'], { DAKERA_URL: server.url })
  expect(again.code, again.stderr).toBe(0)
})

test('curl.sh does the same with curl alone', async () => {
  await using server = await startDemoServer()
  const { code, stdout, stderr } = await run('bash', ['examples/shared-memory/curl.sh'], { DAKERA_URL: server.url })

  expect(code, stderr).toBe(0)
  const replies = stdout.split('\n').filter((line) => line.startsWith('{'))
  const parsed = replies.map((reply) => JSON.parse(reply))
  expect(parsed).toHaveLength(10)
  expect(parsed[3].namespaces).toEqual(['coordinator', 'researcher', 'team-shared', 'writer'])
  expect(parsed[6].memories.map(({ memory }: { memory: { content: string } }) => memory.content)).toEqual([
    'Cold starts take 65 ms at the median, measured in four regions over a week.',
  ])
  expect(parsed[9]).toMatchObject({ status: 403, code: 'NAMESPACE_ACCESS_DENIED' })
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('HTTP 403')
  expect(await contents(server.url)).toEqual({ 'team-shared': 2, researcher: 1, writer: 1 })

  const failing = await run('bash', ['examples/shared-memory/curl.sh'], { DAKERA_URL: `${server.url}/nowhere` })
  expect(failing.code, 'it ends at the first call that fails').not.toBe(0)
  expect(failing.stdout).toContain('NOT_FOUND')
  expect(failing.stdout).not.toContain('The researcher')
})

/** How many memories each namespace holds that has any. */
async function contents(baseUrl: string): Promise<Record<string, number>> {
  const namespaces = await new DakeraClient({ baseUrl, apiKey: 'dk-admin-key' }).listNamespaces()
  return Object.fromEntries(namespaces.filter(({ memory_count }) => memory_count).map(({ name, memory_count }) => [name, memory_count as number]))
}
