import { isExactNumber, snakeCase, unwrapped } from '@dakera-ai/protocol'
import * as z from 'zod'
import { Fault } from '../fault.ts'

/**
 * Replaces alternative names by those of the schema: clients also send memoryType, topK, minImportance, and `namespace`
 * for `agent_id`, because replies have both. If both are sent, the schema's own name wins. Free-form objects (metadata,
 * filters on it) are left alone; numbers elsewhere are doubles.
 */
export function acceptAliases(schema: z.ZodType, value: unknown): unknown {
  if (isExactNumber(value)) return Number(value.rawJSON)
  const inner = unwrapped(schema)
  if (inner instanceof z.ZodArray && Array.isArray(value))
    return value.map((item) => acceptAliases(inner.element as z.ZodType, item))
  if (!(inner instanceof z.ZodObject) || typeof value !== 'object' || value === null || Array.isArray(value))
    return value
  const { shape } = inner as z.ZodObject
  const entries = Object.entries(value).flatMap(([name, field]): [string, unknown][] => {
    const known = knownName(name, shape)
    if (known === undefined) return [[name, field]]
    if (known === name || !Object.hasOwn(value, known))
      return [[known, acceptAliases(shape[known] as z.ZodType, field)]]
    if (name !== 'namespace') return [[name, field]]
    refuseTwoPlaces((value as Record<string, unknown>)[known], field)
    return []
  })
  return Object.fromEntries(entries)
}

/** Rejects a request that names one namespace in the query string and another in the body, as either could be meant. */
export function refuseTwoNamespaces(query: unknown, body: unknown): void {
  const [asked, sent] = [query, body].map((part) => (part as { agent_id?: string | null } | undefined)?.agent_id)
  if (asked == null || sent == null || asked === sent) return
  const message = 'the query string names another namespace than the body. Send it once'
  throw new Fault('INVALID_REQUEST', { issues: [{ path: 'agent_id', message }] }, { message: `agent_id: ${message}.` })
}

function knownName(name: string, shape: Record<string, unknown>): string | undefined {
  const twin = name === 'namespace' && !Object.hasOwn(shape, name) ? 'agent_id' : snakeCase(name)
  return [name, twin].find((candidate) => Object.hasOwn(shape, candidate))
}

/** Rejects a memory with two names of its namespace that differ. A memory sent back unchanged has both. */
function refuseTwoPlaces(agentId: unknown, namespace: unknown): void {
  if (agentId === namespace) return
  const message = 'agent_id and namespace are two names of one thing, and name different ones here. Send one of them'
  throw new Fault(
    'INVALID_REQUEST',
    { issues: [{ path: 'namespace', message }] },
    { message: `namespace: ${message}.` },
  )
}
