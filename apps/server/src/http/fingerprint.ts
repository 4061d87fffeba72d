import { createHash } from 'node:crypto'

/**
 * Returns a hash that two requests share if they have the same operation, path, query parameters in any order, If-Match
 * and body.
 */
export function fingerprint(operation: string, url: string, ifMatch: string | null, body: Buffer): Buffer {
  const { pathname, searchParams } = new URL(url)
  searchParams.sort() // by name; values of one name keep their order
  const hash = createHash('sha256')
  for (const part of [operation, pathname, searchParams.toString(), ifMatch ?? '', body])
    hash.update(String(part.length)).update(':').update(part)
  return hash.digest()
}
