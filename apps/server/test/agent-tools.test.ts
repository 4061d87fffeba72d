import { readFileSync } from 'node:fs'
import { DakeraClient } from '@dakera-ai/dakera'
import { type AgentTool, agentTools, type Bounds } from '@dakera-ai/dakera/agents'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { addDemo } from '../src/db/demo.ts'
import { engine, start, type TestServer } from './harness.ts'

// The scenarios that the tools of every language play: packages/protocol/conformance/tools.
type Wire = Omit<Bounds, 'offersDetails'> & { offers_details?: boolean }
type Agent = { key: string; url?: string; bounds: Wire; tools: Record<string, Record<string, boolean>> }
type Step = {
  agent: string
  tool: string
  arguments: unknown
  code?: string
  text?: string
  begins?: string
  keep?: string
  store?: { content: string; tags: string[] }
}
const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../packages/protocol/conformance/tools/${name}`, import.meta.url), 'utf8'))
const agents: Record<string, Agent> = read('agents.json')
const scenarios: { name: string; steps: Step[] }[] = read('scenarios.json')

let t: TestServer
beforeAll(async () => {
  t = await start()
  await t.owner(addDemo)
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterAll(async () => {
  vi.restoreAllMocks()
  await t?.[Symbol.asyncDispose]()
})

function toolsOf(name: string): AgentTool[] {
  const { key, url = t.url, bounds } = agents[name] as Agent
  const { offers_details, ...rest } = bounds
  const client = new DakeraClient({ apiKey: key, baseUrl: url, maxRetries: 0 })
  return agentTools(client, { ...rest, offersDetails: offers_details })
}

const neutral = (text: string) => text.replaceAll(/mem_\w+/g, 'ID').replaceAll(/\d{4}-\d\d-\d\d/g, 'DAY')

test.each(Object.keys(agents))('the tools of %s, and which of their arguments must be said', (name) => {
  const tools = toolsOf(name).map(({ name, inputSchema: { properties, required } }) => [
    name,
    Object.fromEntries(Object.keys(properties).map((argument) => [argument, required.includes(argument)])),
  ])
  expect(Object.fromEntries(tools)).toEqual(agents[name]?.tools)
})

test.each(scenarios)('$name', async ({ steps }) => {
  const kept: Record<string, string> = { run: `run${crypto.randomUUID().slice(0, 8)}`, long: 'x'.repeat(10_001) }
  const fillIn = <T>(value: T): T =>
    JSON.parse(JSON.stringify(value).replaceAll(/\$([a-z]+)/g, (text, name: string) => kept[name] ?? text))
  for (const template of steps) {
    const step = fillIn(template)
    if (step.store) {
      await t.client('dk-coordinator-key').storeMemory('coordinator', step.store)
      continue
    }
    const answer = await toolsOf(step.agent)
      .find(({ name }) => name === step.tool)
      ?.run(step.arguments)
    const text = neutral(answer?.text ?? '')
    if (step.begins) expect(text.startsWith(step.begins), text).toBe(true)
    else expect(text).toBe(step.text)
    expect([answer?.isRefused, answer?.code]).toEqual([step.code !== undefined, step.code])
    if (step.keep) kept[step.keep] = /mem_\w+/.exec(answer?.text ?? '')?.[0] ?? ''
  }
})

describe.runIf(engine === 'postgres')('in TypeScript', () => {
  const call = (tools: AgentTool[], name: string, args: unknown) => tools.find((one) => one.name === name)?.run(args)

  test('100 calls at once are 100 answers', async () => {
    const [client, other] = ['dk-researcher-key', 'dk-writer-key'].map(
      (apiKey) => new DakeraClient({ apiKey, baseUrl: t.url }),
    ) as [DakeraClient, DakeraClient]
    const [one, two] = [agentTools(client, { read: 'researcher' }), agentTools(other, { read: 'writer' })]
    await client.storeMemory('researcher', { content: 'Kept by the first.' })
    await other.storeMemory('writer', { content: 'Kept by the second.' })
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => call(i % 2 ? two : one, 'search_memory', { query: '"Kept by"' })),
    )
    for (const [i, answer] of answers.entries()) expect(answer?.text).toContain(i % 2 ? 'the second' : 'the first')
  })

  test('a long answer says how much it leaves out', async () => {
    const client = await t.key({ place: 'read_write' })
    await client.storeMemories(
      'place',
      Array.from({ length: 5 }, (_, i) => ({ content: `part ${i} ${'x '.repeat(8_000)}` })),
    )
    const answer = await call(agentTools(client, { read: 'place' }), 'recall', { query: 'part', limit: 5 })
    expect(answer?.text).toMatch(/\(3 more left out\)$/)
    expect(answer?.text.length).toBeLessThan(41_000)
  })

  test('two agents with one key are warned of, and the same agent built again is not', () => {
    const warn = vi.mocked(console.warn)
    warn.mockClear()
    const client = () => new DakeraClient({ apiKey: 'dk-shared-by-two', baseUrl: t.url })
    agentTools(client(), { note: 'one' })
    agentTools(client(), { note: 'one' })
    expect(warn).not.toHaveBeenCalled()
    agentTools(client(), { note: 'two' })
    expect(warn).toHaveBeenCalledOnce()
    expect(warn.mock.calls[0]?.[0]).toMatch(/same API key/)
    expect(warn.mock.calls[0]?.[0]).not.toContain('dk-shared')
  })

  test('what a call is given cannot make it raise', async () => {
    const tools = agentTools(new DakeraClient({ baseUrl: t.url }), { read: 'x' })
    const odd = {
      get query() {
        throw new Error('odd')
      },
    }
    for (const args of [odd, 1n, Symbol('x'), () => {}, [], Object.create(null)])
      expect((await call(tools, 'recall', args))?.isRefused).toBe(true)
    const gone = AbortSignal.abort()
    expect((await tools[0]?.run({ query: 'x' }, { signal: gone }))?.text).toContain('not reachable')
  })
})
