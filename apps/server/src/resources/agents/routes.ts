import { endpoints } from '@dakera-ai/protocol'
import { resolveNamespace } from '../../db/tx.ts'
import { namespaceName } from '../../http/path-params.ts'
import { route } from '../../http/route.ts'
import { memoriesOfAgent } from '../memories/service.ts'
import { countAgent, emptyAgent, listAgents } from './repo.ts'

const { list, stats, memories } = endpoints.agents

export const agents = () => [
  route(list, async ({ read }) => read(listAgents)),

  route(stats, async ({ read, params }) => {
    const name = namespaceName(params.agent_id)
    return read(async (tx) => {
      const namespace = await resolveNamespace(tx, name, 'read')
      return namespace ? countAgent(tx, namespace) : emptyAgent(name)
    })
  }),

  route(memories, async ({ read, params, query: { memory_type, ...page } }) => {
    const name = namespaceName(params.agent_id)
    return read(async (tx) => {
      const namespace = await resolveNamespace(tx, name, 'read')
      return namespace ? memoriesOfAgent(tx, namespace, memory_type, page) : []
    })
  }),
]
