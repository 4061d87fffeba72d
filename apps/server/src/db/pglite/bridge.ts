import { setImmediate as pause } from 'node:timers/promises'
import type { Engine } from './engine.ts'
import { isFull } from './error.ts'
import {
  endsIdle,
  errorIn,
  type Frame,
  FrameReader,
  failedReply,
  queryMessage,
  startMessage,
  syncMessage,
  type WorkFrame,
} from './frames.ts'
import type { WalFlusher } from './wal-flusher.ts'
import type { Refusal, ReplyTo, SessionEnd } from './wire.ts'

// These parameters select the database and the user of a server process. Here there is one process, for one database,
// and it acts as its superuser.
const NOT_SETTINGS = new Set(['user', 'database', 'replication', 'options', 'client_encoding'])

const NOT_ENCRYPTED = 0x4e
const TOO_MANY_CONNECTIONS = '53300'
// The errors of Postgres for a disk that fails or is full.
const IO_ERROR = '58030'
const DISK_FULL = '53100'
/** The error of a statement that was under way when the disk failed: the next start may or may not replay its log. */
const OUTCOME_UNKNOWN = '08007'

/**
 * Creates sessions for connections. Only one can be open at a time, because there is one session of Postgres behind all
 * of them.
 */
export class Bridge {
  readonly #engine: Engine
  readonly #flusher: WalFlusher
  readonly #waitForDisk: boolean
  #current: Session | undefined

  constructor(engine: Engine, flusher: WalFlusher, waitForDisk: boolean) {
    this.#engine = engine
    this.#flusher = flusher
    this.#waitForDisk = waitForDisk
  }

  readonly connect = (to: ReplyTo): SessionEnd => new Session(this, to)

  get engine(): Engine {
    return this.#engine
  }

  /** Makes this the open session, after the previous one was cleaned up. Returns false if another one is in use. */
  async admit(session: Session): Promise<boolean> {
    while (this.#current?.isOver) await this.#current.cleaned
    if (this.#current) return false
    this.#current = session
    return true
  }

  leave(session: Session): void {
    if (this.#current === session) this.#current = undefined
  }

  /** Ends the open session, and waits until its transaction is rolled back. */
  async close(): Promise<void> {
    const session = this.#current
    session?.hangUp()
    await session?.cleaned
  }

  get position(): number {
    return this.#flusher.position
  }

  async durable(position: number): Promise<void> {
    if (this.#waitForDisk) await this.#flusher.reached(position)
  }
}

/** One connection of a client: receives frames and sends replies in order, each after its writes are on disk. */
class Session implements SessionEnd {
  readonly cleaned: Promise<void>
  readonly #bridge: Bridge
  readonly #to: ReplyTo
  readonly #frames = new FrameReader()
  readonly #queue: Frame[] = []
  #acknowledged: Promise<void> = Promise.resolve()
  #release: (() => void) | undefined
  #pumping = false
  #over = false
  #admitted = false
  #cleaning = false
  #isCleaned = () => {}

  constructor(bridge: Bridge, to: ReplyTo) {
    this.#bridge = bridge
    this.#to = to
    this.cleaned = new Promise((resolve) => {
      this.#isCleaned = resolve
    })
  }

  receive(bytes: Uint8Array): void {
    this.#queue.push(...this.#frames.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)))
    this.#wake()
  }

  end(): void {
    this.#queue.push({ kind: 'terminate' })
    this.#wake()
  }

  hangUp(): void {
    this.#over = true
    this.#wake()
  }

  get isOver(): boolean {
    return this.#over
  }

  #wake(): void {
    if (this.#pumping) return
    this.#pumping = true
    void this.#pump()
  }

  async #pump(): Promise<void> {
    try {
      while (!this.#over) {
        const frame = this.#queue.shift()
        if (!frame) break
        await this.#handle(frame)
      }
    } catch (error) {
      this.#refuse({ code: codeOf(error as Error), message: (error as Error).message })
    }
    if (this.#over) await this.#clean()
    this.#pumping = false
    if (this.#queue.length && !this.#over) this.#wake()
  }

  async #handle(frame: Frame): Promise<void> {
    switch (frame.kind) {
      case 'encryption':
        this.#to.send(Uint8Array.of(NOT_ENCRYPTED))
        return
      case 'cancel':
        // Statements hold the thread, so none is running while this is read; Postgres too ignores a cancel that comes
        // too late.
        this.#over = true
        this.#to.end()
        return
      case 'start':
        return this.#start(frame.settings)
      case 'terminate':
        this.#over = true
        await this.#acknowledged
        this.#to.end()
        return
      case 'work': {
        this.#release ??= await this.#bridge.engine.acquire()
        const reply = await this.#execute(frame)
        if (endsIdle(reply)) this.#giveTurnBack()
        this.#answer(reply, frame)
        // The next statement may hold the thread; let replies, flushes and other requests go first.
        await pause()
      }
    }
  }

  /**
   * A stopped database responds to each statement with the reason: postgres.js loses a FATAL message, and hangs in
   * end() after a broken socket.
   */
  async #execute({ bytes, isComplete }: WorkFrame): Promise<Buffer> {
    const { engine } = this.#bridge
    const { stopped } = engine
    if (stopped) return failedReply(codeOf(stopped), stopped.message, isComplete)
    try {
      return await engine.execute(bytes)
    } catch (error) {
      return failedReply(OUTCOME_UNKNOWN, (error as Error).message, isComplete)
    }
  }

  /**
   * Sends a reply once its log is flushed. It is not awaited: the next statement runs during the flush, and so can
   * share the flush of those behind it.
   */
  #answer(reply: Buffer, { isComplete }: WorkFrame): void {
    const { engine, position } = this.#bridge
    this.#acknowledged = this.#acknowledged
      .then(() => this.#bridge.durable(position))
      .then(
        () => reply,
        // An error is sent unchanged: it has written nothing, or says that the outcome is unknown.
        (error: Error) =>
          errorIn(reply) ? reply : failedReply(OUTCOME_UNKNOWN, (engine.stopped ?? error).message, isComplete),
      )
      .then((answer) => this.#to.send(answer))
  }

  async #start(settings: Map<string, string>): Promise<void> {
    if (!(await this.#bridge.admit(this))) {
      return this.#refuse({
        code: TOO_MANY_CONNECTIONS,
        message:
          'The embedded database has one session, and it is in use. Connect with max: 1, and end the other ' +
          'client first.',
      })
    }
    this.#admitted = true
    this.#release = await this.#bridge.engine.acquire()
    for (const [name, value] of settings) {
      if (NOT_SETTINGS.has(name) || name.startsWith('_pq_.')) continue
      const error = errorIn(
        await this.#bridge.engine.execute(
          queryMessage(`select set_config(${literal(name)}, ${literal(value)}, false)`),
        ),
      )
      if (error) return this.#refuse(error)
    }
    const reply = await this.#bridge.engine.execute(startMessage())
    this.#giveTurnBack()
    this.#to.send(reply)
  }

  #giveTurnBack(): void {
    this.#release?.()
    this.#release = undefined
  }

  /** Closes the connection with the reason. */
  #refuse({ code, message }: Refusal): void {
    this.#over = true
    const { stopped } = this.#bridge.engine
    this.#to.end(stopped ? { code: codeOf(stopped), message: stopped.message } : { code, message })
    this.#wake()
  }

  /**
   * Removes the state of this client before the next one: rolls back its transaction, and drops role, settings,
   * prepared statements and locks.
   */
  async #clean(): Promise<void> {
    if (this.#cleaning) return this.cleaned
    this.#cleaning = true
    if (!this.#admitted) return this.#isCleaned()
    const { engine } = this.#bridge
    const release = this.#release ?? (await engine.acquire())
    this.#release = undefined
    try {
      await engine.execute(syncMessage)
      await engine.execute(queryMessage('rollback'))
      await engine.run('discard all')
    } catch (error) {
      // A session that cannot be cleaned up must not be used again.
      engine.stop(error as Error)
    } finally {
      release()
      this.#bridge.leave(this)
      this.#isCleaned()
    }
  }
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

const codeOf = (error: Error) => (isFull(error) ? DISK_FULL : IO_ERROR)
