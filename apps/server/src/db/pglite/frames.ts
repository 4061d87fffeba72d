const SSL_REQUEST = 80877103
const GSS_REQUEST = 80877104
const CANCEL_REQUEST = 80877102

const QUERY = 0x51
const SYNC = 0x53
const FLUSH = 0x48
const FUNCTION_CALL = 0x46
const TERMINATE = 0x58
const READY = Uint8Array.of(0x5a, 0, 0, 0, 5, 0x49)

/** A piece of a client's stream that gets one reply. */
export type Frame =
  | { kind: 'start'; settings: Map<string, string> }
  | { kind: 'encryption' }
  | { kind: 'cancel' }
  | { kind: 'terminate' }
  | WorkFrame

/** Messages up to a Query, Sync or Flush. Complete: Postgres ends its reply with ReadyForQuery (not after a Flush). */
export type WorkFrame = { kind: 'work'; bytes: Uint8Array; isComplete: boolean }

/**
 * Cuts the client's stream at Query, Sync and Flush. Each piece is a whole statement, so pipelined statements do not
 * block the event loop together.
 */
export class FrameReader {
  #buffer: Buffer = Buffer.alloc(0)
  #started = false

  read(chunk: Buffer): Frame[] {
    this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, chunk]) : chunk
    const frames: Frame[] = []
    let begin = 0
    let end = 0
    for (;;) {
      const rest = this.#buffer.length - end
      if (!this.#started) {
        if (rest < 8) break
        const length = this.#buffer.readUInt32BE(end)
        if (rest < length) break
        frames.push(this.#first(this.#buffer.subarray(end, end + length)))
        begin = end += length
        continue
      }
      if (rest < 5) break
      const length = this.#buffer.readUInt32BE(end + 1) + 1
      if (rest < length) break
      const type = this.#buffer[end]
      end += length
      if (type === TERMINATE) {
        frames.push({ kind: 'terminate' })
        begin = end
      } else if (type === QUERY || type === SYNC || type === FLUSH || type === FUNCTION_CALL) {
        frames.push({ kind: 'work', bytes: this.#buffer.subarray(begin, end), isComplete: type !== FLUSH })
        begin = end
      }
    }
    this.#buffer = this.#buffer.subarray(begin)
    return frames
  }

  #first(message: Buffer): Frame {
    const code = message.readUInt32BE(4)
    if (code === SSL_REQUEST || code === GSS_REQUEST) return { kind: 'encryption' }
    if (code === CANCEL_REQUEST) return { kind: 'cancel' }
    this.#started = true
    const words = message.subarray(8).toString('utf8').split('\0')
    const settings = new Map<string, string>()
    for (let i = 0; words[i]; i += 2) settings.set(words[i] as string, words[i + 1] ?? '')
    return { kind: 'start', settings }
  }
}

/** Returns a Query message. */
export function queryMessage(sql: string): Uint8Array {
  const text = Buffer.from(`${sql}\0`)
  const message = Buffer.alloc(5 + text.length)
  message[0] = QUERY
  message.writeUInt32BE(4 + text.length, 1)
  text.copy(message, 5)
  return message
}

export const syncMessage: Uint8Array = Uint8Array.of(SYNC, 0, 0, 0, 4)

/** Returns the start packet of a plain client; the settings of the real client are applied by SET instead. */
export function startMessage(): Uint8Array {
  const text = Buffer.from('user\0postgres\0database\0postgres\0client_encoding\0UTF8\0\0')
  const message = Buffer.alloc(8 + text.length)
  message.writeUInt32BE(message.length, 0)
  message.writeUInt32BE(196608, 4)
  text.copy(message, 8)
  return message
}

/** Returns the reply of Postgres to a statement that failed. */
export function failedReply(code: string, text: string, isComplete: boolean): Buffer {
  const fields = Buffer.from(`SERROR\0VERROR\0C${code}\0M${text}\0\0`)
  const message = Buffer.alloc(5 + fields.length)
  message[0] = ERROR
  message.writeUInt32BE(4 + fields.length, 1)
  fields.copy(message, 5)
  return isComplete ? Buffer.concat([message, READY]) : message
}

type Complaint = { code: string; message: string }

const ERROR = 0x45
const NOTICE = 0x4e

/** Returns the first error in a reply of the server, if there is one. */
export const errorIn = (reply: Buffer): Complaint | undefined => firstOf(ERROR, reply, () => true)

/** Returns the first warning in a reply. Other notices are ignored. */
export const warningIn = (reply: Buffer): Complaint | undefined =>
  firstOf(NOTICE, reply, (severity) => severity === 'WARNING')

function firstOf(kind: number, reply: Buffer, isMeant: (severity: string) => boolean): Complaint | undefined {
  for (let at = 0; at + 5 <= reply.length; at += reply.readUInt32BE(at + 1) + 1) {
    if (reply[at] !== kind) continue
    const fields = reply
      .subarray(at + 5, at + 1 + reply.readUInt32BE(at + 1))
      .toString('utf8')
      .split('\0')
    const field = (letter: string) => fields.find((one) => one.startsWith(letter))?.slice(1) ?? ''
    if (isMeant(field('V'))) return { code: field('C'), message: field('M') }
  }
  return undefined
}

/** Returns whether the reply ends with ReadyForQuery and no transaction is open. */
export function endsIdle(reply: Buffer): boolean {
  return (
    reply.length >= 6 &&
    reply.readUInt32BE(reply.length - 5) === 5 &&
    reply[reply.length - 6] === 0x5a &&
    reply[reply.length - 1] === 0x49
  )
}
