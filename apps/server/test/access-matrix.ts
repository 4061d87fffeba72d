import type { NamespaceAccess } from '@dakera-ai/protocol'

export const PERSONAS = ['researcher', 'writer', 'qc', 'orchestrator', 'publisher'] as const
export const NAMESPACES = ['researcher', 'writer', 'team-shared', 'coordinator'] as const
export type Persona = (typeof PERSONAS)[number]
export type Place = (typeof NAMESPACES)[number]

/**
 * The access matrix of the product document, with one more persona: a publisher that may only append to the shared
 * namespace.
 */
export const MATRIX: Record<Persona, Partial<Record<Place, NamespaceAccess>>> = {
  researcher: { researcher: 'read_write', 'team-shared': 'read_write', coordinator: 'read' },
  writer: { writer: 'read_write', 'team-shared': 'read_write', coordinator: 'read' },
  qc: { 'team-shared': 'read', coordinator: 'read' },
  orchestrator: { researcher: 'read', writer: 'read', 'team-shared': 'read_write', coordinator: 'read_write' },
  publisher: { 'team-shared': 'write' },
}

export const CELLS = PERSONAS.flatMap((persona) =>
  NAMESPACES.map((place) => ({ persona, place, access: MATRIX[persona][place] ?? ('none' as const) })),
)

/**
 * The grant that an operation needs: `append` stores, `edit` changes or removes and so needs to read as well, `any`
 * grant lets one see that it is there; `admin` no grant is enough for.
 */
export type Need = 'read' | 'append' | 'edit' | 'any' | 'admin'

export const isAllowed = (access: NamespaceAccess | 'none', need: Need): boolean =>
  (access === 'read_write' && need !== 'admin') ||
  (need === 'any' && access !== 'none') ||
  (need === 'read' && access === 'read') ||
  (need === 'append' && access === 'write')

/** Returns the error code of a rejected call that names the namespace. */
export const refusal = (access: NamespaceAccess | 'none') =>
  access === 'none' ? 'NAMESPACE_ACCESS_DENIED' : 'INSUFFICIENT_SCOPE'
