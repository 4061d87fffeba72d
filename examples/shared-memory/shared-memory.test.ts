import { join } from 'node:path'
import { DakeraClient } from '@dakera-ai/dakera'
import { expect, test } from 'vitest'
import { root, run, startDemoServer } from '../demo-server.fixture.ts'
import { CARGO, FIRST_BUILD_MS, need, pythonWithClient } from '../toolchains.fixture.ts'

type Program = {
  file: string
  needs?: Parameters<typeof need>[1]
  start(env: Record<string, string>): ReturnType<typeof run>
}

const programs: Program[] = [
  { file: 'main.ts', start: (env) => run(process.execPath, ['examples/shared-memory/main.ts'], env) },
  {
    file: 'main.py',
    needs: 'python3',
    start: async (env) => run(await pythonWithClient(import.meta.dirname), ['examples/shared-memory/main.py'], env),
  },
  {
    file: 'main.rs',
    needs: 'cargo',
    start: (env) =>
      run(
        'cargo',
        ['run', '--quiet', '--all-features', '--example', 'shared-memory'],
        { ...CARGO, ...env },
        { cwd: join(root, 'packages/sdk-rust') },
      ),
  },
  {
    file: 'main.go',
    needs: 'go',
    start: (env) => run('go', ['-C', 'packages/sdk-go', 'run', '../../examples/shared-memory/main.go'], env),
  },
]

test.for(programs)(
  '$file shares what is verified and is refused what is private',
  { timeout: FIRST_BUILD_MS },
  async ({ needs, start }, context) => {
    if (needs) need(context, needs)
    await using server = await startDemoServer()
    const { code, stdout, stderr } = await start({ DAKERA_URL: server.url })

    expect(code, stderr).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(6)
    expect(lines[0]).toBe('Namespaces: coordinator, researcher, team-shared, writer')
    expect(lines[1]).toBe('The writer finds 2 findings:')
    expect(lines.slice(2, 4).sort()).toEqual([
      '  [0.80] A warm instance answers in 3 ms, and stays warm for ten minutes without traffic.',
      '  [0.85] Cold starts take 65 ms at the median, measured in four regions over a week.',
    ])
    expect(lines[4]).toBe('The researcher sees: Article finished: what a cold start costs in four regions, 900 words.')
    expect(lines[5]).toBe("The writer asks for the researcher's notes: 403 NAMESPACE_ACCESS_DENIED")
    expect(await contents(server.url)).toEqual({ 'team-shared': 3, researcher: 1, writer: 1 })

    const again = await start({ DAKERA_URL: server.url })
    expect(again.code, again.stderr).toBe(0)
  },
)

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
  return Object.fromEntries(
    namespaces
      .filter(({ memory_count }) => memory_count)
      .map(({ name, memory_count }) => [name, memory_count as number]),
  )
}
