import { execFile, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import postgres from 'postgres'

const run = promisify(execFile)
const here = import.meta.dirname
const IMAGE = 'pgvector/pgvector:pg17'
const OLDEST_MAJOR = 16
// Raise the number when private.sh unpacks something else.
const PREFIX_VERSION = 1

/** A Postgres for tests: its URL, how it was found, and how to end it. */
export type TestPostgres = { url: string; how: string; stop: () => Promise<void> }

/** A way that is not usable, with the reason; the next way is tried. */
class Unusable extends Error {}

/**
 * Finds a Postgres with pgvector for the tests: the one of TEST_DATABASE_URL, a local installation, Docker, or Debian's
 * packages unpacked into a cache. If none works, the message gives the reason for each of the four.
 * settings: for its configuration, like "shared_buffers=1GB"; a running server keeps its own.
 */
export async function findPostgres(
  env: NodeJS.ProcessEnv = process.env,
  settings: string[] = [],
): Promise<TestPostgres> {
  const ways = [
    ['TEST_DATABASE_URL', () => fromUrl(env.TEST_DATABASE_URL)],
    [`a local Postgres >= ${OLDEST_MAJOR} with pgvector`, () => fromLocal(env, settings)],
    [`Docker with ${IMAGE}`, () => fromDocker(settings)],
    ["Debian's or Ubuntu's packages, unpacked into a cache", () => fromPackages(env, settings)],
  ] as const
  const reasons: string[] = []
  for (const [how, open] of ways) {
    try {
      return { how, ...(await open()) }
    } catch (error) {
      // A server that was named explicitly and does not work is never silently replaced by another.
      if (how === 'TEST_DATABASE_URL' && env.TEST_DATABASE_URL)
        throw new Error(`TEST_DATABASE_URL is set but cannot be used: ${String(error)}`, { cause: error })
      reasons.push(`  - ${how}: ${error instanceof Unusable ? error.message : String(error)}`)
    }
  }
  throw new Error(`No Postgres for the tests. One of these four must work:\n${reasons.join('\n')}`)
}

type Opened = Omit<TestPostgres, 'how'>

async function fromUrl(url: string | undefined): Promise<Opened> {
  if (!url) throw new Unusable('not set; give it the URL of a superuser on a Postgres with pgvector')
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} })
  try {
    const [found] = await sql`select 1 from pg_available_extensions where name = 'vector'`
    if (!found) throw new Unusable('that server does not have pgvector; install it there')
  } finally {
    await sql.end({ timeout: 5 })
  }
  return { url, stop: async () => {} }
}

async function fromLocal(env: NodeJS.ProcessEnv, settings: string[]): Promise<Opened> {
  const folders = [...(env.PATH ?? '').split(delimiter), ...debianFolders()].filter(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  )
  if (folders.length === 0) throw new Unusable('no initdb and postgres on PATH or in /usr/lib/postgresql/*/bin')
  const misses: string[] = []
  for (const bin of folders) {
    const version = await run(join(bin, 'postgres'), ['--version']).then(
      ({ stdout }) => stdout.trim(),
      (error: Error) => error.message,
    )
    const major = Number(/(\d+)/.exec(version)?.[1] ?? 0)
    if (major < OLDEST_MAJOR) misses.push(`${bin} has ${version}`)
    else if (!(await hasVector(bin, major))) misses.push(`${bin} (${version}) lacks pgvector`)
    else return serve(bin, settings)
  }
  throw new Unusable(misses.join('; '))
}

function debianFolders(): string[] {
  const parent = '/usr/lib/postgresql'
  return existsSync(parent) ? readdirSync(parent).map((major) => join(parent, major, 'bin')) : []
}

async function hasVector(bin: string, major: number): Promise<boolean> {
  const asked = await run(join(bin, 'pg_config'), ['--sharedir']).then(
    ({ stdout }) => [stdout.trim()],
    () => [],
  )
  const shares = [...asked, join(bin, '../share/postgresql'), join(bin, '../share'), `/usr/share/postgresql/${major}`]
  return shares.some((share) => existsSync(join(share, 'extension/vector.control')))
}

async function fromDocker(settings: string[]): Promise<Opened> {
  await run('docker', ['info'], { timeout: 10_000 }).catch(() => {
    throw new Unusable('"docker info" does not work; install or start Docker')
  })
  const port = await freePort()
  // The shell lives just long enough to remove the container, however this process ends.
  const script = `trap '' INT HUP TERM
    port=$1; shift
    id=$(docker run -d --rm -p "127.0.0.1:$port:5432" -e POSTGRES_HOST_AUTH_METHOD=trust "$@") || exit 1
    trap 'docker rm -f "$id" >/dev/null' EXIT
    for i in $(seq 600); do docker exec "$id" pg_isready -q -h 127.0.0.1 && break; sleep 0.2; done
    echo ready; cat >/dev/null`
  const options = ['max_connections=200', ...settings].flatMap((setting) => ['-c', setting])
  return held(['bash', '-c', script, 'docker', String(port), IMAGE, ...options], port)
}

async function fromPackages(env: NodeJS.ProcessEnv, settings: string[]): Promise<Opened> {
  const prefix = join(cacheFolder(env), `postgres-${PREFIX_VERSION}`)
  const { stdout } = await run(join(here, 'private.sh'), [prefix], { timeout: 300_000 }).catch(
    (error: Error & { stderr?: string }) => {
      throw new Unusable(error.stderr?.trim().split('\n').slice(-5).join(' | ') || error.message)
    },
  )
  return serve(stdout.trim(), settings)
}

/**
 * Returns the folder of the cache. Root starts Postgres as the user nobody, who cannot enter root's home; so root's
 * cache is where everybody may read.
 */
function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/cache/dakera'
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dakera')
}

async function serve(bin: string, settings: string[]): Promise<Opened> {
  const port = await freePort()
  return held([join(here, 'serve.sh'), bin, String(port), ...settings], port)
}

/** Starts a script that runs Postgres until our end of its stdin closes. */
function held([command = '', ...args]: string[], port: number): Promise<Opened> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000)
  })
  const stop = async () => {
    child.stdin.destroy()
    await exited
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.stdout.once('data', () => resolve({ url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop }))
    exited.then(() => reject(new Unusable(`it did not start: ${complaint.trim()}`)))
  })
}

/** Returns a port that is free now. A start that loses the race for it fails with Postgres' own message. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
