import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, globSync, openSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { Delays, ProbeAnswer, ProbeOrder } from './probe.ts'
import { createDatabase } from './server.ts'

/** The checkout that contains this file. */
export const OWN_CHECKOUT = resolve(import.meta.dirname, '../../..')
const READY_WITHIN_MS = 180_000
/** The time limit for a response of the event loop; the embedded database has blocked some releases for this long. */
const SILENT_AFTER_MS = 90_000

/**
 * A server of any checkout, started as its users start it: by its main.ts and its settings, so that any release can be
 * measured.
 */
export type Build = {
  url: string
  adminKey: string
  dataDir: string
  databaseUrl: string | undefined
  /** The memory of the process according to the kernel; undefined if the kernel does not report it. */
  residentMegabytes(): number | undefined
  /** Begins an interval in which the delay of the event loop is measured. */
  watch(): Promise<void>
  rest(): Promise<void>
  /** Returns the delays of all intervals since the last call; undefined if the server did not respond in time. */
  delays(): Promise<Delays | undefined>
  /** Ends the worker thread of the database, and returns how many threads it ended. */
  endWorker(): Promise<number>
  /** Kills the server with -9, and waits until it is gone. */
  kill(): Promise<void>
  /** Restarts the server with the same data; returns the milliseconds until it is ready. */
  start(): Promise<number>
  isRunning(): boolean
  /** The log of all starts, one after the other. */
  logFile: string
  /** Returns the end of the log, without the lines about requests. */
  complaint(): string
  /** Ends the server and removes its data. */
  close(): Promise<void>
}

type BuildOptions = {
  checkout: string
  postgresUrl: string | undefined
  /** The default is that of the server. */
  logLevel?: 'info' | 'warn'
}

/** Starts the server of a checkout with the embedded database, or with a new database on the Postgres at this URL. */
export async function startBuild({ checkout, postgresUrl, logLevel = 'info' }: BuildOptions): Promise<Build> {
  const main = join(resolve(checkout), 'apps/server/src/main.ts')
  if (!existsSync(main))
    throw new Error(
      `There is no server at ${checkout}: apps/server/src/main.ts is missing. Name the root of a checkout with ` +
        'its dependencies installed.',
    )
  const dataDir = await mkdtemp(join(tmpdir(), 'dakera-bench-'))
  const place = postgresUrl ? await createDatabase(postgresUrl) : undefined
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const adminKey = `dk-${randomBytes(24).toString('base64url')}`
  const settings = {
    DAKERA_HOST: '127.0.0.1',
    DAKERA_PORT: String(port),
    DATABASE_URL: place?.url,
    DAKERA_DATA_DIR: dataDir,
    DAKERA_ROOT_API_KEY: adminKey,
    DAKERA_LOG_LEVEL: logLevel,
  }
  const { PATH, HOME } = process.env
  const env = Object.fromEntries(Object.entries({ PATH, HOME, ...settings }).filter(([, value]) => value !== undefined))

  let child: ChildProcess | undefined
  const logFile = `${dataDir}.log`
  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null
  const waiting = new Map<number, (value: unknown) => void>()
  const settle = (id: number, value?: unknown) => {
    waiting.get(id)?.(value)
    waiting.delete(id)
  }
  const complaint = () => {
    const lines = readFileSync(logFile, 'utf8').trim().split('\n')
    return lines
      .filter((line) => !line.includes('"msg":"request'))
      .slice(-5)
      .join('\n')
      .slice(-2000)
  }
  const ended = async () => {
    if (child && isRunning()) await once(child, 'exit')
  }
  let closing: Promise<void> | undefined
  const start = async () => {
    if (closing) throw new Error('interrupted')
    const started = performance.now()
    const log = openSync(logFile, 'a')
    child = spawn(process.execPath, ['--import', pathToFileURL(join(import.meta.dirname, 'probe.ts')).href, main], {
      env,
      detached: true, // so that Ctrl-C reaches only this process; the probe ends the server when this process is gone
      stdio: ['ignore', 'ignore', log, 'ipc'],
    })
    closeSync(log)
    child.on('message', ({ id, value }: ProbeAnswer) => settle(id, value))
    child.once('exit', () => {
      for (const id of waiting.keys()) settle(id)
    })
    while (!(await isReady(url))) {
      if (!isRunning()) throw new Error(`The server of ${checkout} ended while it started: ${complaint()}`)
      if (performance.now() - started > READY_WITHIN_MS)
        throw new Error(`The server of ${checkout} was not ready within ${READY_WITHIN_MS / 1000} s.`)
      await setTimeout(10)
    }
    return performance.now() - started
  }

  let lastId = 0
  const order = (name: ProbeOrder['name']): Promise<unknown> => {
    if (!child?.connected) return Promise.resolve(undefined)
    const id = ++lastId
    const answer = new Promise<unknown>((resolve) => {
      const cancel = after(SILENT_AFTER_MS, () => settle(id))
      waiting.set(id, (value) => {
        cancel()
        resolve(value)
      })
    })
    child.send({ id, name } satisfies ProbeOrder, (error) => error && settle(id))
    return answer
  }
  const kill = async () => {
    child?.kill('SIGKILL')
    await ended()
  }

  const close = () => (closing ??= end())
  const end = async () => {
    child?.kill('SIGTERM')
    const hurry = after(15_000, () => child?.kill('SIGKILL'))
    await ended()
    hurry()
    await place?.drop()
    for (const path of [dataDir, logFile]) await rm(path, { recursive: true, force: true })
  }
  try {
    await start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    url,
    adminKey,
    dataDir,
    databaseUrl: place?.url,
    residentMegabytes: () => (child?.pid === undefined ? undefined : megabytesOf(child.pid, 'VmRSS')),
    watch: async () => void (await order('watch')),
    rest: async () => void (await order('rest')),
    delays: () => order('delays') as Promise<Delays | undefined>,
    endWorker: async () => ((await order('endWorker')) as number | undefined) ?? 0,
    kill,
    start,
    isRunning,
    logFile,
    complaint,
    close,
  }
}

/** Returns a line of /proc/<pid>/status, in MB: VmRSS, or RssAnon for memory that is not shared. */
export function megabytesOf(pid: number, line: 'VmRSS' | 'RssAnon'): number | undefined {
  try {
    const kilobytes = new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024)
  } catch {
    return undefined // the process has ended, or this is not Linux
  }
}

/** Returns the megabytes of the embedded database's log, and of its other files. */
export function megabytesOnDisk(dataDir: string): { log: number; data: number } {
  const sizes = { log: 0, data: 0 }
  for (const file of globSync('**/*', { cwd: dataDir })) {
    const found = statSync(join(dataDir, file), { throwIfNoEntry: false }) // a file may be removed in the meantime
    if (found?.isFile()) sizes[/(^|\/)pg_wal\//.test(file) ? 'log' : 'data'] += found.size
  }
  return { log: sizes.log / 2 ** 20, data: sizes.data / 2 ** 20 }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const reply = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) })
    await reply.arrayBuffer()
    return reply.status === 200
  } catch {
    return false
  }
}

/** Calls the function after this time, unless the returned function is called first. */
function after(ms: number, call: () => void): () => void {
  const timer = globalThis.setTimeout(call, ms)
  return () => clearTimeout(timer)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
