import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { build } from 'tsdown'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pack, run } from '../../../scripts/packing.ts'
import { serve } from './conformance.mjs'

const root = new URL('..', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'dakera-package-'))
const installed = join(folder, 'consumer/node_modules/@dakera-ai/dakera')
const require = createRequire(import.meta.url)
let tarball: string

const inDist = (file: string) => `dist/${file}`
const consumer = (name: string, text: string) => {
  writeFileSync(join(folder, 'consumer', name), text)
  return join(folder, 'consumer', name)
}

beforeAll(() => {
  tarball = pack('packages/sdk-ts', folder) // builds first
  mkdirSync(join(folder, 'consumer'))
  consumer('package.json', '{ "name": "consumer", "private": true }')
  run(join(folder, 'consumer'), 'npm', ['install', '--offline', '--no-audit', '--no-fund', tarball])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the tarball', () => {
  test('holds the build, the readme and the licence, and nothing else', () => {
    const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    expect(files.map(({ parentPath, name }) => join(parentPath, name).slice(installed.length + 1)).sort()).toEqual([
      'LICENSE',
      'README.md',
      ...['agents.cjs', 'agents.d.cts', 'agents.d.ts', 'agents.js', 'client.d.cts', 'client.d.ts'].map(inDist),
      ...['index.cjs', 'index.d.cts', 'index.d.ts', 'index.js', 'keys-in-use.cjs', 'keys-in-use.js'].map(inDist),
      'package.json',
    ])
  })

  test('depends on nothing, in its manifest, its code and its types', () => {
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
    expect([manifest.dependencies, manifest.peerDependencies, manifest.optionalDependencies]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(readdirSync(join(folder, 'consumer/node_modules/@dakera-ai'))).toEqual(['dakera'])
    for (const file of readdirSync(join(installed, 'dist'))) {
      const text = readFileSync(join(installed, 'dist', file), 'utf8')
      // Its own files import each other.
      expect(text, file).not.toMatch(
        /\brequire\(["'](?!\.\/)|\bfrom ["'](?!\.\/)|\bimport\(|^import ["']|\/\/\/ <reference/m,
      )
    }
  })

  test('publint finds nothing', async () => {
    const { messages } = await publint({ pkgDir: installed, strict: true })
    expect(messages).toEqual([])
  })

  test('attw finds nothing', () => {
    const attw = join(dirname(require.resolve('@arethetypeswrong/cli/package.json')), 'dist/index.js')
    expect(
      run(folder, process.execPath, [
        attw,
        tarball,
        '--no-definitely-typed',
        '--no-emoji',
        '--format',
        'table-flipped',
      ]),
    ).toContain('No problems found')
  })
})

function compile(module: string, moduleResolution: string, ...files: string[]) {
  const strict = [
    '--strict',
    '--exactOptionalPropertyTypes',
    '--noUncheckedIndexedAccess',
    '--skipLibCheck',
    'false',
    '--noEmit',
    '--types',
    '',
  ]
  const target = [
    '--lib',
    'es2023,dom,dom.iterable',
    '--target',
    'es2023',
    '--module',
    module,
    '--moduleResolution',
    moduleResolution,
    '--ignoreConfig',
  ]
  const tsc = require.resolve('typescript/package.json').replace('package.json', 'bin/tsc')
  run(join(folder, 'consumer'), process.execPath, [tsc, ...strict, ...target, ...files])
}

const USE = `
  const seen = []
  const reply = { memories: [{ memory: { id: 'a', content: 'x' }, score: 1 }], total_found: 1, query_time_ms: 1 }
  const fetch = async (url, init) => {
    seen.push([init.method, String(url), init.headers.get('authorization')])
    return Response.json(reply)
  }
  const client = new DakeraClient({ apiKey: 'dk-test-key', fetch })
  const found = await client.recall('team', 'q', { topK: 1 })
  if (found[0].id !== 'a' || found.totalFound !== 1) throw new Error('not flat')
  if (String(seen) !== 'POST,http://localhost:3300/v1/memory/recall,Bearer dk-test-key') throw new Error(String(seen))
  const error = await new DakeraClient({ fetch }).whoami().catch((e) => e)
  if (!(error instanceof UsageError) || error.code !== 'INVALID_USAGE') throw error`

describe('an installed package works', () => {
  test('as an ES module', () => {
    run(folder, process.execPath, [
      consumer('esm.mjs', `import { DakeraClient, UsageError } from '@dakera-ai/dakera'\n${USE}`),
    ])
  })

  test('as CommonJS', () => {
    run(folder, process.execPath, [
      consumer(
        'cjs.cjs',
        `const { DakeraClient, UsageError } = require('@dakera-ai/dakera')\n;(async () => {${USE}})()`,
      ),
    ])
  })

  test('where there is neither process nor Buffer nor require', () => {
    const worker = `
      import { readFileSync } from 'node:fs'
      import { createContext, SourceTextModule } from 'node:vm'
      const globals = { URL, URLSearchParams, Headers, Response, AbortController, TextDecoder, setTimeout,
        clearTimeout, crypto, fetch, console }
      const context = createContext(globals)
      const load = (text) => new SourceTextModule(text, { context })
      const fileOf = (name) => load(readFileSync(${JSON.stringify(join(installed, 'dist/'))} + name, 'utf8'))
      const library = fileOf('index.js')
      const program = load(${JSON.stringify(
        `import { DakeraClient, UsageError } from 'dakera'\nif (typeof ` +
          'process + typeof Buffer + typeof require !== ' +
          `'undefinedundefinedundefined') throw new Error('no worker')\n${USE}`,
      )})
      await program.link((name) => name === 'dakera' ? library : fileOf(name))
      await program.evaluate()`
    run(folder, process.execPath, ['--experimental-vm-modules', '--no-warnings', consumer('worker.mjs', worker)])
  })

  test.each([
    ['bundler', 'esnext', 'ts'],
    ['nodenext', 'nodenext', 'mts'],
    ['nodenext', 'nodenext', 'cts'],
  ])(
    'for the compiler with %s resolution and %s modules (.%s), every library checked',
    (moduleResolution, module, extension) => {
      compile(module, moduleResolution, consumer(`types.${extension}`, TYPED))
    },
  )

  test.each([
    ['README.md', join(root, 'README.md')],
    ['docs/sdks/typescript.md', join(root, '../../docs/sdks/typescript.md')],
  ])('as %s says: its first program is a whole one, and its samples go on with it', async (page, file) => {
    const samples = [...readFileSync(file, 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, sample = '']) => sample)
    expect(samples.length).toBeGreaterThan(2)
    const name = page.replaceAll(/\W/g, '-')
    compile('nodenext', 'nodenext', consumer(`${name}.mts`, samples.join('\n')))
    const memory = { id: 'a', content: 'HNSW answers in 5 ms.' }
    const server = await serve([
      { status: 200, body: { memory } },
      { status: 200, body: { memories: [{ memory, score: 0.92 }], total_found: 1, query_time_ms: 1 } },
    ])
    try {
      const program = consumer(`first-${name}.mts`, (samples[0] ?? '').replace('http://localhost:3300', server.url))
      expect((await promisify(execFile)(process.execPath, [program], { cwd: folder })).stdout).toBe(
        '0.92 HNSW answers in 5 ms.\n',
      )
    } finally {
      await server.close()
    }
  })

  test('as the examples in its types say', () => {
    const examples = [
      ...readFileSync(join(installed, 'dist/client.d.ts'), 'utf8').matchAll(/@example\n(.*?)\n *\*\//gs),
    ]
    expect(examples.length).toBeGreaterThan(30)
    const calls = examples.map(([, text = '']) => text.replaceAll(/^ *\* ?/gm, '')).join('\n')
    compile(
      'nodenext',
      'nodenext',
      consumer(
        'examples.mts',
        `import { DakeraClient } from '@dakera-ai/dakera'\nconst client = new DakeraClient()\n${calls}`,
      ),
    )
  })

  test('with the tools of agents, in both kinds of modules', () => {
    const use = `
      const tools = agentTools(new DakeraClient({ apiKey: 'dk-test-key' }), { note: 'one' })
      if (tools.map(({ name }) => name).join() !== 'note,forget,list_namespaces') throw new Error('other tools')
      const warnings = []
      console.warn = (text) => warnings.push(text)
      agentTools(new DakeraClient({ apiKey: 'dk-test-key' }), { note: 'two' })
      if (warnings.length !== 1) throw new Error('no warning')`
    const names = [`{ DakeraClient }`, `{ agentTools }`]
    const [client, agents] = ['@dakera-ai/dakera', '@dakera-ai/dakera/agents']
    run(folder, process.execPath, [
      consumer('agents.mjs', `import ${names[0]} from '${client}'\nimport ${names[1]} from '${agents}'\n${use}`),
    ])
    run(folder, process.execPath, [
      consumer('agents.cjs', `const ${names[0]} = require('${client}'), ${names[1]} = require('${agents}')\n${use}`),
    ])
  })

  test('in a bundle, without what is not used', async () => {
    const entry = consumer(
      'bundle.mjs',
      `import { NotFoundError } from '@dakera-ai/dakera'\nglobalThis.isNotFound = (error) => error instanceof ` +
        'NotFoundError',
    )
    await build({
      entry,
      outDir: join(folder, 'bundle'),
      cwd: join(folder, 'consumer'),
      config: false,
      dts: false,
      deps: { alwaysBundle: [/./] },
      logLevel: 'silent',
    })
    const text = readdirSync(join(folder, 'bundle'))
      .map((file) => readFileSync(join(folder, 'bundle', file), 'utf8'))
      .join('')
    expect(text).toContain('NotFoundError')
    expect(text).not.toMatch(/DakeraClient|\/v1\/memory/)
  })
})

const TYPED = `
import { type ClientOptions, DakeraClient, DakeraError, type FoundMemory, type Memory, RateLimitError }
  from '@dakera-ai/dakera'
export async function use(options: ClientOptions) {
  const client = new DakeraClient(options)
  const namespaces = await client.listNamespaces()
  namespaces.map(n => n.name)
  const one = await client.storeMemory('n', { content: 'x', importance: 0.3, tags: ['a'], memoryType: 'semantic' })
  const id: string = one.id
  const findings = await client.recall('n', 'q', { top_k: 6 })
  const first: FoundMemory | undefined = findings[0]
  const score: number | undefined = first?.score
  const memories: Memory[] = findings
  for await (const key of client.listKeys()) key.grants['n'] satisfies 'read' | 'write' | 'read_write' | undefined
  const { key } = await client.createKey({ name: 'k', grants: { n: 'read_write' } })
  // @ts-expect-error an option that is not there
  await client.recall('n', 'q', { top: 6 })
  // @ts-expect-error an access that is not there
  await client.createKey({ name: 'k', grants: { n: 'rw' } })
  try {
    await client.health()
  } catch (error) {
    if (error instanceof RateLimitError) return error.retryAfter
    if (error instanceof DakeraError) return error.code
  }
  return [id, score, memories, key]
}
`
