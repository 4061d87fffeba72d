import { endpoints, type Key, type KeyActionResponse } from '@dakera-ai/protocol'
import { once } from '../../db/once.ts'
import { requireAdmin, type Tx, withPrincipal } from '../../db/tx.ts'
import type { Deps } from '../../deps.ts'
import { idFrom } from '../../http/names.ts'
import { fromCursor, toCursor } from '../../http/page.ts'
import { type Input, route } from '../../http/route.ts'
import {
  deactivateKey,
  deleteKey,
  findCaller,
  findKey,
  insertKey,
  listKeys,
  listKeyUsage,
  rotateKey,
  sharesName,
  updateKey,
} from './repo.ts'
import { makeSecret, planChanges, planKey, present, refusePublished, sumUsage, warningFor } from './service.ts'

const { create, list, get, update, rotate, deactivate, delete: remove, usage: countUsage, whoami } = endpoints.keys

export const keys = ({ database, usage, acceptsPublished }: Deps) => {
  /** Deactivate and delete read the same but for the verb. */
  const act = (
    input: Pick<Input<typeof deactivate>, 'principal' | 'params' | 'repeat'>,
    change: (tx: Tx, id: string) => Promise<Key | undefined>,
    message: string,
  ) =>
    withPrincipal(database, input.principal, 'write', async (tx): Promise<KeyActionResponse> => {
      requireAdmin(tx)
      const id = idFrom(input.params.key_id)
      return once(tx, input.repeat, [], async () => ({
        ...present(await change(tx, id), id),
        success: true as const,
        message,
      }))
    })

  return [
    route(create, async ({ principal, body, repeat }) =>
      withPrincipal(database, principal, 'write', async (tx) => {
        requireAdmin(tx)
        if (!acceptsPublished) refusePublished(body.secret)
        return once(tx, repeat, [], async () => {
          const plan = planKey(body)
          const key = await insertKey(tx, plan.key)
          return { ...key, key: plan.secret, warning: warningFor(key, await sharesName(tx, key)) }
        })
      }),
    ),

    route(list, async ({ principal, query: { limit, cursor } }) => {
      const after = cursor === undefined ? undefined : fromCursor(cursor, ['id']).id
      const found = await withPrincipal(database, principal, 'read', async (tx) => {
        requireAdmin(tx)
        return listKeys(tx, after, limit && limit + 1)
      })
      const page = limit ? found.keys.slice(0, limit) : found.keys
      const last = page.at(-1)
      return {
        keys: page,
        total: found.total,
        ...(last && found.keys.length > page.length && { next_cursor: toCursor({ id: last.id }) }),
      }
    }),

    route(get, async ({ principal, params }) =>
      withPrincipal(database, principal, 'read', async (tx) => {
        requireAdmin(tx)
        const id = idFrom(params.key_id)
        return present(await findKey(tx, id), id)
      }),
    ),

    route(update, async ({ principal, params, body, repeat }) =>
      withPrincipal(database, principal, 'write', async (tx) => {
        requireAdmin(tx)
        const id = idFrom(params.key_id)
        return once(tx, repeat, [], async () =>
          present(await updateKey(tx, id, planChanges(body, present(await findKey(tx, id), id))), id),
        )
      }),
    ),

    route(rotate, async ({ principal, params, body, repeat }) => {
      await usage.flush() // what the old secret was used for, while it still leads to its key
      return withPrincipal(database, principal, 'write', async (tx) => {
        requireAdmin(tx)
        const id = idFrom(params.key_id)
        return once(tx, repeat, [], async () => {
          const { secret, hash } = makeSecret()
          const rotated = present(await rotateKey(tx, id, hash, body.grace_secs), id)
          return {
            key_id: id,
            key: secret,
            new_key: secret,
            name: rotated.key.name,
            old_key_expires_at: rotated.oldExpiresAt,
            warning: warningFor(rotated.key),
          }
        })
      })
    }),

    route(deactivate, async (input) => act(input, deactivateKey, 'The key no longer opens anything.')),

    route(remove, async (input) => act(input, deleteKey, 'The key is deleted, with its grants.')),

    route(countUsage, async ({ principal, params }) => {
      await usage.flush()
      return withPrincipal(database, principal, 'read', async (tx) => {
        requireAdmin(tx)
        const id = idFrom(params.key_id)
        present(await findKey(tx, id), id)
        return sumUsage(id, await listKeyUsage(tx, id))
      })
    }),

    route(whoami, async ({ principal }) =>
      withPrincipal(database, principal, 'read', async (tx) => {
        const { key_id, name, scope, grants, namespaces, expires_at } = present(await findCaller(tx), 'caller')
        return { key_id, name, scope, grants, namespaces, expires_at, auth_enabled: true as const }
      }),
    ),
  ]
}
