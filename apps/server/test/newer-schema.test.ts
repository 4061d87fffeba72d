import { pino } from 'pino'
import postgres from 'postgres'
import { expect, inject, test } from 'vitest'
import { openDatabase } from '../src/db/open.ts'
import { expectRefusal, freshPlace, launch, whoami } from './child-server.ts'
import { ADMIN_KEY, engine } from './harness.ts'

// What a rolling upgrade and a roll-back meet: a database that a newer release has migrated.
const IS_REFUSED = /migrated by a newer release of Dakera \(0099_future\.sql is unknown here\).*--allow-newer-schema/

/** Records these migrations as applied, in a database without a running server. */
async function pretendApplied(
  { dataDir, databaseUrl }: Awaited<ReturnType<typeof freshPlace>>,
  ...names: string[]
): Promise<void> {
  const insert = async (sql: postgres.Sql) =>
    void (await sql`insert into migrations ${sql(names.map((name) => ({ name, checksum: '' })))}`)
  if (databaseUrl) {
    const sql = postgres(databaseUrl, { max: 1 })
    await insert(sql)
    await sql.end()
  } else {
    const database = await openDatabase(
      { engine: 'pglite', dataDir, durability: 'full' },
      pino({ level: 'silent' }),
      insert,
    )
    await database.close()
  }
}

test('a newer schema is refused at a start; migrations whose files are gone are not newer', async () => {
  await using place = await freshPlace()
  await using first = launch(place.settings)
  await first.ready
  await first.stop()
  await pretendApplied(place, '0006_lexical.sql', '0007_recall.sql') // landed once, and replaced by others
  await using second = launch(place.settings)
  expect((await whoami(await second.ready, ADMIN_KEY)).status).toBe(200)
  await second.stop()
  await pretendApplied(place, '0099_future.sql', '0098_future.sql')
  await using late = launch(place.settings)
  expectRefusal(await late.refused, IS_REFUSED)
})

test.runIf(engine === 'postgres')(
  'a server that runs while a newer one migrates goes on; on demand an older one starts, and migrates nothing',
  async () => {
    await using place = await freshPlace()
    await using running = launch(place.settings)
    const client = await running.client()
    await pretendApplied(place, '0099_future.sql')
    await client.storeMemory('inbox', { content: 'The server that runs goes on.' })

    const sql = postgres(place.databaseUrl ?? '', { max: 1, onnotice: () => {} })
    const login = `test_login_${crypto.randomUUID().slice(0, 8)}`
    await sql.unsafe(`create role ${login} login in role dakera_app`)
    try {
      const url = new URL(place.databaseUrl ?? '')
      url.username = login
      // The newer release may have replaced one of our files, which it then never applied.
      await sql`delete from migrations where name = '0012_namespace_keys.sql'`
      for (const settings of [place.settings, { ...place.settings, DATABASE_URL: url.href }]) {
        await using late = launch(settings)
        expectRefusal(await late.refused, IS_REFUSED)
        await using allowed = launch(settings, ['--allow-newer-schema'])
        expect((await (await allowed.client()).recall('inbox', 'goes on')).length).toBe(1)
        expect(allowed.said.stderr).toMatch(/"newest":"0099_future\.sql".*--allow-newer-schema/)
        await allowed.stop()
      }
      expect((await sql`select from migrations where name = '0012_namespace_keys.sql'`).length).toBe(0)
    } finally {
      await sql.end()
      await place[Symbol.asyncDispose]()
      const cluster = postgres(inject('postgresUrl'), { max: 1, onnotice: () => {} })
      await cluster.unsafe(`drop role ${login}`)
      await cluster.end()
    }
  },
)
