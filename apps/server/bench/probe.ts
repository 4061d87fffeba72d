// Loaded by `node --import` into a server under measurement of any release. It reports the delay of the event loop, and
// ends a worker thread on command. The server does not know about it.
import { syncBuiltinESMExports } from 'node:module'
import { createHistogram } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import threads, { type WorkerOptions } from 'node:worker_threads'

/** Milliseconds that the event loop was late. */
export type Delays = { p50: number; p99: number; max: number }
/** A command of the parent; its answer has the same id. */
export type ProbeOrder = { id: number; name: 'watch' | 'rest' | 'delays' | 'endWorker' }
export type ProbeAnswer = { id: number; value: unknown }

/** How often the delay of the loop is measured. */
const EVERY_MS = 5
/** Matches the script of the database's worker thread: nothing outside this folder opens one. */
const DATABASE_SCRIPT = /\/server\/src\/db\//

if (threads.isMainThread) listen() // a preload runs in worker threads too

/**
 * Returns the set of running database threads. A thread does not report its script, so it is recorded where it is
 * created.
 */
function noteDatabaseWorkers(): Set<threads.Worker> {
  const noted = new Set<threads.Worker>()
  threads.Worker = class extends threads.Worker {
    constructor(script: string | URL, options?: WorkerOptions) {
      super(script, options)
      if (!DATABASE_SCRIPT.test(String(script))) return
      noted.add(this)
      this.once('exit', () => noted.delete(this))
    }
  }
  syncBuiltinESMExports()
  return noted
}

function listen(): void {
  const databaseWorkers = noteDatabaseWorkers()

  // Microseconds. Node's own histogram of the delay is cleared when it is stopped, so intervals cannot be added up.
  let late = createHistogram()
  let timer: NodeJS.Timeout | undefined
  const watch = () => {
    const due = performance.now() + EVERY_MS
    timer = setTimeout(() => {
      late.record(Math.max(1, Math.round(1000 * (performance.now() - due))))
      watch()
    }, EVERY_MS).unref()
  }
  const orders: Record<ProbeOrder['name'], () => unknown> = {
    watch,
    async rest() {
      await pause(2 * EVERY_MS) // a command is read before the timer that measures the delay
      clearTimeout(timer)
    },
    delays() {
      const ms = (microseconds: number) => Math.round(microseconds / 100) / 10
      const delays: Delays | undefined =
        late.count === 0 ? undefined : { p50: ms(late.percentile(50)), p99: ms(late.percentile(99)), max: ms(late.max) }
      late = createHistogram()
      return delays
    },
    /** Ends the worker of the database at once, in the middle of its work. */
    async endWorker() {
      const ended = [...databaseWorkers]
      await Promise.all(ended.map((worker) => worker.terminate()))
      return ended.length
    },
  }

  process.on('message', async ({ id, name }: ProbeOrder) => {
    const value = await orders[name]()
    process.send?.({ id, value } satisfies ProbeAnswer)
  })
  process.channel?.unref() // a server that has drained ends, although its parent still listens
  process.once('disconnect', () => process.exit(1)) // and no server outlives the benchmark
}
