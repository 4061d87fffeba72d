import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_KEY, engine, type Grants, start, type TestServer } from '../../test/harness.ts'
import { type Call, send } from '../../test/http-call.ts'

const DENIED = 'Refused: this agent may not read that memory (NAMESPACE_ACCESS_DENIED). Do not try again.'
const TEAM = { 'team-shared': 'read_write', coordinator: 'read' } as const
const ALL = ['recall', 'search_memory', 'note', 'publish', 'forget', 'list_namespaces', 'list_tasks']
const MODES = ['auto', 'legacy', 'v1'] as const

let t: TestServer
beforeAll(async () => {
  t = await start({ openBodyBytes: 8_000_000 })
})
afterAll(() => t?.[Symbol.asyncDispose]())

type Connected = Awaited<ReturnType<typeof connect>>

/** A client of MCP: of today's SDK in both generations of the protocol, or of the old SDK. */
async function connect(key: string, mode: (typeof MODES)[number] = 'auto', query = '') {
  const url = new URL(`${t.url}/mcp${query}`)
  const options = { requestInit: { headers: { authorization: `Bearer ${key}` } } }
  const client =
    mode === 'v1'
      ? new ClientV1({ name: 'test', version: '1' })
      : new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  const transport = mode === 'v1' ? new TransportV1(url, options) : new StreamableHTTPClientTransport(url, options)
  await (client as Client).connect(transport as StreamableHTTPClientTransport)
  const peer = client as Client
  return {
    peer,
    tools: async () => (await peer.listTools()).tools,
    names: async () => (await peer.listTools()).tools.map(({ name }) => name),
    /** The text of the answer, after `!` if it is an error. */
    async call(name: string, args: Record<string, unknown> = {}): Promise<string> {
      const { content, isError } = await peer.callTool({ name, arguments: args })
      const [{ text } = { text: '' }] = content as { text: string }[]
      return `${isError ? '!' : ''}${text}`
    },
  }
}

/** A fresh pair of agents, each with a namespace of its own beside the team's. */
async function crew() {
  const run = crypto.randomUUID().slice(0, 8)
  const [researcher, writer] = [`researcher-${run}`, `writer-${run}`]
  const keys = await Promise.all(
    [researcher, writer].map((name) => t.secret({ [name]: 'read_write', ...TEAM } as Grants, name)),
  )
  return { researcher, writer, keys: keys as [string, string] }
}

const message = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 1, method, params })
const post = (key: string | undefined, body: unknown, { headers = {}, ...how }: Call = {}, path = '/mcp') =>
  send(t.url, path, {
    method: 'POST',
    key,
    body,
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    ...how,
  })

describe.each(MODES)('a client in mode %s', (mode) => {
  test('publishes, notes, recalls, searches, forgets and lists', async () => {
    const { researcher, keys } = await crew()
    const agent = await connect(keys[0], mode)
    expect(agent.peer.getInstructions()).toContain(`"${researcher}"`)
    expect(agent.peer.getInstructions()?.length).toBeLessThanOrEqual(500)
    expect(await agent.names()).toEqual(ALL)

    const published = await agent.call('publish', {
      content: `HNSW answers ${researcher} in 5 ms.`,
      source: 'paper 3',
      importance: 0.9,
      tags: ['hnsw'],
    })
    const [, id = ''] = /^Published to team-shared as (mem_\w+)\.$/.exec(published) ?? []
    expect(await t.admin.getMemory(id)).toMatchObject({
      author: researcher,
      importance: 0.9,
      tags: ['hnsw'],
      metadata: { source: 'paper 3' },
    })
    const [, doubt = ''] = /^Noted as (\w+)\.$/.exec(await agent.call('note', { content: 'Is 5 ms right?' })) ?? []
    expect(await t.admin.getMemory(doubt)).toMatchObject({ namespace: researcher, importance: 0.3, expires_at: null })

    const recalled = await agent.call('recall', { query: 'How fast does HNSW answer?' })
    expect(recalled).toContain(`[${id}] team-shared · ${researcher} · ${new Date().toISOString().slice(0, 10)} · HNSW`)
    expect(recalled).toContain(`[${doubt}] ${researcher} · ${researcher}`)
    expect(await agent.call('recall', { query: 'HNSW', in: researcher })).not.toContain(id)
    expect(await agent.call('search_memory', { query: `"answers ${researcher}"` })).toMatch(/^\[mem_\w+\][^\n]*$/)
    expect(await agent.call('search_memory', { query: 'nowhere-at-all' })).toBe('Nothing is remembered about this.')

    expect(await agent.call('list_namespaces')).toContain(`${researcher}: read, note · memories: 1`)
    expect(await agent.call('forget', { id: doubt })).toBe('Forgotten.')
    expect(await agent.call('forget', { id: doubt })).toBe('!There is no memory of yours by that id.')
  })

  test('a key that may not read sees no tool that reads, and a denied call is a sentence', async () => {
    const agent = await connect(await t.secret({ 'team-shared': 'write' }), mode)
    expect(await agent.names()).toEqual(['publish', 'list_namespaces'])
    expect(await agent.call('recall', { query: 'x' })).toBe(`!${DENIED}`)
    expect(await agent.call('publish', { content: 'Appended.' })).toMatch(/^Published/)
    const nobody = await connect(await t.secret({}), mode)
    expect(await nobody.names()).toEqual(['list_namespaces'])
    expect(await nobody.call('list_namespaces')).toBe('You may read and write no namespace.')
    expect(await nobody.call('publish', { content: 'x' })).toContain('may not write there')
  })

  test('resources and prompts', async () => {
    const { researcher, writer, keys } = await crew()
    const [agent, other] = [await connect(keys[0], mode), await connect(keys[1], mode)]
    const [id = ''] = /mem_\w+/.exec(await other.call('note', { content: 'The private draft.' })) ?? []
    const { resources } = await agent.peer.listResources()
    expect(resources.map(({ name }) => name).sort()).toEqual(['coordinator', researcher, 'team-shared'].sort())
    expect((await agent.peer.listResourceTemplates()).resourceTemplates).toHaveLength(1)
    const read = async (who: Connected, uri: string) => {
      const { contents } = await who.peer.readResource({ uri })
      return (contents[0] as { text: string }).text
    }
    expect(await read(other, `dakera://${writer}/${id}`)).toContain('The private draft.')
    expect(await read(other, `dakera://${writer}`)).toContain(`[${id}] ${writer} · ${writer}`)
    const refusals = []
    for (const uri of [`dakera://${writer}/${id}`, `dakera://${writer}/mem_never`, `dakera://${writer}`, 'dakera://%'])
      refusals.push(await read(agent, uri).catch(({ code, message }) => [code, message.replace(uri, 'URI')]))
    expect(new Set(refusals.map(String)).size, String(refusals)).toBe(1)

    const { prompts } = await agent.peer.listPrompts()
    expect(prompts.map(({ name, description }) => [name, Boolean(description)])).toEqual([
      ['start-work', true],
      ['publish-finding', true],
    ])
    const { messages } = await agent.peer.getPrompt({ name: 'start-work', arguments: { topic: 'HNSW' } })
    expect(JSON.stringify(messages)).toContain('Topic: HNSW')
  })
})

test('two agents with the same tools, in both orders, each find only their own notes', async () => {
  const { researcher, writer, keys } = await crew()
  const agents = await Promise.all(keys.map((key) => connect(key)))
  for (const [i, agent] of agents.entries()) await agent.call('note', { content: `The secret of agent ${i}.` })
  for (const order of [agents, [...agents].reverse()])
    for (const agent of order) {
      const own = agents.indexOf(agent)
      const found = await agent.call('recall', { query: 'the secret' })
      expect(found).toContain(`agent ${own}`)
      expect(found).not.toContain(`agent ${1 - own}`)
    }
  const [agent] = agents as [Connected]
  // What a model invents: a parameter, and a namespace that it has not.
  expect(await agent.call('recall', { query: 'the secret', namespace: writer, agent_id: writer })).not.toContain(writer)
  for (const place of [writer, 'no-such-place', '']) {
    const answer = await agent.call('recall', { query: 'the secret', in: place })
    if (place === '') expect(answer).toContain(researcher)
    else expect(answer).toBe(`!${DENIED}`)
  }
  expect(await agent.call('publish', { content: 'x', to: writer })).toMatch(/^Published to team-shared/)
  expect(await t.client(keys[1]).listMemories(writer)).toHaveLength(1)
})

test('the URL narrows and never widens', async () => {
  const { researcher, writer, keys } = await crew()
  const narrow = await connect(keys[0], 'auto', '?read=team-shared&publish=&tasks=nobody')
  expect(await narrow.names()).toEqual(['recall', 'search_memory', 'note', 'forget', 'list_namespaces'])
  const [recall] = await narrow.tools()
  expect(Object.keys(recall?.inputSchema.properties ?? {})).toEqual(['query', 'limit'])
  await narrow.call('note', { content: 'A doubt about HNSW.' })
  expect(await narrow.call('recall', { query: 'doubt', in: researcher })).not.toContain('A doubt')
  expect(await narrow.call('publish', { content: 'x' })).toContain('may not write there')
  expect(await narrow.call('list_tasks')).toBe(`!${DENIED}`)

  // What the key may do and the URL left out.
  await expect(narrow.peer.readResource({ uri: `dakera://${researcher}` })).rejects.toMatchObject({ code: -32_602 })
  const two = await connect(keys[0], 'auto', '?read=team-shared,coordinator&publish=team-shared,nowhere')
  expect(await two.call('recall', { query: 'doubt', in: 'coordinator' })).toBe('Nothing is remembered about this.')
  expect(await two.call('recall', { query: 'doubt', in: researcher })).toBe(`!${DENIED}`)
  expect(await two.call('publish', { content: 'x', to: researcher })).toContain('may not write there')

  const wide = await connect(keys[0], 'auto', `?read=${writer}&note=${writer}&publish=${writer}`)
  expect(await wide.names()).toEqual(['list_namespaces', 'list_tasks'])
  for (const name of ['recall', 'note', 'publish'])
    expect(await wide.call(name, { query: 'x', content: 'x' })).toMatch(/^!Refused/)
  const partly = await connect(keys[0], 'auto', `?read=team-shared,${writer}`)
  expect(await partly.call('recall', { query: 'x' })).toBe(`!${DENIED}`)
})

test('where a key has several places, the model chooses among them and among no others', async () => {
  const places = ['one', 'two'].map((name) => `${name}-${crypto.randomUUID().slice(0, 8)}`) as [string, string]
  const key = await t.secret(Object.fromEntries(places.map((place) => [place, 'write' as const])))
  const agent = await connect(key)
  const [publish] = await agent.tools()
  expect(publish?.inputSchema).toMatchObject({
    properties: { to: { type: 'string', enum: [...places].sort() } },
    required: ['content', 'to'],
  })
  expect(await agent.call('publish', { content: 'x' })).toBe('!Not done: to is missing.')
  expect(await agent.call('publish', { content: 'x', to: places[1] })).toContain(places[1])
})

test('more namespaces than one recall reads are chosen from by name', async () => {
  const run = crypto.randomUUID().slice(0, 8)
  const grants = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`many-${run}-${i}`, 'read_write' as const]))
  const agent = await connect(await t.secret(grants))
  const [recall] = await agent.tools()
  expect(recall?.inputSchema.required).toEqual(['query', 'in'])
  expect(recall?.inputSchema.properties?.['in']).not.toHaveProperty('enum')
  expect(await agent.call('recall', { query: 'x' })).toBe('!Not done: in is missing.')
  expect(await agent.call('recall', { query: 'x', in: `many-${run}-7` })).toBe('Nothing is remembered about this.')
})

test('an admin sees every namespace', async () => {
  await t.admin.createNamespace('of-the-admin')
  expect(await (await connect(ADMIN_KEY)).call('list_namespaces')).toContain('of-the-admin: read, publish')
})

test('tasks of the coordinator, newest first, with their newest status', async () => {
  await using other = await start()
  const coordinator = await other.key({ coordinator: 'read_write' }, 'coordinator')
  const post = (content: string, ...tags: string[]) => coordinator.storeMemory('coordinator', { content, tags })
  await post('Research HNSW.', 'task', 'assigned:researcher', 'status:pending', 'task_id:T-001')
  await post('Write the article.', 'task', 'assigned:writer', 'status:pending', 'task_id:T-002')
  await post('Task T-001 complete.', 'status-update', 'task_id:T-001', 'status:complete')
  await post('A thought that is no task.')
  const key = await other.secret({ coordinator: 'read' }, 'researcher')
  const answer = await send(other.url, '/mcp', {
    method: 'POST',
    key,
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: message('tools/call', { name: 'list_tasks', arguments: {} }),
  })
  expect(answer.text.replaceAll(/mem_\w+/g, 'ID').replaceAll(/\d{4}-\d\d-\d\d/g, 'DAY')).toContain(
    '[ID] pending · writer · DAY · Write the article.\\n[ID] complete · researcher · DAY · Research HNSW.',
  )
})

describe('a key', () => {
  test.each([undefined, 'dk-nobody', 'dk bad'])('%s is refused with 401, and no login is offered', async (key) => {
    const answer = await post(key, message('tools/list'))
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    for (const path of ['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'])
      expect((await send(t.url, path)).status).toBe(404)
  })

  test('that is revoked in the middle ends with a sentence, and then with 401', async () => {
    const { key, key_id } = await t.admin.createKey({ name: 'leaver', grants: { ...TEAM } })
    const agent = await connect(key, 'legacy')
    expect(await agent.call('recall', { query: 'x' })).not.toMatch(/^!/)
    await t.admin.deactivateKey(key_id)
    expect(await agent.call('recall', { query: 'x' })).toBe("!This agent's key is not valid. Go on without memory.")
    expect((await post(key, message('tools/list'))).status).toBe(401)
  })

  test('that loses a grant gets a sentence, and one that wins a grant uses it at once', async () => {
    const place = `place-${crypto.randomUUID().slice(0, 8)}`
    const { key, key_id } = await t.admin.createKey({ name: 'mover', grants: { [place]: 'read_write' } })
    const agent = await connect(key)
    expect(await agent.call('recall', { query: 'x' })).toBe('Nothing is remembered about this.')
    await t.admin.updateKey(key_id, { grants: { [place]: 'none' } })
    expect(await agent.call('recall', { query: 'x' })).toBe(`!${DENIED}`)
    expect(await (await connect(key)).names()).toEqual(['list_namespaces'])
    await t.admin.updateKey(key_id, { grants: { [place]: 'read' } })
    expect(await agent.call('recall', { query: 'x' })).toBe('Nothing is remembered about this.')
  })

  test('is counted once for a call, under mcp, with the namespace and with the failures inside', async () => {
    const place = `place-${crypto.randomUUID().slice(0, 8)}`
    await t.admin.createNamespace(place)
    const { key, key_id } = await t.admin.createKey({ name: 'counted', grants: { [place]: 'read' } })
    const call = (name: string, args: object) => post(key, message('tools/call', { name, arguments: args }))
    await call('recall', { query: 'x' })
    await call('recall', { query: 'x' })
    await post(key, message('tools/call', { name: 'recall', arguments: { query: 'x' } }), {}, '/mcp?read=elsewhere')
    await call('search_memory', { query: Array(65).fill('word').join(' ') })
    const usage = await t.admin.keyUsage(key_id)
    expect(usage).toMatchObject({ total_requests: 4, failed_requests: 1 })
    expect(usage.by_endpoint).toEqual([{ endpoint: 'mcp', requests: 4, avg_latency_ms: expect.any(Number) }])
    expect(usage.by_namespace).toEqual([{ namespace: place, requests: 3 }])
  })
})

describe('bad input', () => {
  let agent: Connected
  let key: string
  beforeAll(async () => {
    const { keys } = await crew()
    key = keys[0]
    agent = await connect(key)
  })

  test.each([
    ['nothing', 'recall', {}, 'Not done: query is missing.'],
    ['null', 'recall', { query: null }, 'Not done: query is missing.'],
    ['a list', 'recall', { query: ['x'] }, 'Not done: query must be text.'],
    [
      'a long question',
      'recall',
      { query: 'x'.repeat(10_001) },
      'Not done: query is too long: 10000 characters at most.',
    ],
    ['a word as a number', 'recall', { query: 'x', limit: 'many' }, 'Not done: limit must be a number from 1 to 50.'],
    [
      'a long text',
      'note',
      { content: 'x'.repeat(100_001) },
      'Not done: content is too long: 100000 characters at most.',
    ],
    ['a text that cannot be stored', 'note', { content: 'x\u0000' }, /^Not done: content must not contain U\+0000/],
    ['no time', 'note', { content: 'x', ttl_hours: 0 }, 'Not done: ttl_hours must be a number from 0 to 876000.'],
    ['another scale', 'publish', { content: 'x', importance: 8 }, 'Not done: importance must be a number from 0 to 1.'],
    ['an object', 'publish', { content: 'x', tags: { a: 1 } }, 'Not done: tags must be a list of texts.'],
    ['many tags', 'publish', { content: 'x', tags: Array(101).fill('t') }, 'Not done: tags has too many: 100 at most.'],
    ['many words', 'search_memory', { query: Array(65).fill('word').join(' ') }, /^Not done: query .*64/],
  ])('%s is a sentence: %s', async (_, name, args, sentence) => {
    const answer = await agent.call(name, args)
    expect(answer).toMatch(sentence instanceof RegExp ? new RegExp(sentence.source.replace('^', '^!')) : `!${sentence}`)
    expect(answer).not.toMatch(/req_|team-shared/)
  })

  test.each([
    ['numbers and words exchanged', 'recall', { query: 5, limit: '3' }],
    ['a high limit', 'recall', { query: true, limit: 1000 }],
    ['a fraction', 'recall', { query: 'x', limit: 2.7 }],
    ['single words', 'publish', { content: 12, tags: 'one', importance: '0.5' }],
  ])('%s: understood by %s', async (_, name, args) => {
    expect(await agent.call(name, args)).not.toMatch(/^!/)
  })

  test('an unknown tool, resource, prompt and method are errors of the protocol', async () => {
    await expect(agent.call('drop_tables')).rejects.toMatchObject({ code: -32_602 })
    await expect(agent.call('constructor')).rejects.toMatchObject({ code: -32_602 })
    await expect(agent.peer.getPrompt({ name: 'toString' })).rejects.toMatchObject({ code: -32_602 })
    await expect(agent.peer.getPrompt({ name: 'start-work' })).rejects.toMatchObject({ code: -32_602 })
    expect((await post(key, message('no/such'))).text).toContain('-32601')
  })

  test('bodies that are no message', async () => {
    const status = async (body: unknown, how?: Call) => (await post(key, body, how)).status
    expect(await status('{"broken')).toBe(400)
    expect(await status('')).toBe(400)
    expect(await status([message('tools/list'), message('tools/list')])).toBe(400)
    expect(await status(message('tools/list'), { headers: { 'content-type': 'text/plain' } })).toBe(415)
    expect(await status('x'.repeat(2_000_000))).toBe(413)
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const answer = await send(t.url, '/mcp', { method, key })
      expect([answer.status, answer.headers.allow]).toEqual([405, 'POST, OPTIONS'])
    }
  })

  test('a subscription, which would never end, is refused', async () => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const answer = await post(key, message('subscriptions/listen', { _meta: meta, notifications: {} }), {
      headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' },
    })
    expect(answer.text).toContain('"error"')
  })
})

describe.runIf(engine === 'postgres')('many at once', () => {
  test('100 calls of four keys, and as many of one as it may have', async () => {
    const crews = await Promise.all([crew(), crew()])
    const keys = crews.flatMap(({ keys }) => keys)
    const agents = await Promise.all(keys.map((key) => connect(key)))
    await Promise.all(agents.map((agent, i) => agent.call('note', { content: `Only agent ${i} knows this.` })))
    const calls = Array.from({ length: 100 }, (_, i) => agents[i % 4] as Connected)
    const answers = await Promise.all(calls.map((agent) => agent.call('recall', { query: 'who knows this?' })))
    for (const [i, answer] of answers.entries()) {
      expect(answer).toContain(`Only agent ${i % 4} knows`)
      for (const other of [1, 2, 3]) expect(answer).not.toContain(`Only agent ${(i + other) % 4} knows`)
    }
    const [first] = agents as [Connected]
    const alone = await Promise.all(Array.from({ length: 30 }, () => first.call('recall', { query: 'who?' })))
    expect(new Set(alone).size).toBe(1)
  }, 120_000)

  test('a call that has the only place of its key needs no other one for what it asks inside', async () => {
    await using small = await start({ keyConcurrency: 1 })
    const { status, text } = await send(small.url, '/mcp', {
      method: 'POST',
      key: await small.secret({ place: 'read' }),
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: message('tools/call', { name: 'recall', arguments: { query: 'x' } }),
    })
    expect([status, text.includes('Nothing is remembered')]).toEqual([200, true])
  })
})

test('on loopback pages of other sites are refused, as are other names of this machine', async () => {
  await using local = await start({ loopbackOnly: true, corsOrigins: ['https://console.example'] })
  const key = await local.secret({ place: 'read' })
  const ask = (headers: Record<string, string>) =>
    send(local.url, '/mcp', {
      method: 'POST',
      key,
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body: message('tools/call', { name: 'recall', arguments: { query: 'x' } }),
    })
  expect((await ask({})).text).toContain('Nothing is remembered')
  for (const origin of ['http://localhost:6274', 'https://console.example'])
    expect((await ask({ origin })).status, origin).toBe(200)
  for (const origin of ['https://evil.example', 'null']) expect((await ask({ origin })).status, origin).toBe(403)
  expect((await ask({ host: 'evil.example' })).status).toBe(400)
})
