import fs from 'node:fs'

/**
 * Puts the write-ahead log on disk. Postgres says "this segment must be durable" (`ask`); the flush itself may
 * happen a little later, so that one flush serves every waiting commit and the disk does not block the event loop.
 *
 * The delay is invisible on disk because of two rules, kept by durable-fs.ts and bridge.ts:
 * 1. Nothing but log bytes is written, renamed, removed or synced while a requested flush is outstanding (`barrier`).
 *    So a data page never reaches the disk before the log that explains it, exactly as with an immediate fsync.
 * 2. With durability `full` no reply is sent before the flush that was requested before it (`reached`).
 */
export class WalFlusher {
  #fd: number | undefined
  #path = ''
  #asked = 0
  #durable = 0
  #running: Promise<void> | undefined
  #failure: Error | undefined
  #stopped: (failure: Error) => void

  constructor(stopped: (failure: Error) => void) {
    this.#stopped = stopped
  }

  /** Grows with every commit. Pass it to `reached` to wait for everything written so far. */
  get position(): number {
    return this.#asked
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  /** Requests a flush of this log segment. Only one segment is outstanding at any time. */
  ask(path: string): void {
    this.#check()
    if (path !== this.#path) {
      this.flushNow()
      this.#forget()
      this.#fd = fs.openSync(path, 'r+')
      this.#path = path
    }
    this.#asked++
  }

  /**
   * Must be called before anything other than log bytes is written. Throws if the disk has failed: from then on nothing
   * is written.
   */
  barrier(): void {
    this.#check()
    this.flushNow()
  }

  flushNow(): void {
    if (this.#durable === this.#asked || this.#fd === undefined) return
    try {
      fs.fdatasyncSync(this.#fd)
    } catch (error) {
      throw this.fail(error as Error)
    }
    this.#durable = this.#asked
  }

  /** Resolves when everything requested up to `position` is on disk. Concurrent waiters share one flush. */
  async reached(position: number): Promise<void> {
    while (this.#durable < position) {
      this.#check()
      this.#running ??= this.#flush()
      await this.#running
    }
  }

  /**
   * Stops all writing. After a failed flush the kernel may have dropped the pages, so a second try that succeeds would
   * prove nothing.
   */
  fail(error: Error): Error {
    if (!this.#failure) {
      this.#failure = error
      this.#stopped(error)
    }
    return this.#failure
  }

  close(): void {
    this.#forget()
  }

  #check(): void {
    if (this.#failure) throw this.#failure
  }

  #flush(): Promise<void> {
    const position = this.#asked
    const fd = this.#fd as number
    return new Promise((resolve, reject) => {
      fs.fdatasync(fd, (error) => {
        this.#running = undefined
        if (fd !== this.#fd) fs.closeSync(fd)
        if (error) return reject(this.fail(error))
        this.#durable = Math.max(this.#durable, position)
        resolve()
      })
    })
  }

  #forget(): void {
    // A flush in flight still needs its descriptor and closes it itself.
    if (this.#fd !== undefined && !this.#running) fs.closeSync(this.#fd)
    this.#fd = undefined
    this.#path = ''
  }
}
