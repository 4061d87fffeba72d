// An aggressive caller: sends its calls on several connections, each as soon as the last one is answered, and ignores
// the responses. It runs in its own thread, so that it does not slow down the callers that are measured.
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { DearRequest } from './dear-calls.ts'

/** The requests that one connection sends, over and over. */
export type Volley = { secret: string; requests: DearRequest[]; hangUpMs?: number }
export type HammerSettings = {
  url: string
  /** Connection i begins with volley i, and takes the next after each call. */
  volleys: Volley[]
  connections: number
  seconds: number
  /** The maximum numbers of calls, and of successful calls. */
  maxCalls: number
  maxDone: number
}
/** The number of calls by result: a status, "left" by the client, "no answer" or "broken". */
export type Tally = Record<string, number>

export type Hammer = {
  /** Resolves when the first call is sent, because a thread takes time to begin. */
  begun: Promise<void>
  /** Resolves when the time or the number of calls is reached, or after stop. */
  done: Promise<Tally>
  stop(): void
  /** Returns the results so far. */
  tally(): Tally
}

const PATIENCE_MS = 120_000
const REPORT_MS = 500

/** Starts a hammer, which begins as soon as its thread runs. */
export function startHammer(settings: HammerSettings): Hammer {
  const worker = new Worker(import.meta.filename, { workerData: settings })
  let latest: Tally = {}
  worker.on('message', (tally: Tally) => {
    latest = tally
  })
  const done = new Promise<Tally>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', () => resolve(latest))
  })
  const begun = Promise.race([once(worker, 'message'), done]).then(() => {})
  return { begun, done, stop: () => worker.postMessage('stop'), tally: () => latest }
}

if (!isMainThread && parentPort) void hammerOn(workerData as HammerSettings, parentPort)

async function hammerOn(
  { url, volleys, connections, seconds, maxCalls, maxDone }: HammerSettings,
  parent: NonNullable<typeof parentPort>,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const over = new AbortController()
  const tally: Tally = {}
  let calls = 0
  let done = 0
  const bodies = volleys.map(({ requests }) => requests.map(({ path, body }) => ({ path, bytes: Buffer.from(body) })))

  parent.once('message', () => over.abort())
  const clock = globalThis.setTimeout(() => over.abort(), seconds * 1000)
  const reports = setInterval(() => parent.postMessage(tally), REPORT_MS)

  const send = (turn: number): Promise<string> => {
    const volley = volleys[turn % volleys.length] as Volley
    const own = bodies[turn % volleys.length] ?? []
    const { path, bytes } = own[Math.floor(turn / volleys.length) % own.length] as { path: string; bytes: Buffer }
    return new Promise((resolve) => {
      const headers = {
        authorization: `Bearer ${volley.secret}`,
        'content-type': 'application/json',
        'content-length': bytes.length,
      }
      const call = request(`${url}${path}`, { method: 'POST', agent, headers, signal: over.signal })
      const finish = (answer: string) => {
        clearTimeout(leave)
        resolve(answer)
        call.destroy()
      }
      const leave = globalThis.setTimeout(
        () => finish(volley.hangUpMs ? 'left' : 'no answer'),
        volley.hangUpMs ?? PATIENCE_MS,
      )
      call.once('response', (response) => {
        // A body that was read to its end lets the connection serve the next call.
        response.resume().once('end', () => {
          clearTimeout(leave)
          resolve(String(response.statusCode))
        })
        response.once('error', () => finish('broken'))
      })
      call.once('error', () => finish(over.signal.aborted ? 'unanswered at the end' : 'broken'))
      call.end(bytes)
    })
  }

  const connection = async (first: number) => {
    for (let turn = first; !over.signal.aborted; turn++) {
      if (calls++ >= maxCalls || done >= maxDone) return over.abort()
      const answer = await send(turn)
      tally[answer] = (tally[answer] ?? 0) + 1
      if (answer.startsWith('2')) done++
      if (answer === 'broken') await setTimeout(20)
    }
  }
  parent.postMessage(tally)
  await Promise.all(Array.from({ length: connections }, (_, i) => connection(i)))
  clearTimeout(clock)
  clearInterval(reports)
  agent.destroy()
  parent.postMessage(tally)
  parent.unref()
}
