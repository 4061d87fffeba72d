import { Duplex } from 'node:stream'
import type { MessagePort, Worker } from 'node:worker_threads'

/** Either end of the line to the thread of the database. */
export type Port = Pick<MessagePort, 'postMessage' | 'on' | 'off'> | Pick<Worker, 'postMessage' | 'on' | 'off'>

/** Why a connection was ended, as postgres.js reports it: an SQLSTATE and a sentence. */
export type Refusal = { code: string; message: string }

const CONNECTION_FAILURE = '08006'

/**
 * From the client. Everything travels over one port, so a hang-up is never overtaken by the connection that follows it.
 */
export type FromClient =
  | { kind: 'connect' | 'end' | 'hang up'; session: number }
  | { kind: 'data'; session: number; bytes: Uint8Array }
/** From the thread of the database. `end` without a refusal answers the client's own end. */
export type FromSession =
  | { kind: 'data'; session: number; bytes: Uint8Array }
  | { kind: 'end'; session: number; refusal: Refusal | undefined }

/** What one side may do with a connection on the other. */
export type SessionEnd = { receive(bytes: Uint8Array): void; end(): void; hangUp(): void }
export type ReplyTo = { send(bytes: Uint8Array): void; end(refusal?: Refusal): void }

/** The client's end of the line: makes the sockets that postgres.js is given. */
export class Sockets {
  readonly #port: Port
  readonly #open = new Map<number, Duplex>()
  #last = 0

  constructor(port: Port) {
    this.#port = port
    port.on('message', this.#receive)
  }

  /** A connection to the database, as postgres.js takes it in `socket`. */
  socket(): Duplex {
    const session = ++this.#last
    const send = (message: FromClient, move: ArrayBuffer[] = []) => this.#port.postMessage(message, move)
    const duplex = new Duplex({
      allowHalfOpen: false,
      read() {},
      write(chunk: Buffer, _encoding, done) {
        // A copy of its own size: what is posted takes its whole buffer along, and postgres.js writes from a large one.
        const bytes = new Uint8Array(chunk)
        send({ kind: 'data', session, bytes }, [bytes.buffer])
        done()
      },
      final(done) {
        send({ kind: 'end', session })
        done()
      },
      destroy: (error, done) => {
        if (this.#open.delete(session)) send({ kind: 'hang up', session })
        done(error)
      },
    })
    this.#open.set(session, duplex)
    send({ kind: 'connect', session })
    return likeSocket(duplex)
  }

  /**
   * Ends every connection with this error. The other end is gone, and with it the answers to what ran there: the cause
   * says so.
   */
  fail(refusal: Refusal): void {
    this.#port.off('message', this.#receive)
    const open = [...this.#open.values()]
    this.#open.clear() // there is nobody left to be told of a hang-up
    const cause = refused({ code: CONNECTION_FAILURE, message: 'The thread of the embedded database has ended.' })
    for (const duplex of open) duplex.destroy(Object.assign(refused(refusal), { cause }))
  }

  readonly #receive = (message: FromSession): void => {
    const duplex = 'session' in message ? this.#open.get(message.session) : undefined
    if (!duplex) return
    if (message.kind === 'data')
      return void duplex.push(Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.byteLength))
    if (!message.refusal) return void duplex.push(null)
    this.#open.delete(message.session)
    duplex.destroy(refused(message.refusal))
  }
}

/**
 * A socket that breaks with this error once postgres.js listens to it. Were there none, its connection would stay one
 * that is being made, for ever.
 */
export function brokenSocket(refusal: Refusal): Duplex {
  const duplex = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  setImmediate(() => duplex.destroy(refused(refusal)))
  return likeSocket(duplex)
}

/**
 * What postgres.js expects of a socket beyond a stream. readyState must say closed, or sql.end() waits for a close that
 * was.
 */
function likeSocket(duplex: Duplex): Duplex {
  const self = () => duplex
  Object.assign(duplex, { setKeepAlive: self, setNoDelay: self, ref: self, unref: self, ssl: false })
  return Object.defineProperty(duplex, 'readyState', { get: () => (duplex.destroyed ? 'closed' : 'open') })
}

const refused = ({ code, message }: Refusal) => Object.assign(new Error(message), { code })

/** The database's end of the line: `connect` makes a session for each connection. */
export function serveSockets(port: Port, connect: (to: ReplyTo) => SessionEnd): void {
  const sessions = new Map<number, SessionEnd>()
  const send = (message: FromSession, move: ArrayBuffer[] = []) => port.postMessage(message, move)
  port.on('message', (message: FromClient) => {
    if (!('session' in message)) return
    const { session } = message
    if (message.kind === 'connect') {
      const to: ReplyTo = {
        send(reply) {
          // What is moved takes its whole buffer along, so only bytes with a buffer of their own size may be.
          const bytes = reply.byteLength === reply.buffer.byteLength ? reply : new Uint8Array(reply)
          send({ kind: 'data', session, bytes }, [bytes.buffer as ArrayBuffer])
        },
        end(refusal) {
          sessions.delete(session)
          send({ kind: 'end', session, refusal })
        },
      }
      sessions.set(session, connect(to))
      return
    }
    const end = sessions.get(session)
    if (message.kind === 'data') return end?.receive(message.bytes)
    if (message.kind === 'end') return end?.end()
    sessions.delete(session)
    end?.hangUp()
  })
}
