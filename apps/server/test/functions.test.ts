import { expect, test } from 'vitest'
import { compareFunctions } from '../scripts/catalog.ts'
import { type Stage, start } from './harness.ts'

/** SQL as the superuser that the tests log in as. */
const asSuperuser = <T>(t: Stage, fn: (run: (text: string) => Promise<Record<string, unknown>[]>) => Promise<T>) =>
  t.owner(async (sql) => {
    await sql`set role none`
    return await fn((text) => sql.unsafe(text).simple())
  })

test('db/functions contains every function of a migrated database: its definition, settings, owner and rights', async () => {
  await using t = await start()
  expect(await asSuperuser(t, compareFunctions)).toEqual({ changed: [], refused: [], removed: [] })
})
