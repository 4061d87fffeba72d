import { endpoints, isExactNumber, type Namespace } from '@dakera-ai/protocol'
import { once } from '../../db/once.ts'
import { requireAdmin, resolveNamespace, withPrincipal } from '../../db/tx.ts'
import type { Deps } from '../../deps.ts'
import { Fault } from '../../fault.ts'
import { namespaceName } from '../../http/names.ts'
import { fromCursor, toCursor } from '../../http/page.ts'
import { Reply, route } from '../../http/route.ts'
import {
  deleteNamespace,
  findNamespace,
  insertNamespace,
  listNamespaces,
  type Settings,
  updateNamespace,
} from './repo.ts'

const { create, upsert, list, get, delete: remove } = endpoints.namespaces

export const namespaces = ({ database }: Deps) => [
  route(create, async ({ principal, body: { name, ...settings }, repeat }) =>
    withPrincipal(database, principal, 'write', async (tx) => {
      requireAdmin(tx)
      const namespace = await once(tx, repeat, [], async () => {
        const created = await insertNamespace(tx, name, settings)
        const found = await findNamespace(tx, name)
        if (!found)
          throw new Fault(
            'CONFLICT',
            { resource: name },
            { message: `The namespace "${name}" is being deleted. Try again.` },
          )
        if (!created) refuseDisagreement(found, settings)
        return { ...found, created }
      })
      return new Reply(namespace.created ? 201 : 200, namespace)
    }),
  ),

  route(upsert, async ({ principal, params, body: settings, repeat }) => {
    const name = namespaceName(params.namespace)
    return withPrincipal(database, principal, 'write', async (tx) => {
      requireAdmin(tx)
      return once(tx, repeat, [], async () => {
        const created = await insertNamespace(tx, name, settings)
        if (!created) {
          const existing = await findNamespace(tx, name)
          if (existing) refuseWhatMemoriesFix(existing, settings)
          await updateNamespace(tx, name, settings)
        }
        const found = await findNamespace(tx, name)
        if (!found)
          throw new Fault(
            'CONFLICT',
            { resource: name },
            { message: `The namespace "${name}" is being deleted. Try again.` },
          )
        return { ...found, created }
      })
    })
  }),

  route(list, async ({ principal, query: { prefix, limit, cursor } }) => {
    const after = cursor === undefined ? undefined : fromCursor(cursor, ['name']).name
    const found = await withPrincipal(database, principal, 'read', (tx) =>
      listNamespaces(tx, { prefix, after, limit: limit && limit + 1 }),
    )
    const items = limit ? found.slice(0, limit) : found
    const last = items.at(-1)
    return {
      namespaces: items.map(({ name }) => name),
      items,
      ...(last && found.length > items.length && { next_cursor: toCursor({ name: last.name }) }),
    }
  }),

  route(get, async ({ principal, params }) => {
    const name = namespaceName(params.namespace)
    return withPrincipal(database, principal, 'read', async (tx) => {
      // A grant of any kind may see that it is there; a key without one learns nothing.
      const found = await findNamespace(tx, name)
      if (found) return found
      await resolveNamespace(tx, name, 'any')
      throw new Fault('NAMESPACE_NOT_FOUND', { resource: name }, { message: `There is no namespace "${name}".` })
    })
  }),

  route(remove, async ({ principal, params, repeat }) => {
    const name = namespaceName(params.namespace)
    return withPrincipal(database, principal, 'write', async (tx) => {
      requireAdmin(tx)
      return once(tx, repeat, [], async () => {
        const vectors_deleted = await deleteNamespace(tx, name)
        if (vectors_deleted === undefined)
          throw new Fault('NAMESPACE_NOT_FOUND', { resource: name }, { message: `There is no namespace "${name}".` })
        return { namespace: name, deleted: true as const, vectors_deleted }
      })
    })
  }),
]

/** Creating what exists is harmless as long as the body says nothing else than what is there. */
function refuseDisagreement(existing: Namespace, settings: Settings): void {
  const differing = Object.entries(settings).filter(
    ([name, value]) => value != null && !isSame(value, existing[name as keyof Namespace]),
  )
  if (differing.length === 0) return
  const names = differing.map(([name]) => name).join(', ')
  throw new Fault(
    'CONFLICT',
    { resource: existing.namespace },
    {
      message:
        `The namespace "${existing.namespace}" exists with another ${names}. Change it with PUT ` +
        `/v1/namespaces/${existing.namespace}.`,
    },
  )
}

/**
 * What the memories of a namespace were made with stays: their vectors have that dimension, their words that language.
 */
function refuseWhatMemoriesFix(existing: Namespace, { dimension, language }: Settings): void {
  if (existing.memory_count === 0) return
  const fixed = [
    dimension != null && dimension !== existing.dimension && 'dimension',
    language != null && language !== existing.language && 'language',
  ].filter(Boolean)
  if (fixed.length === 0) return
  throw new Fault(
    'CONFLICT',
    { resource: existing.namespace },
    {
      message:
        `The namespace "${existing.namespace}" holds memories; its ${fixed.join(' and ')} must stay. Use ` +
        'a new namespace.',
    },
  )
}

const isSame = (a: unknown, b: unknown) => canonical(a) === canonical(b)
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) && !isExactNumber(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
