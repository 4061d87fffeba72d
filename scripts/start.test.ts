import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

const root = dirname(import.meta.dirname)
const tree = mkdtempSync(join(tmpdir(), 'dakera-start-'))

// A server that prints its arguments, drains for a moment when it is stopped, and has its own exit code.
const SERVER = `
process.on('SIGTERM', () => setTimeout(() => { console.log('drained'); process.exit(7) }, 200))
process.on('SIGINT', () => process.exit(8))
setInterval(() => {}, 1000)
console.log('listening', process.argv.slice(2).join(' '))
`

beforeAll(() => {
  for (const file of ['start.mjs', 'toolchain.mjs', 'with-toolchain.mjs', 'example.mjs']
    .map((name) => `scripts/${name}`)
    .concat('package.json', 'pnpm-lock.yaml'))
    cpSync(join(root, file), join(tree, file))
  mkdirSync(join(tree, 'apps/server/src'), { recursive: true })
  writeFileSync(join(tree, 'apps/server/src/main.ts'), SERVER)
})
afterAll(() => rmSync(tree, { recursive: true, force: true }))

const groups: number[] = []
afterEach(() => {
  for (const group of groups.splice(0)) {
    try {
      process.kill(-group, 'SIGKILL')
    } catch {
      // The launcher and its server have ended, as they should.
    }
  }
})

function markInstalled() {
  const lockfile = createHash('sha256').update(readFileSync(join(tree, 'pnpm-lock.yaml')))
  mkdirSync(join(tree, 'apps/server/node_modules'), { recursive: true })
  mkdirSync(join(tree, 'node_modules/.cache/dakera'), { recursive: true })
  writeFileSync(
    join(tree, 'node_modules/.cache/dakera/toolchain.json'),
    JSON.stringify({ lockfile: lockfile.digest('hex') }),
  )
}

function launch(...args: string[]) {
  const child = spawn(process.execPath, [join(tree, 'scripts/start.mjs'), ...args], {
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  if (child.pid) groups.push(child.pid)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return { child, exited, output: () => output }
}

function firstOutput({ stdout }: ChildProcess) {
  return new Promise((resolve) => stdout?.once('data', resolve))
}

test('help is there before anything is installed', async () => {
  const launched = launch('--help')
  expect(await launched.exited).toBe(0)
  expect(launched.output()).toContain('npm start -- --port 4000')
})

test('once installed, arguments reach the server, and help is the server’s own', async () => {
  markInstalled()
  const launched = launch('--help', '--port', '4000')
  await firstOutput(launched.child)
  expect(launched.output()).toBe('listening --help --port 4000\n')
  launched.child.kill('SIGTERM')
  await launched.exited
})

test.each([
  ['SIGTERM', 7, 'drained'],
  ['SIGINT', 8, ''],
] as const)('%s reaches the server, and its exit code %i comes back after the drain', async (signal, code, word) => {
  markInstalled()
  const launched = launch()
  await firstOutput(launched.child)
  launched.child.kill(signal)
  expect(await launched.exited).toBe(code)
  expect(launched.output()).toContain(word)
})

test('every npm script that needs a newer Node than 20 brings it', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const needsNewer = Object.entries(scripts).filter(([, line]) => /\.ts\b/.test(line))
  // pnpm runs these, and brings Node 24.
  const byPnpm = ['generate']
  const without = needsNewer.filter(([, line]) => !line.startsWith('exec node scripts/with-toolchain.mjs '))
  expect(needsNewer.length).toBeGreaterThan(6)
  expect(without.map(([name]) => name)).toEqual(byPnpm)
})

test('a program gets its arguments and the root as its folder, and its exit code is passed on', () => {
  markInstalled()
  writeFileSync(
    join(tree, 'program.ts'),
    'const code: number = 3\nconsole.log(process.cwd(), process.argv[2])\nprocess.exit(code)',
  )
  const args = [join(tree, 'scripts/with-toolchain.mjs'), 'program.ts', '--one']
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: tmpdir(), encoding: 'utf8' })
  expect([status, stdout]).toEqual([3, `${realpathSync(tree)} --one\n`])
})

test('an example is found by its name, and without one all are listed with a sentence of their README', () => {
  markInstalled()
  const texts = {
    'small/main.ts': 'console.log(process.argv[2])',
    'small/README.md': '# Small\n\nIt prints [what](../x) it is given.\nThat is all.\n',
    'crew/README.md': '# Crew\n\nThree agents in Python.\n',
  }
  for (const [file, text] of Object.entries(texts)) {
    mkdirSync(join(tree, 'examples', dirname(file)), { recursive: true })
    writeFileSync(join(tree, 'examples', file), text)
  }
  const example = (...args: string[]) =>
    spawnSync(process.execPath, [join(tree, 'scripts/example.mjs'), ...args], { encoding: 'utf8' })
  expect(example('small', '--one').stdout).toBe('--one\n')
  const listed = example()
  expect([listed.status, listed.stdout]).toEqual([
    0,
    expect.stringMatching(/^ {2}small +It prints what it is given\.$/m),
  ])
  expect(listed.stdout).toMatch(/^ {2}crew +Three agents in Python\.$/m)
  const wrong = example('large')
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining(listed.stdout)])
})
