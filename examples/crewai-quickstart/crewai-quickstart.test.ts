import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { DakeraClient } from '@dakera-ai/dakera'
import { afterAll, expect, type TestContext, test } from 'vitest'
import { run, startDemoServer } from '../demo-server.fixture.ts'
import { FIRST_BUILD_MS, KEEP_COMPILED, need, pythonWithClient } from '../toolchains.fixture.ts'

const here = import.meta.dirname

let prepared: ReturnType<typeof prepare> | undefined
afterAll(async () => (await prepared?.catch(() => undefined))?.server[Symbol.asyncDispose]())

/** Python with CrewAI and a server, for all tests of this file. */
async function ready(context: TestContext) {
  need(context, 'python3')
  const { stdout } = await run('python3', ['-c', 'import sys; print(sys.version_info.minor)'])
  const fits = Number(stdout) >= 10 && Number(stdout) < 14
  const message = `CrewAI needs Python 3.10 to 3.13; python3 is 3.${stdout.trim()}.`
  if (!fits && process.env['CI'] === 'true') throw new Error(message)
  context.skip(!fits, message)
  prepared ??= prepare()
  return prepared
}

async function prepare() {
  const python = await pythonWithClient(here, here) // CrewAI, a gigabyte, stands in our pyproject.toml
  const server = await startDemoServer()
  // CrewAI writes to the home folder, and takes a key of OpenAI from any .env above its own files.
  const surroundings = {
    DAKERA_URL: server.url,
    OPENAI_API_KEY: '',
    HOME: join(here, 'node_modules/.cache/home'),
    ...KEEP_COMPILED,
  }
  const start = (args: string[], env = {}) => run(python, args, { ...surroundings, ...env }, { cwd: here })
  return {
    server,
    admin: new DakeraClient({ baseUrl: server.url, apiKey: 'dk-admin-key' }),
    quickstart: (args: string[], env: Record<string, string> = {}) => start(['main.py', ...args], env),
    /** Runs the program after some lines of Python have changed it. */
    changed: (lines: string, ...args: string[]) =>
      start(['-c', `import sys, main, team\n${lines}\nsys.exit(main.main(sys.argv[1:]))`, ...args]),
  }
}

test('three agents share what is verified, and are refused what is not theirs', {
  timeout: FIRST_BUILD_MS,
}, async (context) => {
  const { admin, quickstart } = await ready(context)
  const { code, stdout, stderr } = await quickstart(['--team', 'crew'])

  expect(code, stdout + stderr).toBe(0)
  expect(stdout).toContain('Model: a script')
  expect(stdout).toMatch(/^researcher \| take_note: stored \[0\.30\] Paper #2/m)
  expect(stdout).toMatch(/^researcher \| report_status: refused, 403 INSUFFICIENT_SCOPE$/m)
  expect(stdout).toMatch(/^writer {5}\| read_researcher_notes: refused, 403 NAMESPACE_ACCESS_DENIED$/m)
  expect(stdout).toMatch(/^writer {5}\| read_findings: found 2$/m)
  expect(stdout).toMatch(/^Each of the 2 sentences of the article is verified\.$/m)
  expect(stdout.match(/^ok /gm)).toHaveLength(5)
  expect(stdout).not.toContain('FAILED')

  const held = async (place: string) =>
    (await admin.listMemories(`crew-${place}`)).map(({ author, importance, metadata }) => [
      author,
      importance,
      metadata['source'],
    ])
  expect(await held('researcher')).toEqual([['crew-researcher', 0.3, 'researcher']])
  expect(await held('writer')).toEqual([['crew-writer', 0.25, 'writer']])
  expect(await held('shared')).toEqual([
    ['crew-writer', 0.9, 'writer'],
    ['crew-researcher', 0.85, 'researcher'],
    ['crew-researcher', 0.85, 'researcher'],
  ])
  expect(new Set((await held('coordinator')).map(([author]) => author))).toEqual(new Set(['crew-orchestrator']))
  expect(
    (await admin.listKeys()).filter(({ name }) => name.startsWith('crew-')),
    'the keys end with the run',
  ).toEqual([])

  const again = await quickstart(['--team', 'crew'])
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('Choose another --team')])
})

test('a model of OpenAI takes the place of the script, and no tool lets it name a namespace', {
  timeout: FIRST_BUILD_MS,
}, async (context) => {
  const { admin, quickstart } = await ready(context)
  await using model = await startModel()
  const { code, stdout, stderr } = await quickstart(['--team', 'model', '--clean'], {
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: model.url,
  })

  expect(code, stdout + stderr).toBe(0)
  expect(stdout).toContain('Model: gpt-4.1-mini')
  expect(stdout).toMatch(/^writer {5}\| read_researcher_notes: refused, 403 NAMESPACE_ACCESS_DENIED$/m)
  expect([...model.tools.keys()].sort()).toEqual([
    'publish_article',
    'publish_finding',
    'read_findings',
    'read_researcher_notes',
    'read_tasks',
    'report_status',
    'take_note',
  ])
  expect(new Set(model.tools.values())).toEqual(new Set(['content', 'query']))
  expect((await admin.listNamespaces()).filter(({ name }) => name.startsWith('model-'))).toEqual([])
})

test('an agent that may write to the coordinator ends the program with 1', {
  timeout: FIRST_BUILD_MS,
}, async (context) => {
  const { changed } = await ready(context)
  const { code, stdout } = await changed(
    `rightly = team.grants_of
team.grants_of = lambda role, names: {**rightly(role, names), names['coordinator']: 'read_write'}`,
    '--team',
    'open',
    '--clean',
  )

  expect(code, stdout).toBe(1)
  expect(stdout).toMatch(/^researcher \| report_status: stored/m)
  expect(stdout).toContain("FAILED Only the orchestrator has written to the coordinator's namespace.")
  expect(stdout).toContain(
    'allowed: researcher writes to coordinator; allowed: writer writes to coordinator; allowed: qc writes to ' +
      'coordinator.',
  )
})

test('what cannot work says why and ends with 1', { timeout: FIRST_BUILD_MS }, async (context) => {
  const { quickstart } = await ready(context)
  const stranger = await quickstart(['--admin-key', 'dk-writer-key'])
  expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining("an admin's key")])

  const nobody = await quickstart(['--url', 'http://127.0.0.1:1'])
  expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('Is the server running?')])

  const help = await quickstart(['--help'])
  expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--admin-key')])
})

type Tool = { function: { name: string; parameters: { properties: Record<string, unknown> } } }
type Asked = { tools?: Tool[]; messages: { role: string; tool_calls?: unknown[] }[] }

/**
 * The chat API of OpenAI, by a model that uses each tool it is given once. It keeps the arguments that each of them
 * has.
 */
async function startModel() {
  const tools = new Map<string, string>()
  const server = createServer(async (request, response) => {
    const asked = (await json(request)) as Asked
    for (const { function: tool } of asked.tools ?? [])
      tools.set(tool.name, Object.keys(tool.parameters.properties).join())
    const used = asked.messages.flatMap(({ tool_calls }) => tool_calls ?? []).length
    const next = asked.tools?.[used]?.function.name
    const call = {
      id: `call_${used}`,
      type: 'function',
      function: { name: next, arguments: JSON.stringify(words(next ?? '')) },
    }
    const message = next
      ? { role: 'assistant', content: null, tool_calls: [call] }
      : { role: 'assistant', content: 'That is all.' }
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({
        id: 'chat_1',
        object: 'chat.completion',
        created: 0,
        model: 'gpt-4.1-mini',
        choices: [{ index: 0, message, finish_reason: next ? 'tool_calls' : 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    tools,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

const words = (tool: string) =>
  tool.startsWith('read_')
    ? { query: 'what the model stores by publish_finding' }
    : { content: `What the model stores by ${tool}.` }
