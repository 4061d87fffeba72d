import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { copyMigratedDatabase } from '../scripts/migrated-database.ts'

/** The folder of the repository. */
export const root = join(import.meta.dirname, '..')

// The environment's settings of a server must not reach one that a test starts.
const surroundings = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(DAKERA_|OPENAI_|DATABASE_URL|NODE_OPTIONS|VITEST)/.test(name)),
)

/**
 * Starts the real server with --demo, as its own process with an empty embedded database. `await using` ends it and
 * removes its data.
 */
export async function startDemoServer(port = 0) {
  const dataDir = await mkdtemp(join(tmpdir(), 'dakera-example-'))
  await copyMigratedDatabase(dataDir)
  const child = spawn(process.execPath, ['apps/server/src/main.ts', '--demo', '--port', String(port)], {
    cwd: root,
    env: { ...surroundings, DAKERA_DATA_DIR: dataDir, DAKERA_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = async () => {
    await end(child)
    await rm(dataDir, { recursive: true, force: true })
  }
  try {
    return { url: await address(child), [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Runs a program to its end, with only the given settings of ours. */
export async function run(
  command: string,
  args: string[],
  env: Record<string, string> = {},
  options: { cwd?: string; input?: string } = {},
) {
  const child = spawn(command, args, {
    cwd: options.cwd ?? root,
    env: { ...surroundings, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(options.input)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number | null, stdout, stderr }
}

/** Returns the address in the server's first line. */
function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const listen = (chunk: Buffer) => {
      said += chunk
      const url = /listens on (http:\/\/\S+)/.exec(said)?.[1]
      if (url) resolve(url)
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    child.once('error', reject)
    child.once('close', (code) => reject(new Error(`The server ended with ${code} before it listened:\n${said}`)))
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  const hurry = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await closed
  clearTimeout(hurry)
}
