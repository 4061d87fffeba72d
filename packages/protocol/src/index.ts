import { agentEndpoints } from './resources/agents.ts'
import { healthEndpoints } from './resources/health.ts'
import { keyEndpoints } from './resources/keys.ts'
import { memoryEndpoints } from './resources/memories.ts'
import { namespaceKeyEndpoints } from './resources/namespace-keys.ts'
import { namespaceEndpoints } from './resources/namespaces.ts'
import { sessionEndpoints } from './resources/sessions.ts'

export * from './bounds.ts'
export * from './endpoint.ts'
export * from './errors.ts'
export { explained, parsePlainly, sentence } from './explain.ts'
export { shortened } from './fields.ts'
export { constantOf, type Filter, parseFilter, type Scalar } from './filter.ts'
export * from './filter-bounds.ts'
export { type ExactNumber, isExactNumber, parseExactly } from './json.ts'
export { ignoredNames, NOTHING, snakeCase, unwrapped } from './known.ts'
export * from './resources/agents.ts'
export * from './resources/health.ts'
export * from './resources/keys.ts'
export * from './resources/memories.ts'
export * from './resources/namespace-keys.ts'
export * from './resources/namespaces.ts'
export * from './resources/sessions.ts'
export * from './weights.ts'

/** What each resource is, as clients and documents say it. */
export const resources = {
  health: 'Health of the server. Needs no key, and sends none.',
  namespaces: 'Places for memories, each with its own grants.',
  keys: "API keys and their grants. All but `whoami` needs an admin's key.",
  namespaceKeys: "Keys as one namespace sees them: by the grant they have there. Needs an admin's key.",
  memories: 'Store, find, change and forget what agents know.',
  sessions: 'Stretches of work of an agent, and the memories that belong to them.',
  agents: 'Namespaces as the places of agents: who is there, and what is in them.',
} as const satisfies Record<keyof typeof endpoints, string>

/** Every operation of the API, by resource. */
export const endpoints = {
  health: healthEndpoints,
  namespaces: namespaceEndpoints,
  keys: keyEndpoints,
  namespaceKeys: namespaceKeyEndpoints,
  memories: memoryEndpoints,
  sessions: sessionEndpoints,
  agents: agentEndpoints,
}
