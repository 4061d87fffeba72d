import fs from 'node:fs'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { WORKER } from '../../layout.ts'
import { withTimeout } from '../timeout.ts'
import type { PgliteLog } from './engine.ts'
import { isFull, PgliteError, type PgliteErrorCode } from './error.ts'
import { takeLock } from './lock.ts'
import { explained, type Pglite, type PgliteOptions } from './open.ts'
import { Pulse } from './pulse.ts'
import { compilePostgres } from './wasm.ts'
import { brokenSocket, type FromSession, Sockets } from './wire.ts'

export type WorkerData = Pick<PgliteOptions, 'dataDir' | 'durability' | 'wasm'> & { pulse: SharedArrayBuffer }
/** The commands that the thread executes in addition to serving its connections. */
export type Orders = Pick<Pglite, 'ping' | 'checkpoint' | 'vacuum' | 'analyze' | 'dump' | 'close'>
export type Call = { kind: 'call'; id: number; name: keyof Orders }
type Problem = { code: PgliteErrorCode | undefined; message: string }
export type FromWorker =
  | { kind: 'open' }
  | ({ kind: 'unusable' } & Problem)
  | { kind: 'answer'; id: number; value?: unknown; error?: Problem }
  | { kind: 'log'; level: keyof PgliteLog; about: object; message: string }
  | { kind: 'stopped'; message: string }

export type SupervisorOptions = Pick<PgliteOptions, 'dataDir' | 'durability' | 'log'> & {
  /** Called once, if restarts of the database have failed repeatedly: it is no longer served. */
  onGivenUp?: (why: PgliteError) => void
  /** How many starts in a row may fail, or end before the thread has served. */
  startsBeforeGivingUp?: number
  /** How long a start may take, recovery included. */
  openLimitMs?: number
}

/** The embedded database in a thread of its own, which is ended and restarted if it stops or hangs. */
export type Supervised = Omit<Orders, 'ping'> & {
  /**
   * A connection for postgres.js: `postgres({ socket, max: 1 })`. Waits while the database restarts; if that fails, the
   * socket breaks with the reason.
   */
  socket(): Promise<Duplex>
  /**
   * Sets how long a statement of the client may run from now on, in milliseconds. A longer one is ended together with
   * the thread.
   */
  limitStatements(ms: number): void
  /** Returns whether the engine responds within `ms`; `warning` names a problem for the operator. */
  check(ms: number): Promise<{ ok: true; warning?: string | undefined } | { ok: false; message: string }>
  /** Ends the thread as a crash would. The database restarts by itself. */
  crash(): Promise<void>
}

const LOOK_EVERY_MS = 50
/** A checkpoint, a vacuum or an analyze of one table. */
const UPKEEP_LIMIT_MS = 10 * 60_000
/**
 * The delay is doubled after each start that failed, or whose thread ended before it had served; the first start has no
 * delay.
 */
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 10_000
/**
 * A thread that lived this long, or ran this many statements, has served: connecting alone takes about five statements.
 */
const SERVED_MS = 1_000
const SERVED_STATEMENTS = 20
const STARTS_BEFORE_GIVING_UP = 10
const OPEN_LIMIT_MS = 10 * 60_000
const CLOSE_LIMIT_MS = 15_000
/**
 * Large enough that Postgres' own limit (max_stack_depth) ends a statement that nests too deeply. With a thread's
 * default of 4 MB the limit of JavaScript was reached first, and ended the engine.
 */
const STACK_MB = 32
/** The memory for short-lived objects, here messages. The default is about 48 MB per thread. */
const YOUNG_MB = 8

const CRASHED = '57P02'
const TIMED_OUT = '57014'
const NOT_NOW = '57P03'
const DISK_FULL = '53100'

/** Opens the data directory for this process alone, and creates it if it does not exist. */
export async function superviseEmbedded(options: SupervisorOptions): Promise<Supervised> {
  const folder = path.resolve(options.dataDir)
  const lock = await explained(folder, async () => {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    return takeLock(path.join(folder, 'lock'))
  })
  try {
    const supervisor = new Supervisor({ ...options, dataDir: folder }, () => lock.release())
    await supervisor.open()
    return supervisor
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * Returns the condition of an engine that did not respond. Busy is not dead: a running statement is ended by #watchOver
 * at its limit; and if statements have run since `count`, the ping waits behind a transaction.
 */
function silent(ms: number, pulse: Pulse, count: number): Awaited<ReturnType<Supervised['check']>> {
  const message = `The embedded database has not responded for ${ms / 1000} s.`
  if (pulse.count !== count) return { ok: true, warning: `${message} It is busy with other statements.` }
  return pulse.isBusy ? { ok: true, warning: `${message} It is busy with one statement.` } : { ok: false, message }
}

/** One run of the thread. */
type Life = {
  worker: Worker
  sockets: Sockets
  pulse: Pulse
  opened: number
  countAtOpen: number
  waiting: Map<number, Waiting>
  ended: Promise<void>
}
type Waiting = { resolve(value: unknown): void; reject(error: Error): void }

class Supervisor implements Supervised {
  readonly #options: SupervisorOptions
  readonly #released: () => void
  /** The thread that serves, or the one that is being started; rejects with the reason if there is none for now. */
  #life: Promise<Life> = Promise.reject(new PgliteError('STOPPED', 'The embedded database has not been opened.'))
  /** The promise that callers wait for while there is no thread. */
  #next: PromiseWithResolvers<Life> | undefined
  #watch: NodeJS.Timeout | undefined
  #limitMs = Number.POSITIVE_INFINITY
  #closing: Promise<void> | undefined
  #pulse = new Pulse()
  #asked: Promise<unknown> | undefined
  #failures = 0
  #lastCall = 0

  constructor(options: SupervisorOptions, released: () => void) {
    this.#options = options
    this.#released = released
    this.#life.catch(() => {})
  }

  async open(): Promise<void> {
    const first = await this.#start()
    this.#life = Promise.resolve(first)
    void this.#supervise(first)
  }

  socket = async (): Promise<Duplex> => {
    try {
      return (await this.#life).sockets.socket()
    } catch (error) {
      return brokenSocket({ code: isFull(error as Error) ? DISK_FULL : NOT_NOW, message: (error as Error).message })
    }
  }

  limitStatements(ms: number): void {
    this.#limitMs = ms
  }

  async check(ms: number): ReturnType<Supervised['check']> {
    // All callers share one ping until it is answered, because each ping takes a turn of the engine.
    this.#asked ??= this.#call('ping').finally(() => {
      this.#asked = undefined
    })
    const answer = this.#asked.then(
      (said) => ({ ok: true as const, ...(said as Awaited<ReturnType<Orders['ping']>>) }),
      (error: Error) => ({ ok: false as const, message: error.message }),
    )
    const pulse = this.#pulse
    const { count } = pulse
    return withTimeout<Awaited<ReturnType<Supervised['check']>>>(answer, ms, () => silent(ms, pulse, count))
  }

  checkpoint = () => this.#call('checkpoint') as Promise<void>
  vacuum = () => this.#call('vacuum') as Promise<void>
  analyze = () => this.#call('analyze') as Promise<void>
  dump = () => this.#call('dump') as Promise<Blob>

  async crash(): Promise<void> {
    const life = await this.#life
    await this.#end(life, { code: CRASHED, message: 'The thread of the embedded database was ended.' })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const life = await this.#life.catch(() => undefined)
    if (life) {
      const deadline = sleep(CLOSE_LIMIT_MS, 'late' as const, { ref: false })
      const outcome = await Promise.race([this.#callIn(life, 'close').catch(() => 'late' as const), deadline])
      if (outcome === 'late')
        this.#options.log.error(
          {},
          'the embedded database did not shut down in time; the next start recovers it from its log',
        )
      await this.#end(life, { code: CRASHED, message: 'The embedded database was closed.' })
    }
    this.#released()
  }

  async #call(name: keyof Orders): Promise<unknown> {
    return this.#callIn(await this.#life, name)
  }

  #callIn({ worker, waiting }: Life, name: keyof Orders): Promise<unknown> {
    const id = ++this.#lastCall
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      worker.postMessage({ kind: 'call', id, name } satisfies Call)
    })
  }

  /** Starts the thread; resolves when the database is open in it. */
  async #start(): Promise<Life> {
    const { dataDir, durability, log, openLimitMs = OPEN_LIMIT_MS } = this.#options
    const pulse = new Pulse()
    this.#pulse = pulse
    const workerData: WorkerData = { dataDir, durability, pulse: pulse.memory, wasm: await compilePostgres() }
    const worker = new Worker(WORKER, {
      workerData,
      execArgv: [],
      resourceLimits: { stackSizeMb: STACK_MB, maxYoungGenerationSizeMb: YOUNG_MB },
    })
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    const life: Life = {
      worker,
      sockets: new Sockets(worker),
      pulse,
      opened: 0,
      countAtOpen: 0,
      waiting: new Map(),
      ended,
    }
    let late: NodeJS.Timeout | undefined
    await new Promise<void>((resolve, reject) => {
      worker.once('error', (error) =>
        reject(
          new PgliteError('STOPPED', `The thread of the embedded database failed: ${error.message}`, { cause: error }),
        ),
      )
      late = setTimeout(
        () => reject(new PgliteError('STOPPED', `The embedded database was not open after ${openLimitMs / 1000} s.`)),
        openLimitMs,
      )
      worker.once('exit', (code) =>
        reject(new PgliteError('STOPPED', `The thread of the embedded database ended with ${code}.`)),
      )
      worker.on('message', (message: FromWorker | FromSession) => {
        if (message.kind === 'open') resolve()
        else if (message.kind === 'unusable') reject(toError(message))
        else if (message.kind === 'log') log[message.level](message.about, message.message)
        else if (message.kind === 'answer') this.#settle(life, message)
        else if (message.kind === 'stopped' && !this.#closing) void this.#stopped(life, message.message)
      })
    })
      .catch(async (error) => {
        await worker.terminate()
        throw error
      })
      .finally(() => clearTimeout(late))
    life.opened = performance.now()
    life.countAtOpen = pulse.count
    worker.on('error', (error) => log.error({ err: error }, 'the thread of the embedded database failed'))
    this.#watchOver(life)
    return life
  }

  #settle({ waiting }: Life, { id, value, error }: Extract<FromWorker, { kind: 'answer' }>): void {
    const waiter = waiting.get(id)
    waiting.delete(id)
    if (error) waiter?.reject(toError(error))
    else waiter?.resolve(value)
  }

  /** Ends a statement that runs too long. In WebAssembly this means ending its thread. */
  #watchOver(life: Life): void {
    let [count, since] = [life.pulse.count, performance.now()]
    clearInterval(this.#watch)
    this.#watch = setInterval(() => {
      const now = performance.now()
      if (life.pulse.count !== count || !life.pulse.isBusy) [count, since] = [life.pulse.count, now]
      const limitMs = life.pulse.isUpkeep ? UPKEEP_LIMIT_MS : this.#limitMs
      if (now - since <= limitMs) return
      clearInterval(this.#watch)
      this.#options.log.warn(
        { ms: Math.round(now - since), limit_ms: limitMs },
        'a statement ran too long; the thread of the embedded database is ended and restarted',
      )
      void this.#end(life, { code: TIMED_OUT, message: 'canceling statement due to statement timeout' })
    }, LOOK_EVERY_MS).unref()
  }

  async #stopped(life: Life, message: string): Promise<void> {
    this.#options.log.error({ reason: message }, 'the embedded database has stopped; it is restarted')
    await this.#end(life, { code: isFull(new Error(message)) ? DISK_FULL : CRASHED, message })
  }

  /** Ends the thread and rejects everything that waits for it. #supervise decides what follows. */
  async #end(life: Life, refusal: { code: string; message: string }): Promise<void> {
    const { worker, sockets, waiting, ended } = life
    // From here on, new connections wait for the next thread.
    this.#next ??= this.#expectNext()
    sockets.fail(refusal)
    for (const { reject } of waiting.values()) reject(new PgliteError('STOPPED', refusal.message))
    waiting.clear()
    await worker.terminate()
    await ended
  }

  #expectNext(): PromiseWithResolvers<Life> {
    const next = Promise.withResolvers<Life>()
    next.promise.catch(() => {}) // reported to every caller that asks
    this.#life = next.promise
    return next
  }

  /** Starts the next thread each time one has ended, for whatever reason. The database recovers from its log. */
  async #supervise(first: Life): Promise<void> {
    for (let life: Life | undefined = first; life; ) {
      await life.ended
      clearInterval(this.#watch)
      await this.#end(life, { code: CRASHED, message: 'The thread of the embedded database has ended.' })
      this.#failures = hasServed(life) ? 0 : this.#failures + 1
      const next = this.#next ?? this.#expectNext()
      life = await this.#startAgain(next.reject)
      this.#next = undefined
      if (!life) return
      next.resolve(life)
      this.#life = Promise.resolve(life)
    }
  }

  /**
   * Undefined if the database was closed or given up. `failed` is called with the reason that callers get until the
   * database is open again.
   */
  async #startAgain(failed: (why: Error) => void): Promise<Life | undefined> {
    const { log, onGivenUp, startsBeforeGivingUp = STARTS_BEFORE_GIVING_UP } = this.#options
    for (;;) {
      await this.#delay()
      if (this.#closing) {
        failed(new PgliteError('STOPPED', 'The embedded database is closed.'))
        return undefined
      }
      try {
        const started = performance.now()
        const life = await this.#start()
        log.info({ ms: Math.round(performance.now() - started) }, 'the embedded database is open again')
        return life
      } catch (error) {
        const { message } = error as Error
        failed(error as Error)
        if (++this.#failures >= startsBeforeGivingUp) {
          onGivenUp?.(
            new PgliteError(
              'STOPPED',
              `The embedded database could not be restarted in ${this.#failures} attempts. ${message}`,
              { cause: error },
            ),
          )
          return undefined
        }
        log.error(
          { reason: message, attempts: this.#failures },
          'the embedded database could not be restarted; the start will be retried',
        )
      }
    }
  }

  async #delay(): Promise<void> {
    if (this.#failures === 0) return
    await sleep(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#failures - 1)))
  }
}

const hasServed = ({ opened, pulse, countAtOpen }: Life) =>
  performance.now() - opened > SERVED_MS || (pulse.count - countAtOpen) / 2 > SERVED_STATEMENTS

const toError = ({ code, message }: Problem) => (code ? new PgliteError(code, message) : new Error(message))
