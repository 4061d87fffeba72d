import { healthEndpoints } from './resources/health.ts'
import { keyEndpoints } from './resources/keys.ts'
import { memoryEndpoints } from './resources/memories.ts'
import { namespaceEndpoints } from './resources/namespaces.ts'

export * from './endpoint.ts'
export * from './errors.ts'
export type { Filter } from './filter.ts'
export * from './resources/health.ts'
export * from './resources/keys.ts'
export * from './resources/memories.ts'
export * from './resources/namespaces.ts'
export * from './weights.ts'

/** Every operation of the API, by resource. */
export const endpoints = { health: healthEndpoints, namespaces: namespaceEndpoints, keys: keyEndpoints, memories: memoryEndpoints }
