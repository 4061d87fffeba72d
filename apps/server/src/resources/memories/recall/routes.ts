import { endpoints } from '@dakera-ai/protocol'
import type { Deps } from '../../../deps.ts'
import { route } from '../../../http/route.ts'
import { recall } from './recall.ts'

const memory = endpoints.memories

export const recalls = (deps: Pick<Deps, 'embedder' | 'accesses'>) => [
  route(memory.recall, async ({ body, signal, ...caller }) => recall(deps, caller, 'recall', body, signal)),
  route(memory.recallByQuery, async ({ query, signal, ...caller }) => recall(deps, caller, 'recall', query, signal)),
  route(memory.search, async ({ body, signal, ...caller }) => recall(deps, caller, 'search', body, signal)),
  route(memory.searchByQuery, async ({ query, signal, ...caller }) => recall(deps, caller, 'search', query, signal)),
]
