import { Duplex } from 'node:stream'
import type { MessagePort, Worker } from 'node:worker_threads'

/** Either end of the channel to the thread of the database. */
export type Port = Pick<MessagePort, 'postMessage' | 'on' | 'off'> | Pick<Worker, 'postMessage' | 'on' | 'off'>

/** The reason why a connection was closed, as postgres.js reports it: an SQLSTATE and a sentence. */
export type Refusal = { code: string; message: string }

const CONNECTION_FAILURE = '08006'

/** A message from the client. All messages use one port, so a hang-up is never overtaken by the next connection. */
export type FromClient =
  | { kind: 'connect' | 'end' | 'hang up'; session: number }
  | { kind: 'data'; session: number; bytes: Uint8Array }
/** A message from the thread of the database. `end` without a refusal confirms the client's own end. */
export type FromSession =
  | { kind: 'data'; session: number; bytes: Uint8Array }
  | { kind: 'end'; session: number; refusal: Refusal | undefined }

/** The operations of one side on a connection of the other. */
export type SessionEnd = { receive(bytes: Uint8Array): void; end(): void; hangUp(): void }
export type ReplyTo = { send(bytes: Uint8Array): void; end(refusal?: Refusal): void }

/** The client's end of the channel: creates the sockets for postgres.js. */
export class Sockets {
  readonly #port: Port
  readonly #open = new Map<number, Duplex>()
  #last = 0

  constructor(port: Port) {
    this.#port = port
    port.on('message', this.#receive)
  }

  /** Returns a connection to the database, for the option `socket` of postgres.js. */
  socket(): Duplex {
    const session = ++this.#last
    const send = (message: FromClient, move: ArrayBuffer[] = []) => this.#port.postMessage(message, move)
    const duplex = new Duplex({
      allowHalfOpen: false,
      read() {},
      write(chunk: Buffer, _encoding, done) {
        // A copy of its own size: posting moves the whole buffer, and postgres.js writes from a large one.
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
   * Closes every connection with this error. The other end is gone, and the answers to running statements are lost; the
   * cause says so.
   */
  fail(refusal: Refusal): void {
    this.#port.off('message', this.#receive)
    const open = [...this.#open.values()]
    this.#open.clear() // the other end is gone, so no hang-up is sent
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
 * Returns a socket that breaks with this error once postgres.js listens to it. Without a socket, postgres.js would wait
 * for its connection for ever.
 */
export function brokenSocket(refusal: Refusal): Duplex {
  const duplex = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  setImmediate(() => duplex.destroy(refused(refusal)))
  return likeSocket(duplex)
}

/**
 * Adds what postgres.js expects of a socket beyond a stream. readyState must become closed, or sql.end() waits for a
 * close event that has already happened.
 */
function likeSocket(duplex: Duplex): Duplex {
  const self = () => duplex
  Object.assign(duplex, { setKeepAlive: self, setNoDelay: self, ref: self, unref: self, ssl: false })
  return Object.defineProperty(duplex, 'readyState', { get: () => (duplex.destroyed ? 'closed' : 'open') })
}

const refused = ({ code, message }: Refusal) => Object.assign(new Error(message), { code })

/** The database's end of the channel: `connect` creates a session for each connection. */
export function serveSockets(port: Port, connect: (to: ReplyTo) => SessionEnd): void {
  const sessions = new Map<number, SessionEnd>()
  const send = (message: FromSession, move: ArrayBuffer[] = []) => port.postMessage(message, move)
  port.on('message', (message: FromClient) => {
    if (!('session' in message)) return
    const { session } = message
    if (message.kind === 'connect') {
      const to: ReplyTo = {
        send(reply) {
          // Moving takes the whole buffer, so only bytes with a buffer of their own size may be moved.
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
