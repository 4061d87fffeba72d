// npm run test:mcp: the published suites for MCP against the real server: the conformance scenarios that apply and the
// inspector's check of schemas. They are fetched into a cache and take a minute, so npm test leaves them out.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')
const liveUrl = process.env['DAKERA_LIVE_URL']
const KEY = 'dk-researcher-key'
const SUITES = { '@modelcontextprotocol/conformance': '0.2.0-alpha.12', '@modelcontextprotocol/inspector': '2.12.0' }

/**
 * The scenarios that apply, with the checks that pass at least. The others ask for fixture tools such as
 * `test_simple_text`, for sessions, or for subscriptions, and say nothing about this server; so do the six of
 * `server-stateless` that do not pass.
 */
const SCENARIOS: [name: string, revision: string, passes: number][] = [
  ['server-initialize', '2025-11-25', 2],
  ['ping', '2025-11-25', 2],
  ['tools-list', '2025-06-18', 2],
  ['tools-list', '2025-11-25', 3],
  ['tools-list', '2026-07-28', 4],
  ['resources-list', '2025-11-25', 2],
  ['resources-list', '2026-07-28', 2],
  ['prompts-list', '2025-11-25', 2],
  ['prompts-list', '2026-07-28', 2],
  ['sep-2164-resource-not-found', '2026-07-28', 4],
  ['caching', '2026-07-28', 8],
  ['http-header-validation', '2026-07-28', 14],
  ['dns-rebinding-protection', '2025-11-25', 2],
  ['dns-rebinding-protection', '2026-07-28', 2],
  ['server-stateless', '2026-07-28', 22],
]

if (liveUrl) await main(liveUrl)
else {
  // Begins again beside a server of its own.
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'scripts/with-demo-server.mjs'), process.execPath, import.meta.filename],
    { stdio: 'inherit' },
  )
  process.exitCode = status ?? 1
}

async function main(server: string): Promise<void> {
  const programs = install()
  const { url, close } = await withKey(server)
  let failed = 0
  const say = (name: string, isOk: boolean, rest: string, output: string) => {
    process.stdout.write(`${isOk ? 'ok    ' : 'FAILED'} ${name.padEnd(46)} ${rest}\n${isOk ? '' : output}`)
    if (!isOk) failed++
  }
  try {
    for (const [name, revision, passes] of SCENARIOS) {
      const chosen = ['--scenario', name, '--spec-version', revision]
      const { output } = await run([programs('conformance'), 'server', '--url', url, ...chosen])
      const [all = '', passed] = /Passed: (\d+)\/\d+, \d+ failed, \d+ warnings/.exec(output) ?? []
      say(`${name} ${revision}`, Number(passed) >= passes, all, output)
    }
    const listed = ['--method', 'tools/list', '--strict']
    const overHttp = [`${server}/mcp`, '--transport', 'http', '--header', `Authorization: Bearer ${KEY}`]
    const program = join(root, 'packages/mcp/src/main.ts')
    const onStdio = [process.execPath, program, '-e', `DAKERA_URL=${server}`, '-e', `DAKERA_API_KEY=${KEY}`]
    for (const [name, target] of Object.entries({ HTTP: overHttp, stdio: onStdio })) {
      const { output, code } = await run([programs('mcp-inspector'), '--cli', ...target, ...listed])
      say(`inspector --strict, ${name}`, code === 0, '', output)
    }
  } finally {
    close()
  }
  process.stdout.write(failed === 0 ? 'All as expected.\n' : `${failed} not as expected.\n`)
  process.exitCode = failed === 0 ? 0 : 1
}

/** Installs the suites where they are not yet, and returns where their programs are. */
function install(): (program: string) => string {
  const folder = join(root, 'node_modules/.cache/dakera', `mcp-suites-${Object.values(SUITES).join('-')}`)
  const programs = join(folder, 'node_modules/.bin')
  if (!existsSync(join(programs, 'mcp-inspector'))) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: SUITES }))
    spawnSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder, stdio: 'inherit' })
  }
  return (program) => join(programs, program)
}

/** The conformance suite sends no key: this adds it. */
async function withKey(server: string): Promise<{ url: string; close(): void }> {
  const { hostname, port } = new URL(server)
  const proxy = createServer((incoming, outgoing) => {
    const { url: path, method, headers } = incoming
    const options = { hostname, port, path, method, headers: { ...headers, authorization: `Bearer ${KEY}` } }
    const onward = request(options, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const close = () => {
    proxy.close()
    proxy.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mcp`, close }
}

function run([command = '', ...args]: string[]): Promise<{ output: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ output, code }))
  })
}
