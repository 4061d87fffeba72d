import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import type { Answer, Orders, Settings } from './host.ts'

/** A server under measurement: its address and its commands. */
export type Server = {
  url: string
  order: Orders
  /** Stops the server and removes its data. */
  close(): Promise<void>
}

/** Starts a server with the embedded database, or with a new database on the Postgres at this URL. */
export async function startServer(postgresUrl: string | undefined, adminKey: string): Promise<Server> {
  const dataDir = await mkdtemp(join(tmpdir(), 'dakera-bench-'))
  const place = postgresUrl ? await createDatabase(postgresUrl) : undefined
  const removeAll = async () => {
    await place?.drop()
    await rm(dataDir, { recursive: true, force: true })
  }
  const database: Settings['database'] = place
    ? { engine: 'postgres', url: place.url, migrationUrl: undefined, poolSize: undefined, searchTimeoutMs: 1_000 }
    : { engine: 'pglite', dataDir, durability: 'full' }

  const child = fork(join(import.meta.dirname, 'host.ts'), {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
  const { order, opened } = command(child)
  let closing: Promise<void> | undefined
  const close = () => (closing ??= end())
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const closed = once(child, 'exit')
      if (child.connected) child.disconnect()
      const hurry = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await closed
      clearTimeout(hurry)
    }
    await removeAll()
  }
  try {
    child.send({ database, adminKey, dataDir } satisfies Settings)
    return { url: await opened, order, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Turns commands into messages and their answers into promises. */
function command(child: ChildProcess): { order: Orders; opened: Promise<string> } {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const expect = (id: number) => new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }))
  const opened = expect(0) as Promise<string>
  child.on('message', ({ id, value, error }: Answer) => {
    const waiter = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) waiter?.resolve(value)
    else waiter?.reject(new Error(error))
  })
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`The server ended with ${code}.`))
  })
  let last = 0
  const send = (name: keyof Orders, args: unknown[]) => {
    const answer = expect(++last)
    child.send({ id: last, name, args })
    return answer
  }
  const order = new Proxy({} as Orders, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        send(name as keyof Orders, args),
  })
  return { order, opened }
}

/** Creates an empty database with a unique name on this cluster. */
export async function createDatabase(cluster: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `dakera_bench_${crypto.randomUUID().slice(0, 8)}`
  const run = async (statement: string) => {
    const sql = postgres(cluster, { max: 1, onnotice: () => {} })
    try {
      await sql.unsafe(statement)
    } finally {
      await sql.end()
    }
  }
  await run(`create database ${name}`)
  const url = new URL(cluster)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => run(`drop database if exists ${name} with (force)`) }
}
