import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { ADMIN_KEY, start } from '../../test/harness.ts'
import { principalOf } from '../principal.ts'
import { withPrincipal } from './tx.ts'

test('a transaction that was opened to read cannot write, and the next one on its connection can', async () => {
  await using t = await start()
  const principal = principalOf(ADMIN_KEY)
  const insert = (mode: 'read' | 'write') =>
    withPrincipal(t.database, principal, mode, (tx) =>
      tx.execute(sql`insert into namespaces (name) values ('of a reader') returning name`),
    )
  for (let connection = 0; connection < 5; connection++)
    await expect(insert('read')).rejects.toMatchObject({ cause: { code: '25006' } })
  expect([...(await insert('write'))]).toEqual([{ name: 'of a reader' }])
})
