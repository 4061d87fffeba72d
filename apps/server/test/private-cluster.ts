import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0

/**
 * The folder of Postgres' programs, if the test harness has unpacked them; a server found another way cannot be stopped
 * here.
 */
export async function findPrograms(): Promise<string | undefined> {
  const cache = isRoot
    ? '/var/cache/dakera'
    : join(process.env['XDG_CACHE_HOME'] || join(process.env['HOME'] ?? '', '.cache'), 'dakera')
  return run(join(import.meta.dirname, 'postgres/private.sh'), [join(cache, 'postgres-1')], { timeout: 120_000 }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  )
}

/**
 * Runs until our end of its stdin closes, so it also ends with this process. $1: programs, $2: data, $3: port; the rest
 * switches to another user.
 */
const SERVE = `trap '' INT HUP TERM
  bin=$1 data=$2 port=$3; shift 3
  "$@" "$bin/postgres" -D "$data" -p "$port" -c listen_addresses=127.0.0.1 \\
    -c unix_socket_directories= </dev/null >>"$data/log" 2>&1 &
  for i in $(seq 300); do "$@" "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" && break; sleep 0.1; done
  echo ready; cat >/dev/null
  kill -QUIT $!; wait $!`

/** A private Postgres that can be stopped without closing its connections, and restarted with the same data. */
export async function openCluster(programs: string) {
  const folder = mkdtempSync(join(isRoot ? '/tmp' : tmpdir(), 'dakera-cluster-'))
  const data = join(folder, 'data')
  const group = isRoot ? (await run('id', ['-g', 'nobody'])).stdout.trim() : ''
  const user = isRoot
    ? ['setpriv', '--reuid=nobody', `--regid=${group}`, '--clear-groups', 'env', `HOME=${folder}`]
    : ['env']
  if (isRoot) chownSync(folder, Number((await run('id', ['-u', 'nobody'])).stdout), Number(group))
  const [command = '', ...args] = [
    ...user,
    join(programs, 'initdb'),
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=trust',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  ]
  await run(command, args, { cwd: folder })
  const port = await freePort()
  let stopRunning = async () => {}

  const start = async () => {
    const child = spawn('bash', ['-c', SERVE, 'bash', programs, data, String(port), ...user], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const closed = once(child, 'close')
    await once(child.stdout, 'data')
    stopRunning = async () => {
      child.stdin.destroy()
      await closed
    }
  }
  await start()
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    start,
    stop: () => stopRunning(),
    async [Symbol.asyncDispose]() {
      await stopRunning()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * A proxy to a server that can be cut, become silent like a network that loses every packet, or break connections while
 * they are being made.
 */
export async function openProxy(target: string) {
  const { hostname, port: targetPort } = new URL(target)
  const pairs = new Set<[Socket, Socket]>()
  let isSilent = false
  let breaksAt = Infinity
  let opening: PromiseWithResolvers<void> | undefined
  const accept = async (near: Socket) => {
    near.on('error', () => {})
    await opening?.promise
    if (isSilent) return void near.on('data', () => {})
    let packets = 0
    near.on('data', () => ++packets >= breaksAt && near.destroy())
    const far = connect(Number(targetPort), hostname)
    far.on('error', () => near.destroy())
    near.on('data', (bytes) => isSilent || far.write(bytes)).on('close', () => far.destroy())
    far.on('data', (bytes) => isSilent || near.write(bytes)).on('close', () => isSilent || near.destroy())
    pairs.add([near, far])
  }
  const listen = (port: number) =>
    new Promise<Server>(
      (resolve) =>
        void createServer(accept).listen(port, '127.0.0.1', function (this: Server) {
          resolve(this)
        }),
    )
  let server = await listen(0)
  const { port } = server.address() as { port: number }
  const url = new URL(target)
  url.port = String(port)
  const cutAll = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
    pairs.clear()
  }
  return {
    url: url.href,
    async cut() {
      const closed = new Promise((resolve) => server.close(resolve))
      cutAll()
      await closed
    },
    /** Breaks all connections with a reset, as a network does: the client gets an error first, and then the end. */
    reset() {
      for (const [near] of pairs) near.resetAndDestroy()
      pairs.clear()
    },
    goSilent() {
      isSilent = true
    },
    /** Loses every packet of the connections there are; new ones work. */
    muteOpen() {
      for (const pair of pairs) for (const socket of pair) socket.removeAllListeners('data').on('data', () => {})
    },
    /** Lets new connections wait before they get through, until it is called. */
    delayNew() {
      opening = Promise.withResolvers()
      return () => opening?.resolve()
    },
    /** Breaks all connections, and each new one with this packet that its client sends, counted from 1. */
    breakAt(packet: number) {
      breaksAt = packet
      cutAll()
    },
    async mend() {
      isSilent = false
      breaksAt = Infinity
      cutAll()
      if (!server.listening) server = await listen(port)
    },
    async [Symbol.asyncDispose]() {
      cutAll()
      server.close()
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
