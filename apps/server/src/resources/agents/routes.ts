import { endpoints } from '@dakera-ai/protocol'
import { resolveNamespace, withPrincipal } from '../../db/tx.ts'
import type { Deps } from '../../deps.ts'
import { namespaceName } from '../../http/names.ts'
import { route } from '../../http/route.ts'
import { memoriesOfAgent } from '../memories/service.ts'
import { countAgent, emptyAgent, listAgents } from './repo.ts'

const { list, stats, memories } = endpoints.agents

export const agents = ({ database }: Deps) => [
  route(list, async ({ principal }) => withPrincipal(database, principal, 'read', listAgents)),

  route(stats, async ({ principal, params }) => {
    const name = namespaceName(params.agent_id)
    return withPrincipal(database, principal, 'read', async (tx) => {
      const namespace = await resolveNamespace(tx, name, 'read')
      return namespace ? countAgent(tx, namespace) : emptyAgent(name)
    })
  }),

  route(memories, async ({ principal, params, query: { memory_type, ...page } }) => {
    const name = namespaceName(params.agent_id)
    return withPrincipal(database, principal, 'read', async (tx) => {
      const namespace = await resolveNamespace(tx, name, 'read')
      return namespace ? memoriesOfAgent(tx, namespace, memory_type, page) : []
    })
  }),
]
