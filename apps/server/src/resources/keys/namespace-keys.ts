import { endpoints, type Key, type NamespaceKey } from '@dakera-ai/protocol'
import { once } from '../../db/once.ts'
import { requireAdmin, withPrincipal } from '../../db/tx.ts'
import type { Deps } from '../../deps.ts'
import { idFrom, namespaceName } from '../../http/names.ts'
import { route } from '../../http/route.ts'
import { deleteNamespaceKey, findKey, insertKey, listKeyUsage, listNamespaceKeys, sharesName } from './repo.ts'
import { planKey, present, sumUsage, warningFor } from './service.ts'

const { create, list, delete: remove, usage: countUsage } = endpoints.namespaceKeys

/** The same keys, seen from one namespace: by the grant they have there. */
export const namespaceKeys = ({ database, usage }: Deps) => [
  route(create, async ({ principal, params, body: { scope, ...named }, repeat }) =>
    withPrincipal(database, principal, 'write', async (tx) => {
      requireAdmin(tx)
      const namespace = namespaceName(params.namespace)
      return once(tx, repeat, [], async () => {
        const plan = planKey({ ...named, scope, namespaces: [namespace] })
        const key = await insertKey(tx, plan.key)
        return { ...seenFrom(namespace, key), key: plan.secret, warning: warningFor(key, await sharesName(tx, key)) }
      })
    }),
  ),

  route(list, async ({ principal, params }) =>
    withPrincipal(database, principal, 'read', async (tx) => {
      requireAdmin(tx)
      const namespace = namespaceName(params.namespace)
      const keys = await listNamespaceKeys(tx, namespace)
      return { namespace, keys: keys.map((key) => seenFrom(namespace, key)), total: keys.length }
    }),
  ),

  route(remove, async ({ principal, params, repeat }) =>
    withPrincipal(database, principal, 'write', async (tx) => {
      requireAdmin(tx)
      const [namespace, id] = [namespaceName(params.namespace), idFrom(params.key_id)]
      return once(tx, repeat, [], async () => {
        const went = present(await deleteNamespaceKey(tx, id, namespace), id)
        const message = went
          ? 'The key is deleted.'
          : `The key has no grant on "${namespace}" any more. It stays, with what else it opens.`
        return { success: true as const, message }
      })
    }),
  ),

  route(countUsage, async ({ principal, params }) => {
    await usage.flush()
    return withPrincipal(database, principal, 'read', async (tx) => {
      requireAdmin(tx)
      const [namespace, id] = [namespaceName(params.namespace), idFrom(params.key_id)]
      const key = await findKey(tx, id)
      present(key && Object.hasOwn(key.grants, namespace) ? key : undefined, id)
      return sumUsage(id, await listKeyUsage(tx, id, namespace))
    })
  }),
]

const seenFrom = (namespace: string, { key_id, name, grants, active, created_at, expires_at }: Key): NamespaceKey => ({
  key_id,
  name,
  namespace,
  access: grants[namespace] as NamespaceKey['access'],
  active,
  created_at,
  expires_at,
})
