import { NamespaceName, parsePlainly, sentence } from '@dakera-ai/protocol'
import { Fault } from '../fault.ts'

/** Reads a namespace's name from a path, by the same rules as from a body. */
export function namespaceName(segment: string): string {
  const result = parsePlainly(NamespaceName, segment)
  if (result.success) return result.data
  const message = result.error.issues[0]?.message ?? 'not a name'
  throw new Fault(
    'INVALID_REQUEST',
    { issues: [{ path: 'namespace', message }] },
    { message: sentence({ path: 'namespace', message }) },
  )
}

/** Reads an id from a path. An impossible id gets the same error as an unknown one. */
export function idFrom(segment: string): string {
  if (segment.length > 0 && segment.length <= 200 && segment.isWellFormed() && !segment.includes('\u0000'))
    return segment
  throw new Fault('NOT_FOUND')
}
