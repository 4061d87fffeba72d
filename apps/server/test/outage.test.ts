import postgres from 'postgres'
import { describe, expect, inject, test } from 'vitest'
import { type ChildServer, freshPlace, launch } from './child-server.ts'
import { ADMIN_KEY, engine } from './harness.ts'
import { expectError, send } from './http-call.ts'
import { findPrograms, openCluster, openProxy } from './private-cluster.ts'

const post = (url: string, path: string, body: object) =>
  send(url, path, { method: 'POST', key: ADMIN_KEY, body: { agent_id: 'inbox', ...body } })
const CALLS: Record<string, (url: string) => ReturnType<typeof send>> = {
  store: (url) => post(url, '/v1/memory/store', { content: 'Refused.' }),
  'store batch': (url) => post(url, '/v1/memories/store/batch', { memories: [{ content: 'Refused.' }] }),
  recall: (url) => post(url, '/v1/memory/recall', { query: 'x' }),
  search: (url) => post(url, '/v1/memory/search', { query: 'x' }),
  list: (url) => post(url, '/v1/memories/recall/batch', {}),
  forget: (url) => post(url, '/v1/memory/forget', { tags: ['x'] }),
  get: (url) => send(url, '/v1/memory/get/mem_x', { key: ADMIN_KEY }),
  namespaces: (url) => send(url, '/v1/namespaces', { key: ADMIN_KEY }),
  'create key': (url) => send(url, '/v1/keys', { method: 'POST', key: ADMIN_KEY, body: { name: 'x' } }),
  whoami: (url) => send(url, '/v1/auth/whoami', { key: ADMIN_KEY }),
}

type Outage = { url: string; begin(): unknown; end(): unknown }

/** Stores, loses the database in the middle, sends every call, restores the database, and counts. */
async function survive(server: ChildServer, { begin, end }: Omit<Outage, 'url'>) {
  const url = await server.ready
  const acknowledged: string[] = []
  const store = async () => {
    const answer = await post(url, '/v1/memory/store', { content: 'Kept for good.' })
    if (answer.status === 200) acknowledged.push((answer.json as { memory: { id: string } }).memory.id)
    else expectError(answer, 'SERVICE_UNAVAILABLE', /[Rr]epeat it|again/)
  }
  for (let i = 0; i < 20; i++) await store()
  const underWay = Array.from({ length: 10 }, async () => {
    for (let i = 0; i < 5; i++) await store()
  })
  await begin()
  await Promise.all(underWay)

  // Twice: over connections that broke, and over new ones that fail.
  for (let round = 0; round < 2; round++) {
    const answers = Object.entries(CALLS).map(async ([name, call]) => {
      const started = performance.now()
      expectError(await call(url), 'SERVICE_UNAVAILABLE', /[Rr]epeat it|again/)
      // Ten seconds are the promise; a busy machine takes longer.
      expect([name, performance.now() - started < 60_000]).toEqual([name, true])
    })
    const ready = send(url, '/health/ready').then((answer) =>
      expect([answer.status, answer.headers['retry-after'], answer.json]).toMatchObject([
        503,
        '1',
        { ready: false, components: { database: false } },
      ]),
    )
    const alive = send(url, '/health/live').then((answer) =>
      expect([answer.status, answer.json]).toMatchObject([200, { alive: true }]),
    )
    await Promise.all([...answers, ready, alive])
  }

  await end()
  await expect.poll(async () => (await send(url, '/health/ready')).status, { interval: 100 }).toBe(200)
  for (let i = 0; i < 20; i++) await Promise.all([store(), store()])
  const { json } = await post(url, '/v1/memories/recall/batch', { limit: 1000 })
  const listed = new Set((json as { memories: { id: string }[] }).memories.map(({ id }) => id))
  expect(acknowledged.filter((id) => !listed.has(id))).toEqual([])
  expect(acknowledged.length).toBeGreaterThanOrEqual(20 + 40)
  for (const routing of ['vector', 'bm25'])
    expect((await post(url, '/v1/memory/recall', { query: 'kept for good', routing })).json).toMatchObject({
      total_found: 5,
    })
  expect((await server.stop()).code).toBe(0)
}

// The embedded database is part of the server, so it has no outages.
describe.runIf(engine === 'postgres')(
  'while the database is away every call is 503 within ten seconds, and afterwards all is as before without a restart',
  () => {
    const settings = (dataDir: string, url: string) => ({
      DATABASE_URL: url,
      DAKERA_DATA_DIR: dataDir,
      DAKERA_ROOT_API_KEY: ADMIN_KEY,
      DAKERA_LOG_LEVEL: 'warn',
    })

    test('Postgres is stopped and started again', async ({ skip }) => {
      const programs = await findPrograms()
      if (!programs) return skip('there is no Postgres here that the test could stop')
      await using place = await freshPlace()
      await using cluster = await openCluster(programs)
      await using server = launch(settings(place.dataDir, cluster.url))
      await server.ready
      await survive(server, { begin: cluster.stop, end: cluster.start })
    })

    test('the database refuses connections', async () => {
      await using place = await freshPlace()
      const cluster = postgres(inject('postgresUrl'), { max: 1, onnotice: () => {} })
      const name = new URL(place.databaseUrl ?? '').pathname.slice(1)
      await using server = launch(place.settings)
      const begin = async () => {
        await cluster.unsafe(`alter database ${name} allow_connections false`)
        await cluster`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`
      }
      await survive(server, { begin, end: () => cluster.unsafe(`alter database ${name} allow_connections true`) })
      await cluster.end()
    })

    test('the network between is cut', async () => {
      await using place = await freshPlace()
      await using proxy = await openProxy(place.databaseUrl ?? '')
      await using server = launch(settings(place.dataDir, proxy.url))
      await server.ready
      await survive(server, { begin: proxy.cut, end: proxy.mend })
    })

    test('connections break in each step of being made', async () => {
      await using place = await freshPlace()
      await using proxy = await openProxy(place.databaseUrl ?? '')
      await using server = launch(settings(place.dataDir, proxy.url))
      const url = await server.ready
      for (let packet = 1; packet <= 8; packet++) {
        proxy.breakAt(packet)
        for (let round = 0; round < 2; round++)
          for (const { status } of await Promise.all(Object.values(CALLS).map((call) => call(url))))
            expect([200, 201, 404, 503]).toContain(status)
      }
      await proxy.mend()
      for (const call of Object.values(CALLS)) await expect.poll(async () => (await call(url)).status).not.toBe(503)
      await survive(server, { begin: proxy.cut, end: proxy.mend })
    })

    test('the network between loses every packet', async () => {
      await using place = await freshPlace()
      await using proxy = await openProxy(place.databaseUrl ?? '')
      await using server = launch(settings(place.dataDir, proxy.url))
      await server.ready
      await survive(server, { begin: proxy.goSilent, end: proxy.mend })
    })
  },
)
