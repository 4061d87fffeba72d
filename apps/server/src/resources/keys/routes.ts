import { endpoints, type Key, type KeyActionResponse } from '@dakera-ai/protocol'
import type { AdminCaller } from '../../db/caller.ts'
import type { AdminTx, WriteTx } from '../../db/tx.ts'
import type { Deps } from '../../deps.ts'
import { fromCursor, oneMore, toPage } from '../../http/cursor.ts'
import { idFrom } from '../../http/path-params.ts'
import { route } from '../../http/route.ts'
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
import { makeSecret, orNotFound, planChanges, planKey, refusePublished, sumUsage, warningFor } from './service.ts'

const { create, list, get, update, rotate, deactivate, delete: remove, usage: countUsage, whoami } = endpoints.keys

export const keys = ({ usage, acceptsPublished }: Pick<Deps, 'usage' | 'acceptsPublished'>) => {
  /** Deactivates or deletes a key. */
  const act = (
    { write }: AdminCaller,
    keyId: string,
    change: (tx: WriteTx<AdminTx>, id: string) => Promise<Key | undefined>,
    message: string,
  ): Promise<KeyActionResponse> => {
    const id = idFrom(keyId)
    return write(async (tx) => ({ ...orNotFound(await change(tx, id), id), success: true as const, message }))
  }

  return [
    route(create, async ({ write, body }) => {
      if (!acceptsPublished) refusePublished(body.secret)
      return write(async (tx) => {
        const plan = planKey(body)
        const key = await insertKey(tx, plan.key)
        return { ...key, key: plan.secret, warning: warningFor(key, await sharesName(tx, key)) }
      })
    }),

    route(list, async ({ read, query: { limit, cursor } }) => {
      const after = cursor === undefined ? undefined : fromCursor(cursor, ['id']).id
      const { keys, total } = await read((tx) => listKeys(tx, after, oneMore(limit)))
      const { items, next } = toPage(keys, limit, ({ id }) => ({ id }))
      return { keys: items, total, ...next }
    }),

    route(get, async ({ read, params }) => {
      const id = idFrom(params.key_id)
      return read(async (tx) => orNotFound(await findKey(tx, id), id))
    }),

    route(update, async ({ write, params, body }) => {
      const id = idFrom(params.key_id)
      return write(async (tx) => {
        const changes = planChanges(body, orNotFound(await findKey(tx, id), id))
        return orNotFound(await updateKey(tx, id, changes), id)
      })
    }),

    route(rotate, async ({ write, params, body }) => {
      await usage.flush() // counts the old secret's requests while it still leads to its key
      const id = idFrom(params.key_id)
      return write(async (tx) => {
        const { secret, hash } = makeSecret()
        const rotated = orNotFound(await rotateKey(tx, id, hash, body.grace_secs), id)
        return {
          key_id: id,
          key: secret,
          new_key: secret,
          name: rotated.key.name,
          old_key_expires_at: rotated.oldExpiresAt,
          warning: warningFor(rotated.key),
        }
      })
    }),

    route(deactivate, async ({ params, ...caller }) =>
      act(caller, params.key_id, deactivateKey, 'The key is deactivated.'),
    ),

    route(remove, async ({ params, ...caller }) =>
      act(caller, params.key_id, deleteKey, 'The key is deleted, with its grants.'),
    ),

    route(countUsage, async ({ read, params }) => {
      await usage.flush()
      const id = idFrom(params.key_id)
      return read(async (tx) => {
        orNotFound(await findKey(tx, id), id)
        return sumUsage(id, await listKeyUsage(tx, id))
      })
    }),

    route(whoami, async ({ read }) =>
      read(async (tx) => {
        const { key_id, name, scope, grants, namespaces, expires_at } = orNotFound(await findCaller(tx), 'caller')
        return { key_id, name, scope, grants, namespaces, expires_at, auth_enabled: true as const }
      }),
    ),
  ]
}
