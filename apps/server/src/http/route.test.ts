import { endpoint } from '@dakera-ai/protocol'
import { expect, test } from 'vitest'
import * as z from 'zod'
import type { Database } from '../db/database.ts'
import { resolveNamespace, withPrincipal } from '../db/tx.ts'
import { findKey, insertKey, type NewKey } from '../resources/keys/repo.ts'
import { deleteMatching, findMemories } from '../resources/memories/repo.ts'
import { deleteNamespace } from '../resources/namespaces/repo.ts'
import { route } from './route.ts'

const shared = { method: 'POST', path: '/v1/x', summary: 'X.', response: z.unknown(), errors: [] } as const
const OPEN = endpoint({ ...shared, id: 'x.open', access: 'public' })
const ANY = endpoint({ ...shared, id: 'x.any' })
const ADMIN = endpoint({ ...shared, id: 'x.admin', access: 'admin' })
declare const database: Database
declare const newKey: NewKey

// The compiler checks these; nothing calls them. Each mistake is one that a new handler could make.
const compiled = [
  route(ANY, async ({ read }) => read(async (tx) => ({ found: await findMemories(tx, 'm') }))),
  route(ANY, async ({ write }) =>
    write(
      async (tx) => ({ namespace: await resolveNamespace(tx, 'a', 'edit') }),
      async (tx) => ({ deleted: await deleteMatching(tx, 1, {}) }),
    ),
  ),
  route(ADMIN, async ({ read }) => read(async (tx) => ({ found: await findKey(tx, 'k') }))),
  route(ADMIN, async ({ write }) => write(async (tx) => ({ key: await insertKey(tx, newKey) }))),

  // @ts-expect-error: a public operation has no caller, and so no transaction
  route(OPEN, async ({ read }) => read(async () => ({}))),

  // @ts-expect-error: guarded rows are not reached without a caller's transaction
  route(ANY, async () => ({ found: await findMemories(database.sql, 'm') })),

  // @ts-expect-error: no handler has a principal to open a transaction with
  route(ANY, async ({ principal }) => withPrincipal(database, principal, 'read', async () => ({}))),

  // @ts-expect-error: a transaction that reads takes no write
  route(ANY, async ({ read }) => read(async (tx) => ({ deleted: await deleteMatching(tx, 1, {}) }))),

  route(ANY, async ({ write }) =>
    write(
      async (tx) => {
        // @ts-expect-error: nothing is written before the access check is done and the idempotency key is claimed
        await deleteMatching(tx, 1, {})
        return { namespace: undefined }
      },
      async () => ({}),
    ),
  ),

  // @ts-expect-error: a write of a key needs an access check
  route(ANY, async ({ write }) => write(async (tx) => ({ deleted: await deleteMatching(tx, 1, {}) }))),

  route(ANY, async ({ write }) =>
    write(
      // @ts-expect-error: the access check says which namespace it checked
      async () => ({}),
      async () => ({}),
    ),
  ),

  // @ts-expect-error: what admins may read is read in the transaction of an admin's operation
  route(ANY, async ({ read }) => read(async (tx) => ({ found: await findKey(tx, 'k') }))),

  route(ANY, async ({ write }) =>
    write(
      async (tx) => ({ namespace: await resolveNamespace(tx, 'a', 'edit') }),
      // @ts-expect-error: what admins may change is changed in the transaction of an admin's operation
      async (tx) => ({ deleted: await deleteNamespace(tx, 'a') }),
    ),
  ),

  // @ts-expect-error: an admin's operation that reads takes no write
  route(ADMIN, async ({ read }) => read(async (tx) => ({ key: await insertKey(tx, newKey) }))),
]

test('a handler reaches guarded rows through its caller alone, or it does not compile', () => {
  expect(compiled.map(({ endpoint: { id } }) => id)).toContain('x.any')
})
