import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { describe, expect, test } from 'vitest'
import { engine, start } from './harness.ts'

const PROGRAM = join(import.meta.dirname, '../../../packages/mcp/src/main.ts')
const SURROUNDINGS = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DAKERA_')))

const run = (args: string[], env: Record<string, string> = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    env: { ...SURROUNDINGS, ...env },
    encoding: 'utf8',
    input: '',
    timeout: 30_000,
  })
  return { status, stdout, stderr }
}

async function connect(env: Record<string, string>, mode: 'auto' | 'legacy') {
  const transport = new StdioClientTransport({ command: process.execPath, args: [PROGRAM], env, stderr: 'pipe' })
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  await client.connect(transport)
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const { content } = await client.callTool({ name, arguments: args })
    return (content as { text: string }[])[0]?.text
  }
  return { client, call, names: async () => (await client.listTools()).tools.map(({ name }) => name) }
}

describe.runIf(engine === 'postgres')('dakera-mcp', () => {
  test('the program explains itself, and what is missing', () => {
    expect(run(['--help']).stdout).toMatch(/DAKERA_API_KEY.*DAKERA_READ.*DAKERA_NOTE.*DAKERA_PUBLISH/s)
    expect(run(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(run(['--port'])).toEqual({ status: 2, stdout: '', stderr: expect.stringContaining('dakera-mcp --help') })
    expect(run([])).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^dakera-mcp: DAKERA_API_KEY is not/),
    })
    const wrong = run([], { DAKERA_API_KEY: 'dk-a-key', DAKERA_URL: 'localhost' })
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('DAKERA_URL')])
  })

  test('the program ends when its client does', () => {
    expect(run([], { DAKERA_API_KEY: 'dk-a-key' })).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test.each(['auto', 'legacy'] as const)('a client in mode %s, whose server stops', async (mode) => {
    const t = await start()
    const key = await t.secret({ researcher: 'read_write', 'team-shared': 'read_write' }, 'researcher')
    const { client, call, names } = await connect(
      { DAKERA_API_KEY: key, DAKERA_URL: t.url, DAKERA_READ: 'team-shared', DAKERA_NOTE: 'researcher' },
      mode,
    )
    try {
      expect(client.getInstructions()).toContain('"researcher"')
      expect(await names()).toEqual(['recall', 'search_memory', 'note', 'publish', 'forget', 'list_namespaces'])
      await call('note', { content: 'A doubt about HNSW.' })
      expect(await call('publish', { content: 'HNSW answers in 5 ms.' })).toMatch(/^Published to team-shared/)
      expect(await call('recall', { query: 'HNSW' })).toMatch(/^\[mem_\w+\] team-shared[^\n]*5 ms\.$/)
      await t[Symbol.asyncDispose]()
      expect(await call('recall', { query: 'HNSW' })).toBe('Memory is not reachable just now. Go on without it.')
      await expect(client.listPrompts()).rejects.toMatchObject({
        message: expect.stringContaining('Memory is not reachable'),
      })
    } finally {
      await client.close()
    }
  })

  test('a server that is not there yet does not keep the program from starting', async () => {
    const { client, call } = await connect({ DAKERA_API_KEY: 'dk-a-key', DAKERA_URL: 'http://127.0.0.1:9' }, 'legacy')
    expect(await call('recall', { query: 'x' })).toBe('Memory is not reachable just now. Go on without it.')
    await client.close()
  })
})
