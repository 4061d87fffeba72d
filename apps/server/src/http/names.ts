import { NamespaceName, parsePlainly, sentence } from '@dakera-ai/protocol'
import { Fault } from '../fault.ts'

/** A namespace's name from a path, held to the same rules as one from a body. */
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

/** An id from a path: what no id can be is answered like an id that never was. */
export function idFrom(segment: string): string {
  if (segment.length > 0 && segment.length <= 200 && segment.isWellFormed() && !segment.includes('\u0000'))
    return segment
  throw new Fault('NOT_FOUND')
}
