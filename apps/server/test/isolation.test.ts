import type { DakeraClient } from '@dakera-ai/dakera'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  CELLS,
  isAllowed,
  MATRIX,
  NAMESPACES,
  type Need,
  PERSONAS,
  type Persona,
  type Place,
  refusal,
} from './access-matrix.ts'
import { failure, start, type TestServer } from './harness.ts'

let t: TestServer
const clients = {} as Record<Persona, DakeraClient>
const resident = {} as Record<Place, string>
const session = {} as Record<Place, string>

beforeAll(async () => {
  t = await start()
  for (const persona of PERSONAS) clients[persona] = await t.key(MATRIX[persona], persona)
  for (const place of NAMESPACES) {
    resident[place] = (
      await t.admin.storeMemory(place, { content: `The resident of ${place}.`, tags: ['resident'] })
    ).id
    session[place] = (await t.admin.startSession(place)).id
  }
})
afterAll(() => t[Symbol.asyncDispose]())

type Operation = { name: string; need: Need; run(client: DakeraClient, place: Place): Promise<unknown>; hides?: true }

/**
 * Every operation on memories and sessions. Those marked `hides` name no namespace, so a key without a grant gets the
 * 404 of an unknown id.
 */
const OPERATIONS: Operation[] = [
  { name: 'store', need: 'append', run: (client, place) => client.storeMemory(place, { content: 'A new one.' }) },
  {
    name: 'store batch',
    need: 'append',
    run: (client, place) => client.storeMemories(place, [{ content: 'One.' }, { content: 'Two.' }]),
  },
  { name: 'recall', need: 'read', run: (client, place) => client.recall(place, 'resident') },
  {
    name: 'recall by words',
    need: 'read',
    run: (client, place) => client.recall(place, 'resident', { routing: 'bm25' }),
  },
  {
    name: 'recall by meaning',
    need: 'read',
    run: (client, place) => client.recall(place, 'resident', { routing: 'vector' }),
  },
  { name: 'search', need: 'read', run: (client, place) => client.searchMemories(place, 'resident') },
  { name: 'list', need: 'read', run: (client, place) => client.listMemories(place) },
  { name: 'get', need: 'read', run: (client, place) => client.getMemory(resident[place]), hides: true },
  {
    name: 'get in the namespace',
    need: 'read',
    run: (client, place) => client.getMemory(resident[place], { namespace: place }),
  },
  {
    name: 'update',
    need: 'edit',
    run: (client, place) => client.updateMemory(resident[place], { tags: ['resident', 'seen'] }),
    hides: true,
  },
  { name: 'set importance', need: 'edit', run: (client, place) => client.setImportance(place, resident[place], 0.7) },
  { name: 'forget', need: 'edit', run: (client, place) => client.forget(place, 'mem_never') },
  { name: 'batch forget', need: 'edit', run: (client, place) => client.batchForget(place, { tags: ['never'] }) },
  {
    name: 'batch forget, dry',
    need: 'edit',
    run: (client, place) => client.batchForget(place, { tags: ['resident'] }, { dryRun: true }),
  },
  { name: 'start a session', need: 'append', run: (client, place) => client.startSession(place) },
  {
    name: 'start a session of a chosen id',
    need: 'edit',
    run: (client, place) => client.startSession(place, { id: `mine-${crypto.randomUUID()}` }),
  },
  { name: 'end a session', need: 'edit', run: (client, place) => client.endSession(session[place]), hides: true },
  {
    name: 'end a session in the namespace',
    need: 'edit',
    run: (client, place) => client.endSession(session[place], {}, { namespace: place }),
  },
  { name: 'get a session', need: 'read', run: (client, place) => client.getSession(session[place]), hides: true },
  {
    name: 'get a session in the namespace',
    need: 'read',
    run: (client, place) => client.getSession(session[place], { namespace: place }),
  },
  { name: 'list sessions', need: 'read', run: (client, place) => client.listSessions({ namespace: place }) },
  {
    name: 'memories of a session',
    need: 'read',
    run: (client, place) => client.sessionMemories(session[place]),
    hides: true,
  },
  { name: 'stats of an agent', need: 'read', run: (client, place) => client.agentStats(place) },
  { name: 'memories of an agent', need: 'read', run: (client, place) => client.agentMemories(place) },
]

describe.each(CELLS)('$persona in $place with $access', ({ persona, place, access }) => {
  test.each(OPERATIONS)('$name', async ({ need, run, hides }) => {
    const attempt = run(clients[persona], place)
    if (isAllowed(access, need)) return void (await attempt)
    const { code } = await failure(attempt)
    // A key that may read learns that it lacks the grant to write; any other key learns nothing.
    expect(code).toBe(hides && !isAllowed(access, 'read') ? 'NOT_FOUND' : refusal(access))
  })
})

test('a namespace without a grant is refused alike whether it exists or not', async () => {
  const real = await failure(clients.writer.recall('researcher', 'resident'))
  const fake = await failure(clients.writer.recall('nowhere-12', 'resident'))
  expect(real.body.error.replace('researcher', '*')).toBe(fake.body.error.replace('nowhere-12', '*'))
  expect([real.status, real.code]).toEqual([fake.status, fake.code])
})

test('an append-only key gets back what it sent and what the server assigned, and nothing else', async () => {
  const stored = await clients.publisher.storeMemory('team-shared', {
    content: 'Published.',
    metadata: { source: 'publisher' },
  })
  expect(stored.memory).toMatchObject({
    content: 'Published.',
    metadata: { source: 'publisher' },
    author: 'publisher',
    version: 1,
  })
  const [listed] = await clients.publisher.listNamespaces()
  expect(listed).toMatchObject({ name: 'team-shared', access: 'write' })
  expect(listed).not.toHaveProperty('memory_count')
  expect(await clients.publisher.getNamespace('team-shared')).not.toHaveProperty('memory_count')
  expect(
    (await failure(clients.publisher.storeMemory('team-shared', { content: 'x', id: resident['team-shared'] }))).code,
  ).toBe('INSUFFICIENT_SCOPE')
})

test('a listing shows the namespaces of the key, and all to an admin', async () => {
  for (const persona of PERSONAS) {
    const names = (await clients[persona].listNamespaces()).map(({ name }) => name)
    expect([persona, ...names.sort()]).toEqual([persona, ...Object.keys(MATRIX[persona]).sort()])
  }
  expect((await t.admin.listNamespaces()).map(({ name }) => name).sort()).toEqual([...NAMESPACES].sort())
})

test('lists without a namespace show what the key may read, and nothing of what it may only append to', async () => {
  for (const persona of PERSONAS) {
    const readable = NAMESPACES.filter((place) => isAllowed(MATRIX[persona][place] ?? 'none', 'read')).sort()
    expect([persona, ...(await clients[persona].listAgents()).map(({ agent_id }) => agent_id)]).toEqual([
      persona,
      ...readable,
    ])
    const listed = await clients[persona].listSessions({ limit: 1000 })
    expect([persona, ...new Set(listed.map(({ agent_id }) => agent_id))].sort()).toEqual([persona, ...readable].sort())
    expect(listed.total).toBe(listed.length)
  }
})

test("what an agent's key may not do at all: namespaces and keys", async () => {
  const { researcher } = clients
  const attempts = [
    () => researcher.createNamespace('mine'),
    () => researcher.deleteNamespace('researcher'),
    () => researcher.createKey({ name: 'mine', grants: { writer: 'read' } }),
    () => Promise.resolve(researcher.listKeys()),
    () => researcher.getKey('key_root'),
    () => researcher.rotateKey('key_root'),
    () => researcher.updateKey('key_root', { grants: { writer: 'read' } }),
    () => researcher.deleteKey('key_root'),
    () => researcher.keyUsage('key_root'),
    () => researcher.createNamespaceKey('researcher', { name: 'mine' }),
    () => Promise.resolve(researcher.listNamespaceKeys('researcher')),
    () => researcher.deleteNamespaceKey('researcher', 'key_root'),
    () => researcher.namespaceKeyUsage('researcher', 'key_root'),
  ]
  for (const attempt of attempts) expect((await failure(attempt())).code).toBe('INSUFFICIENT_SCOPE')
})
