import { setTimeout as sleep } from 'node:timers/promises'
import { parseExactly } from '@dakera-ai/protocol'
import { Fault } from '../fault.ts'

/** So many times the limit is still read to answer properly; who sends more is cut off. */
const READ_ON = 16
/**
 * Whoever announces too much waits a little: refused at once, eight connections sent and had thrown away 400 MB a
 * second.
 */
const REFUSAL_MS = 200

/**
 * Reads a body of at most `limit` bytes; what is longer is refused before it is held. `hold` is told of bytes before
 * they are kept, and may refuse.
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
      // Read on for a while and thrown away: leaving the body unread closes the connection before the 413 arrives.
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
 * Every body of this API is JSON, whatever the label says: `curl -d` labels it a form. An empty one is an empty object.
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
