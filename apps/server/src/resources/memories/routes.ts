import { endpoints } from '@dakera-ai/protocol'
import { once } from '../../db/once.ts'
import { type NamespaceRef, resolveNamespace, type Tx, withPrincipal } from '../../db/tx.ts'
import type { Deps } from '../../deps.ts'
import { Fault } from '../../fault.ts'
import { idFrom } from '../../http/names.ts'
import { fromCursor, toCursor } from '../../http/page.ts'
import { route } from '../../http/route.ts'
import type { Principal } from '../../principal.ts'
import { find } from './find.ts'
import { countMatching, countMemories, deleteMatching, listMemories } from './repo.ts'
import { forgetBatchSelection, forgetSelection, listSelection, type Selection } from './selection.ts'
import { locate, setImportanceOf, storeAll, update } from './service.ts'

const memory = endpoints.memories

/** A moment as Postgres writes it; its parser also takes names of time zones, and fails on those it does not know. */
const TIME = /^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/

export const memories = (deps: Deps) => {
  const { database } = deps

  /** A dry run: how many memories would be forgotten. */
  const countToForget = (principal: Principal, agentId: string, selection: Selection) =>
    withPrincipal(database, principal, 'scan', async (tx) => {
      const namespace = await resolveNamespace(tx, agentId, 'edit')
      return namespace ? countMatching(tx, namespace.id, selection) : 0
    })

  return [
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

    route(memory.recall, async ({ principal, body, signal }) => find(deps, principal, 'recall', body, signal)),
    route(memory.recallByQuery, async ({ principal, query, signal }) => find(deps, principal, 'recall', query, signal)),
    route(memory.search, async ({ principal, body, signal }) => find(deps, principal, 'search', body, signal)),
    route(memory.searchByQuery, async ({ principal, query, signal }) => find(deps, principal, 'search', query, signal)),

    route(memory.get, async ({ principal, params, query }) => {
      const id = idFrom(params.memory_id)
      const found = await withPrincipal(database, principal, 'read', (tx) => locate(tx, id, query.agent_id, 'read'))
      deps.accesses.record(principal.keyHash, found.namespace.name, [id])
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

    route(
      memory.setImportance,
      async ({ principal, body: { agent_id, memory_id, memory_ids, importance }, repeat }) => {
        const ids = [...(memory_id ? [memory_id] : []), ...(memory_ids ?? [])]
        return withPrincipal(database, principal, 'write', async (tx) => {
          const namespace = await resolveNamespace(tx, agent_id, 'edit')
          return once(tx, repeat, [namespace], async () => {
            const updated_count = await setImportanceOf(tx, namespace, ids, importance)
            return { status: 'ok' as const, memory_id: ids[0] as string, importance, updated_count }
          })
        })
      },
    ),

    route(memory.patchImportance, async ({ principal, params, body: { agent_id, importance }, repeat }) => {
      const id = idFrom(params.memory_id)
      return withPrincipal(database, principal, 'write', async (tx) => {
        const { namespace } = await locate(tx, id, agent_id, 'edit')
        return once(tx, repeat, [namespace], async () => {
          const updated_count = await setImportanceOf(tx, namespace, [id], importance)
          return { status: 'ok' as const, memory_id: id, importance, updated_count }
        })
      })
    }),

    route(memory.forget, async ({ principal, body, repeat }) => {
      const selection = forgetSelection(body)
      if (body.dry_run)
        return {
          deleted_count: await countToForget(principal, body.agent_id, selection),
          status: 'ok' as const,
          dry_run: true as const,
        }
      return withPrincipal(database, principal, 'write', async (tx) => {
        const namespace = await resolveNamespace(tx, body.agent_id, 'edit')
        return once(tx, repeat, [namespace], async () => ({
          deleted_count: await deleteIn(tx, namespace, selection),
          status: 'ok' as const,
        }))
      })
    }),

    route(memory.forgetBatch, async ({ principal, body, repeat }) => {
      const selection = forgetBatchSelection(body)
      const dry_run = body.dry_run ?? body.filter?.dry_run ?? body.filters?.dry_run ?? false
      if (dry_run) return { deleted_count: await countToForget(principal, body.agent_id, selection), dry_run }
      return withPrincipal(database, principal, 'write', async (tx) => {
        const namespace = await resolveNamespace(tx, body.agent_id, 'edit')
        return once(tx, repeat, [namespace], async () => ({
          deleted_count: await deleteIn(tx, namespace, selection),
          dry_run,
        }))
      })
    }),

    route(memory.list, async ({ principal, body: { agent_id, filter, limit, cursor } }) => {
      const selection = listSelection(filter)
      return withPrincipal(database, principal, 'scan', async (tx) => {
        const namespace = await resolveNamespace(tx, agent_id, 'read')
        if (!namespace) return { memories: [], total: 0, filtered: 0 }
        const after = cursor == null ? undefined : fromCursor(cursor, ['in', 'time', 'id'])
        if (after && after.in !== namespace.name)
          throw new Fault('INVALID_REQUEST', {}, { message: 'cursor: it belongs to another namespace.' })
        if (after && !TIME.test(after.time))
          throw new Fault(
            'INVALID_REQUEST',
            {},
            { message: 'cursor: this is not a cursor of this list. Start again without one.' },
          )
        const { found, isFull } = await listMemories(tx, namespace, selection, { after, limit: limit + 1 })
        const page = found.slice(0, limit)
        const last = isFull || found.length > limit ? page.at(-1) : undefined
        const total = await countMemories(tx, namespace.id)
        return {
          memories: page.map((row) => row.memory),
          total,
          filtered: Object.keys(selection).length === 0 ? total : await countMatching(tx, namespace.id, selection),
          ...(last && { next_cursor: toCursor({ in: namespace.name, ...last.position }) }),
        }
      })
    }),
  ]
}

const deleteIn = async (tx: Tx, namespace: NamespaceRef | undefined, selection: Selection) =>
  namespace ? deleteMatching(tx, namespace.id, selection) : 0
