import { setTimeout as sleep } from 'node:timers/promises'
import { parseExactly } from '@dakera-ai/protocol'
import { Fault } from '../fault.ts'

/**
 * A body is read up to this multiple of the limit, so that the client receives a proper 413. Beyond it, the connection
 * is dropped.
 */
const READ_ON = 16
/**
 * The delay before a body with a too large Content-Length is rejected. Without it, eight connections could make the
 * server discard 400 MB a second.
 */
const REFUSAL_MS = 200

/**
 * Reads a body of at most `limit` bytes. A longer one is rejected before it is in memory. `hold` is called before bytes
 * are kept, and may throw.
 */
export async function readBody(request: Request, limit: number, hold: (bytes: number) => void): Promise<Buffer> {
  const tooLarge = () =>
    new Fault(
      'PAYLOAD_TOO_LARGE',
      {},
      {
        message:
          `The request body is larger than ${limit} bytes, which is the most that this call takes here. ` +
          'Send less at once.',
      },
    )
  const announced = Number(request.headers.get('content-length'))
  if (announced > limit) {
    await sleep(REFUSAL_MS)
    throw tooLarge()
  }
  hold(announced)
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.length
      // Reads on for a while and discards the rest: an unread body would close the connection before the 413 arrives.
      if (size > limit * READ_ON) throw tooLarge()
      if (size > limit) chunks.length = 0
      else {
        if (announced === 0) hold(chunk.length)
        chunks.push(chunk)
      }
    }
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('INVALID_REQUEST', {}, { message: 'The request body ended early.', cause: error })
  }
  if (size > limit) throw tooLarge()
  return Buffer.concat(chunks)
}

/**
 * Parses a body as JSON, whatever its Content-Type is, because `curl -d` sends that of a form. An empty body is an
 * empty object.
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {}
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw new Fault('INVALID_REQUEST', {}, { message: 'The body is not valid UTF-8.', cause })
  }
  try {
    return parseExactly(text)
  } catch (cause) {
    throw new Fault(
      'INVALID_REQUEST',
      {},
      { message: `The body is not valid JSON: ${(cause as Error).message}`, cause },
    )
  }
}
