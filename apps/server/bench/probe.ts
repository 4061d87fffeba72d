// Loaded by `node --import` into a server under measurement, whatever its release: says how late its event loop runs, and ends
// a worker thread of it when ordered. Nothing of the server knows that it is there.
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { BroadcastChannel, isMainThread, threadId, type Worker } from 'node:worker_threads'

/** Milliseconds that the event loop was late. */
export type Delays = { p50: number; p99: number; max: number }
/** What the parent can order; each is answered with the same id. */
export type ProbeOrder = { id: number; name: 'watch' | 'rest' | 'delays' | 'endWorker' }
export type ProbeAnswer = { id: number; value: unknown }

/** The timer behind the histogram; what it measures holds this much even when nothing is late. */
const RESOLUTION_MS = 5
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

  let total = createHistogram()
  let current: ReturnType<typeof monitorEventLoopDelay> | undefined
  const orders: Record<ProbeOrder['name'], () => unknown> = {
    watch() {
      current = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
      current.enable()
    },
    async rest() {
      await setTimeout(2 * RESOLUTION_MS) // an order is read before the timer that notices how late it is
      current?.disable()
      if (current) total.add(current as never)
      current = undefined
    },
    delays() {
      const late = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e5) / 10 - RESOLUTION_MS)
      const delays: Delays | undefined =
        total.count === 0 ? undefined : { p50: late(total.percentile(50)), p99: late(total.percentile(99)), max: late(total.max) }
      total = createHistogram()
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
