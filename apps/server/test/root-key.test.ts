import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { expectRefusal, freshPlace, launch, whoami } from './child-server.ts'
import { ADMIN_KEY, engine, failure } from './harness.ts'

// A start never takes over or weakens a database that others use, and a lost key can be replaced.
const OURS = 'a-long-random-secret-of-ours'
const OTHER = 'a-long-random-secret-of-another'

const statuses = async (url: string, ...keys: string[]) =>
  Promise.all(keys.map(async (key) => (await whoami(url, key)).status))
const keptIn = (dataDir: string) => readFileSync(join(dataDir, 'admin-key'), 'utf8').trim()

test('a start with another key is refused, unless it says that it replaces the one there', async () => {
  await using place = await freshPlace()
  const generated = { ...place.settings, DAKERA_ROOT_API_KEY: undefined }
  await using first = launch(generated)
  await first.ready
  const secret = keptIn(place.dataDir)
  await first.stop()

  const chosen = { ...generated, DAKERA_ROOT_API_KEY: OURS }
  await using refused = launch(chosen)
  expectRefusal(
    await refused.refused,
    /DAKERA_ROOT_API_KEY is not the admin key .* to the one in \S+admin-key.*--replace-root-key/,
  )

  await using replacing = launch(chosen, ['--replace-root-key'])
  const url = await replacing.ready
  expect(await statuses(url, OURS, secret)).toEqual([200, 401])
  expect(replacing.said.stdout).toMatch(/!! The admin key of this database was replaced/)
  expect(replacing.said.stderr).toMatch(/"level":"warn".*"database":"db_[0-9a-f]{32}".*the root key was replaced/)
  expect(replacing.said.stdout + replacing.said.stderr).not.toContain(OURS)
  expect(existsSync(join(place.dataDir, 'admin-key'))).toBe(false)
  await replacing.stop()

  await using again = launch(chosen)
  expect(await statuses(await again.ready, OURS)).toEqual([200])
  expect(again.said.stdout).not.toMatch(/!!/)
})

test('a lost admin key is replaced by a new one', async () => {
  await using place = await freshPlace()
  const settings = { ...place.settings, DAKERA_ROOT_API_KEY: undefined }
  await using first = launch(settings)
  await first.ready
  const lost = keptIn(place.dataDir)
  await first.stop()
  rmSync(join(place.dataDir, 'admin-key'))

  await using unknowing = launch(settings)
  expect(await statuses(await unknowing.ready, lost)).toEqual([200])
  expect(unknowing.said.stdout).toMatch(/If it is lost, replace it: npm start -- --replace-root-key/)
  await unknowing.stop()

  await using replacing = launch(settings, ['--replace-root-key'])
  const found = await replacing.ready.then(() => keptIn(place.dataDir))
  expect(await statuses(await replacing.ready, found, lost)).toEqual([200, 401])
  expect(replacing.said.stdout).toContain(found)
  await replacing.stop()
})

test('a leaked admin key is replaced by a new one, which takes its place in the file', async () => {
  await using place = await freshPlace()
  const settings = { ...place.settings, DAKERA_ROOT_API_KEY: undefined }
  await using first = launch(settings)
  await first.ready
  const leaked = keptIn(place.dataDir)
  await first.stop()

  await using replacing = launch(settings, ['--replace-root-key'])
  const url = await replacing.ready
  const secret = keptIn(place.dataDir)
  expect(secret).not.toBe(leaked)
  expect(await statuses(url, secret, leaked)).toEqual([200, 401])
  expect(replacing.said.stdout).toContain(secret)
  await replacing.stop()

  await using again = launch(settings)
  expect(await statuses(await again.ready, secret, leaked)).toEqual([200, 401])
})

test('an admin key that does not open the database is left alone, and said', async () => {
  await using place = await freshPlace()
  const file = join(place.dataDir, 'admin-key')
  await using first = launch({ ...place.settings, DAKERA_ROOT_API_KEY: OURS })
  await first.ready
  await first.stop()
  writeFileSync(file, `${OTHER}\n`)
  await using second = launch({ ...place.settings, DAKERA_ROOT_API_KEY: undefined })
  expect(await statuses(await second.ready, OURS, OTHER)).toEqual([200, 401])
  expect(second.said.stdout).toContain(`The admin key in ${file} does not open this database`)
  expect(keptIn(place.dataDir)).toBe(OTHER)
})

test('a key kept by an earlier release, which noted no database, still opens its own', async () => {
  await using place = await freshPlace()
  const settings = { ...place.settings, DAKERA_ROOT_API_KEY: undefined }
  await using first = launch(settings)
  await first.ready
  const secret = keptIn(place.dataDir)
  await first.stop()
  const note = join(place.dataDir, 'admin-key.database')
  expect(readFileSync(note, 'utf8')).toMatch(/^db_[0-9a-f]{32}\n$/)
  rmSync(note)
  await using second = launch(settings)
  expect(await statuses(await second.ready, secret)).toEqual([200])
  expect(second.said.stdout).toMatch(/The admin key is in /)
})

test('a secret from the documentation opens nothing off loopback', async () => {
  await using place = await freshPlace()
  await using anywhere = launch({ ...place.settings, DAKERA_HOST: undefined, DAKERA_ROOT_API_KEY: 'dk-writer-key' })
  expectRefusal(
    await anywhere.refused,
    /DAKERA_ROOT_API_KEY is printed in the documentation.*0\.0\.0\.0.*--host 127\.0\.0\.1/,
  )

  await using local = launch(place.settings)
  const client = await local.client()
  const published = { name: 'billing', secret: 'dk-researcher-key', grants: { billing: 'read' } } as const
  const { key_id } = await client.createKey(engine === 'pglite' ? published : { ...published, secret: OTHER })
  if (place.databaseUrl) {
    // A Postgres database may be served elsewhere too, so only earlier releases could create such a key.
    expect((await failure(client.createKey(published))).body.error).toMatch(/^secret: is printed in the documentation/)
    const sql = postgres(place.databaseUrl, { max: 1 })
    await sql`update key_secrets set secret_hash = sha256('dk-researcher-key') where key_id = ${key_id}`
    await sql.end()
  }
  await local.stop()

  const open = { ...place.settings, DAKERA_HOST: '0.0.0.0', DAKERA_ROOT_API_KEY: OURS }
  await using refused = launch(open)
  expectRefusal(
    await refused.refused,
    new RegExp(`printed in the documentation: billing \\(${key_id}\\)\\. .*Rotate or delete them`),
  )

  // Nothing was changed: the key can still be rotated, and the admin key still works.
  await using mending = launch(place.settings)
  await (await mending.client()).rotateKey(key_id)
  await mending.stop()
  await using served = launch(open)
  const url = (await served.ready).replace('0.0.0.0', '127.0.0.1')
  // The published admin key counted as none, and was replaced.
  expect(await statuses(url, OURS, 'dk-researcher-key', ADMIN_KEY)).toEqual([200, 401, 401])
  expect(served.said.stderr).toMatch(/the root key was replaced, because it is printed/)
})

describe.runIf(engine === 'postgres')('a database that others use', () => {
  test('--demo is refused, changes nothing, and the server there notices nothing', async () => {
    await using place = await freshPlace()
    await using laptop = await freshPlace()
    await using shared = launch({ ...place.settings, DAKERA_ROOT_API_KEY: OURS })
    const url = await shared.ready
    const sql = postgres(place.databaseUrl ?? '', { max: 1, onnotice: () => {} })
    // As an earlier release left it: the start must be rejected before the migration.
    await sql`drop table installation`
    await sql`delete from migrations where name = '0024_root_key.sql'`
    const state = () => sql`
      select (select json_agg(k order by id) from keys k) as keys, (select json_agg(s order by key_id)
        from key_secrets s) as secrets,
        (select json_agg(name) from namespaces) as namespaces, (select json_agg(name order by name)
          from migrations) as migrations`
    const before = [...(await state())]
    await using demo = launch({ ...laptop.settings, DATABASE_URL: place.databaseUrl, DAKERA_ROOT_API_KEY: undefined }, [
      '--demo',
    ])
    expectRefusal(await demo.refused, /this Postgres database has keys of its own.*Leave --demo out/)
    expect([...(await state())]).toEqual(before)
    expect(await statuses(url, OURS, ADMIN_KEY, 'dk-researcher-key')).toEqual([200, 401, 401])
    await sql.end()
  })

  test('a demo and a real start at once on an empty database leave the real one alone in charge', async () => {
    await using place = await freshPlace({ isEmpty: true })
    await using laptop = await freshPlace()
    await using demo = launch({ ...laptop.settings, DATABASE_URL: place.databaseUrl, DAKERA_ROOT_API_KEY: undefined }, [
      '--demo',
    ])
    await using real = launch({ ...place.settings, DAKERA_ROOT_API_KEY: OURS })
    const url = await real.ready
    await demo.ready.catch(() => {}) // either start may be first
    expect(await statuses(url, OURS, ADMIN_KEY, 'dk-researcher-key', 'dk-qc-key')).toEqual([200, 401, 401, 401])
  })

  test('a demo may have a database of its own, until it has keys of its own', async () => {
    await using place = await freshPlace()
    const settings = { ...place.settings, DAKERA_ROOT_API_KEY: undefined }
    await using first = launch(settings, ['--demo'])
    await first.ready
    await first.stop()
    await using second = launch(settings, ['--demo'])
    await (await second.client()).createKey({ name: 'billing', grants: { billing: 'read' } })
    await second.stop()
    await using third = launch(settings, ['--demo'])
    expectRefusal(await third.refused, /keys of its own/)
  })

  test(
    'two servers with different keys: the second is refused; once it has replaced the key, the first goes on ' +
      'until its next start',
    async () => {
      await using place = await freshPlace()
      const settings = { ...place.settings, DAKERA_ROOT_API_KEY: OURS }
      await using first = launch(settings)
      const url = await first.ready
      const different = { ...settings, DAKERA_ROOT_API_KEY: OTHER }
      await using second = launch(different)
      expectRefusal(await second.refused, /DAKERA_ROOT_API_KEY is not the admin key of this database/)
      expect(await statuses(url, OURS, OTHER)).toEqual([200, 401])

      await using known = launch({ ...different, DAKERA_ROOT_API_KEY: ADMIN_KEY }, ['--replace-root-key'])
      expectRefusal(await known.refused, /printed in the documentation, so it cannot replace/)
      await using replacing = launch(different, ['--replace-root-key'])
      expect(await statuses(await replacing.ready, OTHER, OURS)).toEqual([200, 401])
      expect(await statuses(url, OTHER, OURS)).toEqual([200, 401])
      await first.stop()
      await using restarted = launch(settings)
      expectRefusal(await restarted.refused, /DAKERA_ROOT_API_KEY is not the admin key of this database/)
    },
  )

  test("an embedded database's admin key is neither given to a Postgres database nor overwritten", async () => {
    await using place = await freshPlace()
    await using empty = await freshPlace()
    const embedded = { ...place.settings, DATABASE_URL: undefined, DAKERA_ROOT_API_KEY: undefined }
    await using laptop = launch(embedded)
    await laptop.ready
    const laptopKey = keptIn(place.dataDir)
    await laptop.stop()

    await using shared = launch({ ...place.settings, DAKERA_ROOT_API_KEY: OURS })
    const url = await shared.ready
    await using forgetful = launch({ ...embedded, DATABASE_URL: place.databaseUrl })
    await forgetful.ready
    expect(forgetful.said.stdout).toMatch(/admin-key does not open this database/)
    expect(await statuses(url, OURS, laptopKey)).toEqual([200, 401])

    for (const hasNote of [true, false]) {
      if (!hasNote) rmSync(join(place.dataDir, 'admin-key.database'))
      await using first = launch({ ...embedded, DATABASE_URL: empty.databaseUrl })
      expectRefusal(await first.refused, /was made for another database.*DAKERA_DATA_DIR of its own/)
    }
    expect(keptIn(place.dataDir)).toBe(laptopKey)
  })
})
