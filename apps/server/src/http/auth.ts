import { Fault } from '../fault.ts'

/** The one place that knows how a secret travels. One credential counts: Authorization, else X-API-Key. */
export function readSecret(headers: Headers): string {
  const authorization = headers.get('authorization')
  if (authorization !== null) {
    const secret = /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
    if (!secret)
      throw new Fault('AUTHENTICATION_REQUIRED', {}, { message: 'The Authorization header must read "Bearer <key>".' })
    return secret
  }
  const secret = headers.get('x-api-key')?.trim()
  if (!secret) throw new Fault('AUTHENTICATION_REQUIRED')
  return secret
}
