import { Fault } from '../fault.ts'
import { type Principal, principalOf } from '../principal.ts'

/** The one place that knows how a secret travels. One credential counts: Authorization, else X-API-Key. */
export function readPrincipal(headers: Headers): Principal {
  const authorization = headers.get('authorization')
  if (authorization !== null) {
    const secret = /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
    if (!secret) throw new Fault('AUTHENTICATION_REQUIRED', {}, { message: 'The Authorization header must read "Bearer <key>".' })
    return principalOf(secret)
  }
  const secret = headers.get('x-api-key')?.trim()
  if (!secret) throw new Fault('AUTHENTICATION_REQUIRED')
  return principalOf(secret)
}
