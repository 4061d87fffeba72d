import { endpoints, type Session } from '@dakera-ai/protocol'
import { withoutLarge } from '../../db/idempotency.ts'
import { openNamespace, resolveNamespace } from '../../db/tx.ts'
import { isTaken, taken } from '../../fault.ts'
import { idFrom } from '../../http/path-params.ts'
import { route } from '../../http/route.ts'
import { locating } from '../locate.ts'
import { memoriesOfSession } from '../memories/service.ts'
import { endSession, findSessions, insertSession, listSessions } from './repo.ts'

const { start, end, get, list, memories } = endpoints.sessions
const locate = locating('session', findSessions)

export const sessions = () => [
  route(start, async ({ write, body: { agent_id, id, metadata } }) => {
    const session = await write(
      async (tx) => {
        const namespace = await openNamespace(tx, agent_id)
        // A conflict reveals that the id exists, so only a key that may read can choose ids.
        if (id != null) await resolveNamespace(tx, agent_id, 'edit')
        return { namespace }
      },
      (tx, { namespace }) => insertSession(tx, namespace, { id, metadata }),
      () => ({
        keep: ({ metadata: _sent, ...session }: Session) => session,
        restore: async (session: object) => ({ ...session, metadata }) as Session,
      }),
    ).catch((error: unknown) => {
      throw id != null && isTaken(error) ? taken('session', id, 'id', error) : error
    })
    return { session }
  }),

  route(end, async ({ write, params, query, body }) => {
    const id = idFrom(params.session_id)
    const session = await write(
      (tx) => locate(tx, id, query.agent_id ?? body.agent_id, 'edit'),
      async (tx, { namespace }) => {
        await endSession(tx, namespace.id, id, body.summary)
        return (await locate(tx, id, namespace.name, 'read')).session
      },
      (tx, { namespace }) =>
        withoutLarge(['summary', 'metadata'], async () => (await locate(tx, id, namespace.name, 'read')).session),
    )
    return { session, memory_count: session.memory_count }
  }),

  route(get, async ({ read, params, query }) => {
    const id = idFrom(params.session_id)
    return read(async (tx) => (await locate(tx, id, query.agent_id, 'read')).session)
  }),

  route(list, async ({ read, query: { agent_id, active_only: activeOnly, limit, offset } }) =>
    read(async (tx) => {
      const namespace = agent_id === undefined ? undefined : await resolveNamespace(tx, agent_id, 'read')
      if (agent_id !== undefined && !namespace) return { sessions: [], total: 0 }
      return listSessions(tx, { namespaceId: namespace?.id, activeOnly, limit, offset })
    }),
  ),

  route(memories, async ({ read, params, query: { agent_id, ...page } }) => {
    const id = idFrom(params.session_id)
    return read(async (tx) => {
      const { session, namespace } = await locate(tx, id, agent_id, 'read')
      return { session, memories: await memoriesOfSession(tx, namespace, id, page), total: session.memory_count }
    })
  }),
]
