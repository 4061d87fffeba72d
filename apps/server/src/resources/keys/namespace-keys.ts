import { endpoints, type Key, type NamespaceKey } from '@dakera-ai/protocol'
import type { Deps } from '../../deps.ts'
import { idFrom, namespaceName } from '../../http/path-params.ts'
import { route } from '../../http/route.ts'
import { deleteNamespaceKey, findKey, insertKey, listKeyUsage, listNamespaceKeys, sharesName } from './repo.ts'
import { orNotFound, planKey, sumUsage, warningFor } from './service.ts'

const { create, list, delete: remove, usage: countUsage } = endpoints.namespaceKeys

/** The routes of the keys of one namespace: the same keys, by their grant on it. */
export const namespaceKeys = ({ usage }: Pick<Deps, 'usage'>) => [
  route(create, async ({ write, params, body: { scope, ...named } }) => {
    const namespace = namespaceName(params.namespace)
    return write(async (tx) => {
      const plan = planKey({ ...named, scope, namespaces: [namespace] })
      const key = await insertKey(tx, plan.key)
      return { ...seenFrom(namespace, key), key: plan.secret, warning: warningFor(key, await sharesName(tx, key)) }
    })
  }),

  route(list, async ({ read, params }) => {
    const namespace = namespaceName(params.namespace)
    const keys = await read((tx) => listNamespaceKeys(tx, namespace))
    return { namespace, keys: keys.map((key) => seenFrom(namespace, key)), total: keys.length }
  }),

  route(remove, async ({ write, params }) => {
    const [namespace, id] = [namespaceName(params.namespace), idFrom(params.key_id)]
    return write(async (tx) => {
      const isDeleted = orNotFound(await deleteNamespaceKey(tx, id, namespace), id)
      const message = isDeleted
        ? 'The key is deleted.'
        : `The key no longer has a grant on "${namespace}". The key and its other grants stay.`
      return { success: true as const, message }
    })
  }),

  route(countUsage, async ({ read, params }) => {
    await usage.flush()
    const [namespace, id] = [namespaceName(params.namespace), idFrom(params.key_id)]
    return read(async (tx) => {
      const key = await findKey(tx, id)
      orNotFound(key && Object.hasOwn(key.grants, namespace) ? key : undefined, id)
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
