import { Fault } from '../fault.ts'

/** Returns the secret of a request: from Authorization, otherwise from X-API-Key. No other code reads these headers. */
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
