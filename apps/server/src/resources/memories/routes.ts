import { endpoints } from '@dakera-ai/protocol'
import { countMemories } from '../../db/count-memories.ts'
import { type NamespaceRef, resolveNamespace, type Tx, type WriteTx } from '../../db/tx.ts'
import type { Deps } from '../../deps.ts'
import { badCursor, fromCursor, oneMore, toPage } from '../../http/cursor.ts'
import { idFrom } from '../../http/path-params.ts'
import { route } from '../../http/route.ts'
import { countMatching, deleteMatching, listMemories } from './repo.ts'
import { forgetBatchSelection, forgetSelection, listSelection, type Selection } from './selection.ts'
import { locate, setImportanceOf, storeAll, update } from './service.ts'

const memory = endpoints.memories

/** A time as Postgres writes it. Its parser also reads names of time zones, and fails on unknown ones. */
const TIME = /^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/

export const memories = (deps: Pick<Deps, 'embedder' | 'accesses'>) => [
  route(memory.store, async ({ body: { agent_id, ...incoming }, ...call }) => {
    const { memories, ms } = await storeAll(deps, call, agent_id, [incoming], () => 'content')
    return { memory: memories[0] as (typeof memories)[0], embedding_time_ms: ms }
  }),

  route(memory.storeBatch, async ({ body: { agent_id, memories: incoming }, ...call }) => {
    const { memories, ms } = await storeAll(deps, call, agent_id, incoming, (at) => `memories.${at}.content`)
    const stored = memories.map(({ id, content, agent_id, tags, importance, created_at }) => ({
      id,
      content,
      agent_id,
      tags,
      importance,
      created_at,
    }))
    return { stored, stored_count: stored.length, total_embedding_time_ms: ms }
  }),

  route(memory.get, async ({ read, keyHash, params, query }) => {
    const id = idFrom(params.memory_id)
    const found = await read((tx) => locate(tx, id, query.agent_id, 'read'))
    deps.accesses.record(keyHash, found.namespace.name, [id])
    return found.memory
  }),

  route(memory.update, async ({ params, query, body, ifVersion, ...call }) => {
    const updated = await update(deps, call, {
      id: idFrom(params.memory_id),
      agentId: query.agent_id ?? body.agent_id,
      ifVersion,
      body,
    })
    return { ...updated, memory: updated }
  }),

  route(memory.setImportance, async ({ write, body: { agent_id, memory_id, memory_ids, importance } }) => {
    const ids = [...(memory_id ? [memory_id] : []), ...(memory_ids ?? [])]
    return write(toEdit(agent_id), async (tx, { namespace }) => {
      const updated_count = await setImportanceOf(tx, namespace, ids, importance)
      return { status: 'ok' as const, memory_id: ids[0] as string, importance, updated_count }
    })
  }),

  route(memory.patchImportance, async ({ write, params, body: { agent_id, importance } }) => {
    const id = idFrom(params.memory_id)
    return write(
      (tx) => locate(tx, id, agent_id, 'edit'),
      async (tx, { namespace }) => {
        const updated_count = await setImportanceOf(tx, namespace, [id], importance)
        return { status: 'ok' as const, memory_id: id, importance, updated_count }
      },
    )
  }),

  route(memory.forget, async ({ scan, write, body }) => {
    const selection = forgetSelection(body)
    const status = 'ok' as const
    if (body.dry_run)
      return { deleted_count: await scan(countIn(body.agent_id, selection)), status, dry_run: true as const }
    return write(toEdit(body.agent_id), async (tx, { namespace }) => ({
      deleted_count: await deleteIn(tx, namespace, selection),
      status,
    }))
  }),

  route(memory.forgetBatch, async ({ scan, write, body }) => {
    const selection = forgetBatchSelection(body)
    const dry_run = body.dry_run ?? body.filter?.dry_run ?? body.filters?.dry_run ?? false
    if (dry_run) return { deleted_count: await scan(countIn(body.agent_id, selection)), dry_run }
    return write(toEdit(body.agent_id), async (tx, { namespace }) => ({
      deleted_count: await deleteIn(tx, namespace, selection),
      dry_run,
    }))
  }),

  route(memory.list, async ({ scan, body: { agent_id, filter, limit, cursor } }) => {
    const selection = listSelection(filter)
    return scan(async (tx) => {
      const namespace = await resolveNamespace(tx, agent_id, 'read')
      if (!namespace) return { memories: [], total: 0, filtered: 0 }
      const after = cursor == null ? undefined : fromCursor(cursor, ['in', 'time', 'id'])
      if (after && after.in !== namespace.name) throw badCursor('it belongs to another namespace')
      if (after && !TIME.test(after.time)) throw badCursor()
      const { found, isFull } = await listMemories(tx, namespace, selection, { after, limit: oneMore(limit) })
      const { items, next } = toPage(found, limit, (last) => ({ in: namespace.name, ...last.position }), isFull)
      const total = (await countMemories(tx, namespace.id))?.documents ?? 0
      return {
        memories: items.map((row) => row.memory),
        total,
        filtered: Object.keys(selection).length === 0 ? total : await countMatching(tx, namespace.id, selection),
        ...next,
      }
    })
  }),
]

/** Checks that the caller may change memories of a namespace. */
const toEdit = (agentId: string) => async (tx: Tx) => ({ namespace: await resolveNamespace(tx, agentId, 'edit') })

/** Counts what would be forgotten. */
const countIn = (agentId: string, selection: Selection) => async (tx: Tx) => {
  const { namespace } = await toEdit(agentId)(tx)
  return namespace ? countMatching(tx, namespace.id, selection) : 0
}

const deleteIn = async (tx: WriteTx, namespace: NamespaceRef | undefined, selection: Selection) =>
  namespace ? deleteMatching(tx, namespace.id, selection) : 0
