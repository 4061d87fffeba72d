import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DakeraClient } from '@dakera-ai/dakera'
import postgres from 'postgres'
import { expect } from 'vitest'
import { ADMIN_KEY, clonePglite, clonePostgres, emptyPostgres, engine, MIGRATED } from './harness.ts'
import { send } from './http-call.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')

export type Ended = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }
type Settings = Record<string, string | undefined>

/** Starts the server as its users do, with only these settings in the environment, on a free port of loopback. */
export function launch(settings: Settings, args: string[] = []) {
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    DAKERA_HOST: '127.0.0.1',
    DAKERA_PORT: '0',
    ...settings,
  }
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], {
    env: given,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text
    })
  }
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal, ...said }))

  /** The address of the server, once it reports that it is ready. */
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const url = /listens on (http:\/\/\S+)/.exec(said.stdout)?.[1]
      if (url) resolve(url)
    })
    void ended.then(({ code, signal }) =>
      reject(new Error(`the server ended with ${code ?? signal}: ${said.stderr || said.stdout}`)),
    )
  })
  ready.catch(() => {}) // some tests only wait for the end

  /**
   * The end of a start that must fail. If the server starts instead, this rejects at once and not at the time-out of
   * the test.
   */
  const refused = Promise.race([
    ended,
    ready.then(
      (url) => Promise.reject(new Error(`the server was expected to fail, and listens on ${url}`)),
      () => ended,
    ),
  ])
  refused.catch(() => {}) // for servers that must start

  // A test that loses its server fails with a broken connection; only this log has the reason.
  void Promise.all([ready, ended]).then(
    ([, { code, stderr }]) =>
      child.killed || console.error(`the server ended by itself with ${code}: ${stderr.slice(-4000)}`),
    () => {},
  )
  return {
    said,
    ended,
    ready,
    refused,
    /** The exit code; does not depend on whether the output is read. */
    exited: once(child, 'exit').then(([code]) => code as number | null),
    pauseLog: () => void child.stderr?.pause(),
    resumeLog: () => void child.stderr?.resume(),
    stopReading: (stream: 'stdout' | 'stderr') => void child[stream]?.destroy(),
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    client: async (apiKey = ADMIN_KEY) =>
      new DakeraClient({ apiKey, baseUrl: await ready, maxRetries: 0, timeoutMs: 20_000 } as never),
    async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
      child.kill(signal)
      return ended
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
export type ChildServer = ReturnType<typeof launch>

/** Expects a failed start: a message for the operator, no stack, and exit code 1. */
export function expectRefusal({ code, stdout, stderr }: Ended, says: RegExp): void {
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^dakera: /m)])
  expect(stderr).toMatch(says)
  expect(stderr + stdout).not.toMatch(/\n\s+at |listens on http|topsecret/)
}

export const whoami = (url: string, key: string) => send(url, '/v1/auth/whoami', { key })

/**
 * Creates a database of this run's engine and a data directory, on which no server has been started. The database is
 * migrated already, which saves seconds; with `isEmpty` it is a new one, or does not exist.
 */
export async function freshPlace({ isEmpty = false } = {}) {
  const embedded = engine === 'pglite' && !isEmpty ? await clonePglite(MIGRATED) : undefined
  const dataDir = embedded?.settings.dataDir ?? mkdtempSync(join(tmpdir(), 'dakera-child-'))
  const database = engine === 'postgres' ? await freshPostgres(isEmpty) : undefined
  return {
    dataDir,
    databaseUrl: database?.settings.url,
    /** The settings of a server on this database, with an admin key that the test knows. */
    settings: {
      DATABASE_URL: database?.settings.url,
      DAKERA_DATA_DIR: dataDir,
      DAKERA_ROOT_API_KEY: ADMIN_KEY,
      DAKERA_LOG_LEVEL: 'warn',
    } satisfies Settings,
    async [Symbol.asyncDispose]() {
      await database?.remove()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function freshPostgres(isEmpty: boolean) {
  if (isEmpty) return emptyPostgres()
  const database = await clonePostgres(MIGRATED)
  const sql = postgres(database.settings.url, { max: 1 })
  await sql`update installation set id = default` // two copies are two databases
  await sql.end()
  return database
}
