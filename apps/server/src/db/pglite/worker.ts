// The thread of the embedded database: Postgres, the flusher of its log and its upkeep. supervisor.ts starts it and
// talks to it.
import { parentPort, workerData } from 'node:worker_threads'
import { PgliteError } from './error.ts'
import { openPglite, type Pglite } from './open.ts'
import { Pulse } from './pulse.ts'
import type { Call, FromWorker, Orders, WorkerData } from './supervisor.ts'
import { serveSockets } from './wire.ts'

const port = parentPort
if (!port) throw new Error('worker.ts is started by supervisor.ts')
const { dataDir, durability, pulse, wasm } = workerData as WorkerData
const say = (message: FromWorker) => port.postMessage(message)
const writeLog = (level: 'info' | 'warn' | 'error') => (about: object, message: string) =>
  say({ kind: 'log', level, about, message })
const log = { info: writeLog('info'), warn: writeLog('warn'), error: writeLog('error') }

const describe = (error: unknown) => ({
  code: error instanceof PgliteError ? error.code : undefined,
  message: (error as Error).message,
})

try {
  const pglite: Pglite = await openPglite({
    dataDir,
    durability,
    log,
    wasm,
    pulse: new Pulse(pulse),
    // A moment later, so that the replies to the callers are on their way before this thread is ended.
    onStop: ({ message }) => setImmediate(() => say({ kind: 'stopped', message })),
  })
  serveSockets(port, pglite.connect)
  port.on('message', async (call: Call | { kind: string }) => {
    if (call.kind !== 'call') return
    const { id, name } = call as Call
    try {
      say({ kind: 'answer', id, value: await (pglite[name] as Orders[typeof name])() })
    } catch (error) {
      say({ kind: 'answer', id, error: describe(error) })
    }
  })
  say({ kind: 'open' })
} catch (error) {
  say({ kind: 'unusable', ...describe(error) })
}
