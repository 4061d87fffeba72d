import { endpoints, type Session } from '@dakera-ai/protocol'
import { once, withoutLarge } from '../../db/once.ts'
import { openNamespace, resolveNamespace, type Tx, withPrincipal } from '../../db/tx.ts'
import type { Deps } from '../../deps.ts'
import { Fault, isTaken, taken } from '../../fault.ts'
import { idFrom } from '../../http/names.ts'
import { route } from '../../http/route.ts'
import { memoriesOfSession } from '../memories/service.ts'
import { endSession, findSessions, insertSession, type Located, listSessions } from './repo.ts'

const { start, end, get, list, memories } = endpoints.sessions

export const sessions = ({ database }: Deps) => [
  route(start, async ({ principal, body: { agent_id, id, metadata }, repeat }) =>
    withPrincipal(database, principal, 'write', async (tx) => {
      const namespace = await openNamespace(tx, agent_id)
      // A taken id is refused, and that tells what is there: so only who may read chooses ids.
      if (id != null) await resolveNamespace(tx, agent_id, 'edit')
      const write = () => insertSession(tx, namespace, { id, metadata })
      const kept = {
        keep: ({ metadata: _sent, ...session }: Session) => session,
        restore: async (session: object) => ({ ...session, metadata }) as Session,
      }
      return { session: await once(tx, repeat, [namespace], write, kept) }
    }).catch((error: unknown) => {
      throw id != null && isTaken(error) ? taken('session', id, 'id', error) : error
    }),
  ),

  route(end, async ({ principal, params, query, body, repeat }) => {
    const id = idFrom(params.session_id)
    return withPrincipal(database, principal, 'write', async (tx) => {
      const { namespace } = await locate(tx, id, query.agent_id ?? body.agent_id, 'edit')
      const read = async () => (await locate(tx, id, namespace.name, 'read')).session
      const write = async () => {
        await endSession(tx, namespace.id, id, body.summary)
        return read()
      }
      const session = await once(tx, repeat, [namespace], write, withoutLarge(['summary', 'metadata'], read))
      return { session, memory_count: session.memory_count }
    })
  }),

  route(get, async ({ principal, params, query }) => {
    const id = idFrom(params.session_id)
    return withPrincipal(
      database,
      principal,
      'read',
      async (tx) => (await locate(tx, id, query.agent_id, 'read')).session,
    )
  }),

  route(list, async ({ principal, query: { agent_id, active_only: activeOnly, limit, offset } }) =>
    withPrincipal(database, principal, 'read', async (tx) => {
      const namespace = agent_id === undefined ? undefined : await resolveNamespace(tx, agent_id, 'read')
      if (agent_id !== undefined && !namespace) return { sessions: [], total: 0 }
      return listSessions(tx, { namespaceId: namespace?.id, activeOnly, limit, offset })
    }),
  ),

  route(memories, async ({ principal, params, query: { agent_id, ...page } }) => {
    const id = idFrom(params.session_id)
    return withPrincipal(database, principal, 'read', async (tx) => {
      const { session, namespace } = await locate(tx, id, agent_id, 'read')
      return { session, memories: await memoriesOfSession(tx, namespace, id, page), total: session.memory_count }
    })
  }),
]

const absent = (id: string) =>
  new Fault('NOT_FOUND', { resource: id }, { message: 'There is no session by that id that this key may see.' })

/** The one session of that id, in the namespace named or wherever the caller may read. */
async function locate(
  tx: Tx,
  id: string,
  agentId: string | null | undefined,
  access: 'read' | 'edit',
): Promise<Located> {
  if (agentId != null) {
    const namespace = await resolveNamespace(tx, agentId, access)
    const [found] = namespace ? await findSessions(tx, id, namespace.id) : []
    if (!found) throw absent(id)
    return found
  }
  const [found, another] = await findSessions(tx, id)
  if (!found) throw absent(id)
  if (another)
    throw new Fault(
      'CONFLICT',
      { resource: id },
      { message: 'More than one namespace has a session of that id. Send agent_id.' },
    )
  if (access === 'edit') await resolveNamespace(tx, found.namespace.name, access)
  return found
}
