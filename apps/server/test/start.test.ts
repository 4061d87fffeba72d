import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import postgres from 'postgres'
import { describe, expect, inject, test } from 'vitest'
import { expectRefusal, freshPlace, launch, whoami } from './child-server.ts'
import { engine, onOneEngine, start } from './harness.ts'

onOneEngine('a taken port is named, with what to do', async () => {
  await using place = await freshPlace()
  const blocker = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => blocker.once('listening', resolve))
  const { port } = blocker.address() as { port: number }
  await using server = launch({ ...place.settings, DAKERA_PORT: String(port) })
  expectRefusal(await server.refused, new RegExp(`Port ${port} is in use.*--port`))
  await using byArgument = launch(place.settings, ['--port', String(port)])
  expectRefusal(await byArgument.refused, new RegExp(`Port ${port} is in use`))
  blocker.close()
})

onOneEngine('wrong settings are listed all at once', async () => {
  const wrong = {
    DAKERA_PORT: 'eighty',
    DATABASE_URL: 'mysql://root:topsecret@localhost/x',
    DAKERA_POOL_SIZE: '0',
    DAKERA_DURABILITY: 'maybe',
    DAKERA_ROOT_API_KEY: 'short',
    DAKERA_LOG_LEVEL: 'loud',
    DAKERA_MAX_BODY_BYTES: '1',
    OPENAI_BASE_URL: 'ftp://x',
  }
  await using server = launch(wrong)
  const ended = await server.ended
  for (const name of Object.keys(wrong)) expectRefusal(ended, new RegExp(`\\n {2}${name} must`))
})

onOneEngine('an unknown argument is refused; --help and --version answer without a database', async () => {
  await using wrong = launch({}, ['--prot', '3300'])
  expectRefusal(await wrong.refused, /--prot[\s\S]*--help/)
  for (const [argument, says] of [
    ['--help', /--port <n>/],
    ['--version', /^\d+\.\d+\.\d+/],
  ] as const) {
    await using server = launch({ DATABASE_URL: 'postgres://127.0.0.1:1/x' }, [argument])
    expect(await server.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(says), stderr: '' })
  }
})

test('a data directory that cannot be one is named', async () => {
  await using place = await freshPlace()
  const file = join(place.dataDir, 'a-file')
  writeFileSync(file, '')
  await using server = launch({
    ...place.settings,
    DAKERA_ROOT_API_KEY: undefined,
    DAKERA_DATA_DIR: join(file, 'data'),
  })
  expectRefusal(await server.refused, /a-file/)
})

// On Postgres the data directory holds nothing but the admin key.
test.runIf(engine === 'pglite')('a data directory in use names the other process, and loses nothing', async () => {
  await using place = await freshPlace()
  await using first = launch(place.settings)
  const client = await first.client()
  const { id } = await client.storeMemory('inbox', { content: 'Safe.' })
  await using second = launch(place.settings)
  expectRefusal(await second.refused, /in use|another process/i)
  expect((await client.getMemory(id)).content).toBe('Safe.')
  expect((await first.stop()).code).toBe(0)
  await using third = launch(place.settings)
  expect((await (await third.client()).getMemory(id)).content).toBe('Safe.')
})

describe.runIf(engine === 'postgres')('a DATABASE_URL that does not work', () => {
  test.each([
    ['not a URL', 'localhost/dakera', /DATABASE_URL must look like postgres:/],
    [
      'no such port',
      'postgres://dakera:topsecret@127.0.0.1:1/dakera',
      /127\.0\.0\.1:1\/dakera\. Nothing listens there/,
    ],
    ['no such host', 'postgres://dakera:topsecret@no-such-host.invalid/dakera', /no-such-host\.invalid/],
    ['a port out of range', 'postgres://dakera:topsecret@127.0.0.1:99999/dakera', /DATABASE_URL/],
    ['half an address', 'postgres://dakera:topsecret@[::1/dakera', /DATABASE_URL/],
  ])('%s', async (_name, DATABASE_URL, says) => {
    await using place = await freshPlace()
    await using server = launch({ ...place.settings, DATABASE_URL })
    expectRefusal(await server.refused, says)
  })

  test('no such database', async () => {
    await using place = await freshPlace()
    const url = new URL(place.databaseUrl ?? '')
    url.pathname = '/never_made'
    await using server = launch({ ...place.settings, DATABASE_URL: url.href })
    expectRefusal(await server.refused, /never_made.*createdb/)
  })

  test('a Postgres without pgvector', async () => {
    await using place = await freshPlace({ isEmpty: true })
    // Imitates a server without the package, in this database only.
    const sql = postgres(place.databaseUrl ?? '', { max: 1, onnotice: () => {} })
    await sql`set allow_system_table_mods = on`
    await sql.unsafe(
      'create or replace view pg_catalog.pg_available_extensions as select name, default_version, null::text ' +
        `collate "C" as installed_version, comment from pg_available_extensions() where name <> 'vector'`,
    )
    await sql.end()
    await using server = launch(place.settings)
    expectRefusal(await server.refused, /no pgvector.*pgvector\/pgvector:pg17/)
  })
})

// The embedded database belongs to one process.
test.runIf(engine === 'postgres')(
  'five servers that start at once on an empty database all come up, and one of them makes the admin key',
  async () => {
    await using stack = new AsyncDisposableStack()
    const places: Awaited<ReturnType<typeof freshPlace>>[] = []
    for (let i = 0; i < 5; i++) places.push(stack.use(await freshPlace({ isEmpty: true })))
    const settings = places.map(({ settings: own }) => ({
      ...own,
      DATABASE_URL: places[0]?.databaseUrl,
      DAKERA_ROOT_API_KEY: undefined,
    }))
    const servers = settings.map((own) => stack.use(launch(own)))
    const urls = await Promise.all(servers.map(({ ready }) => ready))
    const files = places.map(({ dataDir }) => join(dataDir, 'admin-key')).filter((file) => existsSync(file))
    expect(files.length).toBe(1)
    const secret = readFileSync(files[0] ?? '', 'utf8').trim()
    for (const url of urls) expect((await whoami(url, secret)).json).toMatchObject({ scope: 'admin' })
    expect(servers.filter(({ said }) => said.stdout.includes(secret)).length).toBe(1)
  },
)

test('a generated admin key is shown once and kept for the operator alone', async () => {
  await using place = await freshPlace({ isEmpty: true })
  const settings = { ...place.settings, DAKERA_ROOT_API_KEY: undefined }
  await using first = launch(settings)
  const url = await first.ready
  const file = join(place.dataDir, 'admin-key')
  const secret = readFileSync(file, 'utf8').trim()
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600')
  expect(secret).toMatch(/^dk-[\w-]{32}$/)
  expect(first.said.stdout).toContain(secret)
  expect((await whoami(url, secret)).json).toMatchObject({ scope: 'admin' })
  await first.stop()

  await using second = launch(settings)
  const again = await second.ready
  expect(second.said.stdout + second.said.stderr).not.toContain(secret)
  expect(second.said.stdout).toContain(file)
  expect((await whoami(again, secret)).json).toMatchObject({ scope: 'admin' })
})

test("the demo knows the samples' keys and refuses to be reached from elsewhere", async () => {
  await using place = await freshPlace()
  await using open = launch(place.settings, ['--demo', '--host', '0.0.0.0'])
  expectRefusal(await open.refused, /loopback.*--host 127\.0\.0\.1/)
  await using demo = launch({ ...place.settings, DAKERA_HOST: '0.0.0.0', DAKERA_ROOT_API_KEY: undefined }, ['--demo'])
  const url = await demo.ready
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/)
  expect(demo.said.stdout).toMatch(/!! DEMO/)
  expect((await whoami(url, 'dk-admin-key')).json).toMatchObject({ scope: 'admin' })
  expect((await whoami(url, 'dk-qc-key')).json).toMatchObject({
    scope: 'read',
    grants: { 'team-shared': 'read', coordinator: 'read' },
  })
})

test('whatever its login may do, the server acts as dakera_app, and nothing brings the login back', async () => {
  await using t = await start()
  const acting = () =>
    t.database.sql`select current_user::text as role, (select rolsuper or rolbypassrls from pg_roles
        where rolname = current_user) as may_all`
  expect([...(await acting())]).toEqual([{ role: 'dakera_app', may_all: false }])
  // PGlite has one session, which is a superuser's: only the role it has taken restricts it. On Postgres the role is
  // the session's own; only "set role none" can leave it, and only if the login has more than dakera_app.
  if (engine === 'pglite') return
  const session = await t.database.sql.reserve()
  for (const way of ['reset role', 'reset all', 'discard all', 'reset session authorization']) {
    await session.unsafe(way)
    expect([way, ...(await session`select current_user::text as role`)]).toEqual([way, { role: 'dakera_app' }])
  }
  session.release()
})

test.runIf(engine === 'postgres')('a login that may only serve is enough once somebody else has migrated', async () => {
  await using place = await freshPlace({ isEmpty: true })
  await using other = await freshPlace({ isEmpty: true })
  const cluster = postgres(inject('postgresUrl'), { max: 1, onnotice: () => {} })
  const login = `test_login_${crypto.randomUUID().slice(0, 8)}`
  await cluster.unsafe(`create role ${login} login`)
  try {
    const url = new URL(place.databaseUrl ?? '')
    url.username = login
    const serving = { ...place.settings, DATABASE_URL: url.href }
    await using both = launch({ ...serving, DAKERA_MIGRATION_URL: place.databaseUrl })
    // The migration makes dakera_app; only then can it be given away.
    await both.ready.then(
      () => both.stop(),
      () => {},
    )
    await cluster.unsafe(`grant dakera_app to ${login}`)

    await using migrating = launch({ ...serving, DAKERA_MIGRATION_URL: place.databaseUrl })
    const first = await migrating.client()
    await first.storeMemory('inbox', { content: 'By a login with few rights.' })
    expect((await migrating.stop()).code).toBe(0)

    for (const flag of ['--demo', '--replace-root-key']) {
      await using overreaching = launch(serving, [flag])
      expectRefusal(
        await overreaching.refused,
        new RegExp(`${flag} needs a login that owns the database.*DAKERA_MIGRATION_URL`),
      )
    }
    // Its admin key is the one of the documentation, and such a login cannot take it away.
    await using open = launch({ ...serving, DAKERA_ROOT_API_KEY: undefined, DAKERA_HOST: '0.0.0.0' })
    expectRefusal(await open.refused, /printed in the documentation: root \(key_root\)\. .*DAKERA_MIGRATION_URL/)

    await using alone = launch(serving)
    const client = await alone.client()
    for (const routing of ['vector', 'bm25'] as const)
      expect((await client.recall('inbox', 'a login with few rights', { routing })).length).toBe(1)
    expect((await alone.stop()).code).toBe(0)

    url.pathname = new URL(other.databaseUrl ?? '').pathname
    await using unmigrated = launch({ ...other.settings, DATABASE_URL: url.href })
    expectRefusal(await unmigrated.refused, /DAKERA_MIGRATION_URL/)
  } finally {
    await place[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
    await cluster.unsafe(`drop owned by ${login}; drop role ${login}`)
    await cluster.end()
  }
})

test('keys of a demo open nothing once the server is started for real, and the admin key is back', async () => {
  await using place = await freshPlace()
  const settings = { ...place.settings, DAKERA_ROOT_API_KEY: undefined }
  const known = ['dk-admin-key', 'dk-researcher-key', 'dk-qc-key', 'dk-orchestrator-key']
  const own = 'a-key-of-our-own'
  let secret: string | undefined
  for (const args of [['--demo'], [], ['--demo'], []]) {
    await using server = launch(settings, args)
    const isDemo = args.length > 0
    if (isDemo && secret && engine === 'postgres') {
      expectRefusal(await server.refused, /keys of its own/) // others may be using it
      continue
    }
    const url = await server.ready
    for (const key of known)
      expect([args, key, (await whoami(url, key)).status]).toEqual([args, key, isDemo ? 200 : 401])
    if (!isDemo) {
      const kept = readFileSync(join(place.dataDir, 'admin-key'), 'utf8').trim()
      if (secret) expect(kept).toBe(secret)
      else await (await server.client(kept)).createKey({ name: 'own', secret: own, grants: { a: 'read' } })
      secret = kept
      expect((await whoami(url, secret)).status).toBe(200)
      expect((await whoami(url, own)).status).toBe(200)
    }
    await server.stop()
  }
})
