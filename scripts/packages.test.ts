import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findNode20, pack, run } from './packing.ts'

const root = dirname(import.meta.dirname)
const folder = mkdtempSync(join(tmpdir(), 'dakera-packages-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** About 10 s on an idle machine. */
const MINUTES = 300_000

const manifestOf = (path: string) => JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
const packages = globSync('{packages,apps}/*/package.json', { cwd: root }).map(dirname)

describe('npm pack', () => {
  test.each(packages)('of %s is refused with the reason', (path) => {
    const { name, private: isPrivate } = manifestOf(path)
    expect(() => run(join(root, path), 'npm', ['pack', '--pack-destination', folder])).toThrow(
      isPrivate ? `${name} is private` : `${name} is packed with pnpm`,
    )
    expect(readdirSync(folder).filter((file) => file.endsWith('.tgz'))).toEqual([])
  })
})

describe('the server, the client and the program for MCP, installed by npm on Node 20', () => {
  const node = findNode20()
  const home = join(folder, 'home')
  const env = { PATH: [dirname(node), process.env['PATH']].join(delimiter) }

  beforeAll(() => {
    const tarballs = ['apps/server', 'packages/sdk-ts', 'packages/mcp'].map((path) => pack(path, folder))
    mkdirSync(home)
    writeFileSync(join(home, 'package.json'), '{ "private": true, "type": "module" }')
    run(home, 'npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs], env)
  }, MINUTES)

  test.each(['server', 'mcp'])('@dakera-ai/%s imports nothing but its dependencies', (name) => {
    const installed = join(home, 'node_modules/@dakera-ai', name)
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
    const code = globSync('dist/*.js', { cwd: installed }).map((file) => readFileSync(join(installed, file), 'utf8'))
    const imports = code.flatMap((text) => [...text.matchAll(IMPORT)].map(([, path, lazy]) => path ?? lazy ?? ''))
    const names = imports.filter((path) => !isBuiltin(path)).map((path) => /^(@[^/]+\/)?[^/]+/.exec(path)?.[0])
    expect([...new Set(names)].sort()).toEqual(Object.keys(dependencies).sort())
  })

  test('dakera-mcp starts, and there is one embedded database and one client', () => {
    const version = run(home, join(home, 'node_modules/.bin/dakera-mcp'), ['--version'], env)
    expect(version).toBe(`${manifestOf('packages/mcp').version}\n`)
    expect(globSync('node_modules/**/@dakera-ai/dakera/package.json', { cwd: home })).toHaveLength(1)
    expect(globSync('node_modules/**/pglite.wasm', { cwd: home })).toHaveLength(1)
  })

  test(
    'it starts, stores, recalls, keeps exact numbers, shows its pages and ends',
    async () => {
      const server = spawn(join(home, 'node_modules/.bin/dakera-server'), ['--port', '0'], {
        cwd: home,
        env: { ...env, HOME: home },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let output = ''
      for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => (output += chunk))
      const ended = once(server, 'exit')
      try {
        await expect.poll(() => output, { timeout: 120_000 }).toMatch(/API: http|rror/)
        const [, url = ''] = /API: (http\S+)\/docs/.exec(output) ?? []
        const [, apiKey = ''] = /Admin key.*\n {2}(dk-\S+)/.exec(output) ?? []
        expect(output).toContain(`Dakera ${manifestOf('apps/server').version} listens on ${url}`)
        writeFileSync(join(home, 'program.js'), PROGRAM)
        expect(run(home, node, ['program.js', url, apiKey], env)).toBe(`v20: Node 20 runs it. 12345678901234567890\n`)
        for (const page of ['/docs', '/docs/errors/NOT_FOUND', '/openapi.json'])
          expect((await fetch(url + page)).status, page).toBe(200)
        expect(existsSync(join(home, '.dakera/db/postgres/PG_VERSION'))).toBe(true)
      } finally {
        server.kill('SIGTERM')
      }
      expect(await ended, output).toEqual([0, null])
    },
    MINUTES,
  )
})

/** Matches the imports of a module, except those of its own files. */
const IMPORT = /^(?:import|export)\b[^'"\n]*["']([^."'][^"']*)["']|\bimport\(["']([^."'][^"']*)["']\)/gm

const PROGRAM = `
import { DakeraClient } from '@dakera-ai/dakera'
import { openServer } from '@dakera-ai/server'
const [baseUrl, apiKey] = process.argv.slice(2)
const client = new DakeraClient({ baseUrl, apiKey })
const ask = async (path, body, headers) => {
  const authorization = 'Bearer ' + apiKey
  const reply = await fetch(baseUrl + path, { method: 'POST', body, headers: { authorization, ...headers } })
  return reply.text()
}
const metadata = '{"id": 12345678901234567890}'
await ask('/v1/memory/store', '{"agent_id": "team", "content": "Node 20 runs it.", "metadata": ' + metadata + '}')
const [found] = await client.recall('team', 'what does Node run?')
const [exact] = /\\d{20}/.exec(await ask('/v1/memory/recall', '{"agent_id": "team", "query": "Node"}')) ?? []
const forMcp = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const call = { name: 'recall', arguments: { query: 'what does Node run?' } }
const message = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call })
const recalled = await ask('/mcp', message, forMcp)
if (!recalled.includes('Node 20 runs it.')) throw new Error(recalled)
if (typeof openServer !== 'function') throw new Error('no openServer')
console.log(process.version.split('.')[0] + ': ' + found.content + ' ' + exact)
`
