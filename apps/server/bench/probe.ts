// Loaded by `node --import` into a server under measurement, whatever its release: says how late its event loop runs, and ends
// a worker thread of it when ordered. Nothing of the server knows that it is there.
import { createHistogram } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { BroadcastChannel, isMainThread, threadId, type Worker } from 'node:worker_threads'

/** Milliseconds that the event loop was late. */
export type Delays = { p50: number; p99: number; max: number }
/** What the parent can order; each is answered with the same id. */
export type ProbeOrder = { id: number; name: 'watch' | 'rest' | 'delays' | 'endWorker' }
export type ProbeAnswer = { id: number; value: unknown }

/** How often it is measured how late the loop is. */
const EVERY_MS = 5
/** The script of a worker thread that holds the database. */
const DATABASE_SCRIPT = /pglite|database|engine|\bdb\b/

const threads = new BroadcastChannel('dakera-bench-threads')
if (isMainThread) listen()
else {
  // A preload runs in worker threads too, and only there is the name of their script known.
  threads.postMessage({ threadId, script: process.argv[1] ?? '' })
  threads.close()
}

function listen(): void {
  const scripts = new Map<number, string>()
  threads.onmessage = ({ data }: { data: { threadId: number; script: string } }) => void scripts.set(data.threadId, data.script)
  threads.unref()
  const workers = new Set<Worker>()
  process.on('worker', (worker: Worker) => {
    workers.add(worker)
    worker.once('exit', () => workers.delete(worker))
  })

  // Microseconds. Node's own histogram of the delay forgets what it has when it is stopped, so that stretches cannot be added up.
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
      await pause(2 * EVERY_MS) // an order is read before the timer that notices how late it is
      clearTimeout(timer)
    },
    delays() {
      const ms = (microseconds: number) => Math.round(microseconds / 100) / 10
      const delays: Delays | undefined = late.count === 0 ? undefined : { p50: ms(late.percentile(50)), p99: ms(late.percentile(99)), max: ms(late.max) }
      late = createHistogram()
      return delays
    },
    /** Ends the worker that holds the database at once, in the middle of whatever it does; the only worker when none is named like it. */
    async endWorker() {
      const all = [...workers]
      const named = all.filter((worker) => DATABASE_SCRIPT.test(scripts.get(worker.threadId) ?? ''))
      const chosen = named.length > 0 ? named : all.length === 1 ? all : []
      await Promise.all(chosen.map((worker) => worker.terminate()))
      return chosen.length
    },
  }

  process.on('message', async ({ id, name }: ProbeOrder) => {
    const value = await orders[name]()
    process.send?.({ id, value } satisfies ProbeAnswer)
  })
  process.channel?.unref() // a server that has drained ends, though its parent still listens
  process.once('disconnect', () => process.exit(1)) // and none outlives the benchmark
}
