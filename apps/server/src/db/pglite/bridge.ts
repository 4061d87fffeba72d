import { Duplex } from 'node:stream'
import { setImmediate as pause } from 'node:timers/promises'
import type { Engine } from './engine.ts'
import { endsIdle, errorIn, type Frame, FrameReader, failedReply, queryMessage, startMessage, syncMessage, type WorkFrame } from './frames.ts'
import type { WalFlusher } from './wal-flusher.ts'

// These choose what a server process is for; here there is one, for one database, acting as its superuser.
const NOT_SETTINGS = new Set(['user', 'database', 'replication', 'options', 'client_encoding'])

// io_error, which Postgres too says when its disk fails.
const DISK_FAILURE = '58030'

/** Makes sockets for postgres.js. One may be open at a time, because there is one session behind all of them. */
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

  readonly socket = (): Duplex => new Session(this).duplex

  get engine(): Engine {
    return this.#engine
  }

  /** Becomes the one session, after the one before has been cleaned up. False when another is in use. */
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
    session?.duplex.destroy()
    await session?.cleaned
  }

  get position(): number {
    return this.#flusher.position
  }

  async durable(position: number): Promise<void> {
    if (this.#waitForDisk) await this.#flusher.reached(position)
  }
}

/** One connection of a client: frames in, replies out, in order, each after its writes are on disk. */
class Session {
  readonly duplex: Duplex
  readonly cleaned: Promise<void>
  readonly #bridge: Bridge
  readonly #frames = new FrameReader()
  readonly #queue: Frame[] = []
  #acknowledged: Promise<void> = Promise.resolve()
  #release: (() => void) | undefined
  #pumping = false
  #over = false
  #admitted = false
  #cleaning = false
  #isCleaned = () => {}

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.cleaned = new Promise((resolve) => {
      this.#isCleaned = resolve
    })
    this.duplex = new Duplex({
      allowHalfOpen: false,
      read() {},
      write: (chunk: Buffer, _encoding, done) => {
        this.#queue.push(...this.#frames.read(chunk))
        done()
        this.#wake()
      },
      final: (done) => {
        this.#queue.push({ kind: 'terminate' })
        done()
        this.#wake()
      },
      destroy: (error, done) => {
        this.#over = true
        this.#wake()
        done(error)
      },
    })
    // What postgres.js expects of a socket beyond a stream. readyState must say closed, or sql.end() waits for a close that was.
    const self = () => this.duplex
    Object.assign(this.duplex, { setKeepAlive: self, setNoDelay: self, ref: self, unref: self, ssl: false })
    Object.defineProperty(this.duplex, 'readyState', { get: () => (this.duplex.destroyed ? 'closed' : 'open') })
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
      this.#refuse(error as Error)
    }
    if (this.#over) await this.#clean()
    this.#pumping = false
    if (this.#queue.length && !this.#over) this.#wake()
  }

  async #handle(frame: Frame): Promise<void> {
    switch (frame.kind) {
      case 'encryption':
        this.duplex.push('N')
        return
      case 'cancel':
        // Statements hold the thread, so none is running while this is read; Postgres too ignores a cancel that comes too late.
        this.#over = true
        this.duplex.destroy()
        return
      case 'start':
        return this.#start(frame.settings)
      case 'terminate':
        this.#over = true
        await this.#acknowledged
        this.duplex.push(null)
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

  /** A stopped database answers each statement with the reason: postgres.js loses a FATAL message, and hangs in end() after a broken socket. */
  async #execute({ bytes, isComplete }: WorkFrame): Promise<Buffer> {
    try {
      return await this.#bridge.engine.execute(bytes)
    } catch (error) {
      return failedReply(DISK_FAILURE, (error as Error).message, isComplete)
    }
  }

  /** Not awaited: the next statement runs while this one's log is being flushed, and so shares the flush of those behind it. */
  #answer(reply: Buffer, { isComplete }: WorkFrame): void {
    const { engine, position } = this.#bridge
    this.#acknowledged = this.#acknowledged
      .then(() => this.#bridge.durable(position))
      .then(
        () => reply,
        (error: Error) => failedReply(DISK_FAILURE, (engine.stopped ?? error).message, isComplete),
      )
      .then((answer) => {
        if (!this.duplex.destroyed) this.duplex.push(answer)
      })
  }

  async #start(settings: Map<string, string>): Promise<void> {
    if (!(await this.#bridge.admit(this))) {
      return this.#refuse(
        Object.assign(new Error('The embedded database has one session, and it is in use. Connect with max: 1, and end the other client first.'), {
          code: '53300',
        }),
      )
    }
    this.#admitted = true
    this.#release = await this.#bridge.engine.acquire()
    for (const [name, value] of settings) {
      if (NOT_SETTINGS.has(name) || name.startsWith('_pq_.')) continue
      const error = errorIn(await this.#bridge.engine.execute(queryMessage(`select set_config(${literal(name)}, ${literal(value)}, false)`)))
      if (error) return this.#refuse(Object.assign(new Error(error.message), { code: error.code }))
    }
    const reply = await this.#bridge.engine.execute(startMessage())
    this.#giveTurnBack()
    this.duplex.push(reply)
  }

  #giveTurnBack(): void {
    this.#release?.()
    this.#release = undefined
  }

  /** Hangs up with the reason. */
  #refuse(error: Error & { code?: string }): void {
    this.#over = true
    const { stopped } = this.#bridge.engine
    this.duplex.destroy(stopped ? Object.assign(new Error(stopped.message, { cause: stopped }), { code: DISK_FAILURE }) : error)
    this.#wake()
  }

  /** Nothing of this client may reach the next: its transaction is rolled back; role, settings, prepared statements and locks are dropped. */
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
      // A session that cannot be cleaned must not be used again.
      engine.stop(error as Error)
    } finally {
      release()
      this.#bridge.leave(this)
      this.#isCleaned()
    }
  }
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
