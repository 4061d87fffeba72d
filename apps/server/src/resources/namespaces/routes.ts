import { endpoints, isExactNumber, type Namespace } from '@dakera-ai/protocol'
import { resolveNamespace } from '../../db/tx.ts'
import { Fault } from '../../fault.ts'
import { fromCursor, oneMore, toPage } from '../../http/cursor.ts'
import { namespaceName } from '../../http/path-params.ts'
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

export const namespaces = () => [
  route(create, async ({ write, body: { name, ...settings } }) => {
    const namespace = await write(async (tx) => {
      const created = await insertNamespace(tx, name, settings)
      const found = await findNamespace(tx, name)
      if (!found) throw beingDeleted(name)
      if (!created) refuseDisagreement(found, settings)
      return { ...found, created }
    })
    return new Reply(namespace.created ? 201 : 200, namespace)
  }),

  route(upsert, async ({ write, params, body: settings }) => {
    const name = namespaceName(params.namespace)
    return write(async (tx) => {
      const created = await insertNamespace(tx, name, settings)
      if (!created) {
        const existing = await findNamespace(tx, name)
        if (existing) refuseWhatMemoriesFix(existing, settings)
        await updateNamespace(tx, name, settings)
      }
      const found = await findNamespace(tx, name)
      if (!found) throw beingDeleted(name)
      return { ...found, created }
    })
  }),

  route(list, async ({ read, query: { prefix, limit, cursor } }) => {
    const after = cursor === undefined ? undefined : fromCursor(cursor, ['name']).name
    const found = await read((tx) => listNamespaces(tx, { prefix, after, limit: oneMore(limit) }))
    const { items, next } = toPage(found, limit, ({ name }) => ({ name }))
    return { namespaces: items.map(({ name }) => name), items, ...next }
  }),

  route(get, async ({ read, params }) => {
    const name = namespaceName(params.namespace)
    return read(async (tx) => {
      // A key with any grant sees that the namespace exists; a key without one learns nothing.
      const found = await findNamespace(tx, name)
      if (found) return found
      await resolveNamespace(tx, name, 'any')
      throw noNamespace(name)
    })
  }),

  route(remove, async ({ write, params }) => {
    const name = namespaceName(params.namespace)
    return write(async (tx) => {
      const vectors_deleted = await deleteNamespace(tx, name)
      if (vectors_deleted === undefined) throw noNamespace(name)
      return { namespace: name, deleted: true as const, vectors_deleted }
    })
  }),
]

const beingDeleted = (name: string) =>
  new Fault('CONFLICT', { resource: name }, { message: `The namespace "${name}" is being deleted. Try again.` })

const noNamespace = (name: string) =>
  new Fault('NAMESPACE_NOT_FOUND', { resource: name }, { message: `No namespace "${name}" exists.` })

/** Allows creating an existing namespace again, but only with the same settings. */
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

/** Rejects another dimension or language once there are memories, whose vectors and words have the old one. */
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
        `The namespace "${existing.namespace}" contains memories; its ${fixed.join(' and ')} cannot change. Use ` +
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
