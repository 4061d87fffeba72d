// Installs Node 24, pnpm 12 and the dependencies on a machine that has only Node 20 and npm.
// Plain JavaScript: it runs before anything is installed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

// Exact versions, so that two machines run the same and nothing newer is used unreviewed. A machine's own Node of this
// major version or later is used.
const NODE = '24.21.0'
const NODE_MAJOR = Number.parseInt(NODE, 10)
const PNPM = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devEngines.packageManager.version
const TOOLS = [`node@${NODE}`, `pnpm@${PNPM}`]

// Inside node_modules, so that deleting node_modules also deletes this record.
const memory = join(root, 'node_modules/.cache/dakera/toolchain.json')

/** A problem whose message tells the user what to do. It is printed without a stack. */
export class SetupError extends Error {}

/** Returns whether everything is installed, so that a start needs neither npx nor pnpm. */
export function isInstalled() {
  const known = recall()
  return (
    known.lockfile === lockfileHash() &&
    nodeBinary(known) !== undefined &&
    existsSync(join(root, 'apps/server/node_modules'))
  )
}

/**
 * Finds or fetches the toolchain, installs the dependencies when the lockfile changed, and returns the
 * Node 24 binary with an environment whose PATH has node, pnpm and the workspace's tools.
 * @param {{ withPnpm: boolean }} needs pnpm is only looked for if it is needed
 * @returns {Promise<{ node: string, env: NodeJS.ProcessEnv }>}
 */
export async function bringUp({ withPnpm }) {
  let known = recall()
  const mustInstall = !isInstalled()
  if (mustInstall)
    say(
      'First run, or the dependencies changed: getting them takes about a minute, depending on the network. The ' +
        'next start takes a second.',
    )
  if (!nodeBinary(known) || ((withPnpm || mustInstall) && !hasPnpm(known.bin)))
    known = { ...known, ...(await fetchTools()) }
  const node = nodeBinary(known)
  const env = {
    ...process.env,
    PATH: [dirname(node), known.bin, join(root, 'node_modules/.bin'), process.env.PATH].filter(Boolean).join(delimiter),
  }
  if (mustInstall) {
    await install(env)
    known.lockfile = lockfileHash()
  }
  remember(known)
  return { node, env }
}

/** Runs a command to its end with the terminal attached and returns its exit code. */
export function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options })
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? (signal ? 1 : 0)))
  })
}

/**
 * Runs node with these arguments in the root to its end; signals are passed on to it, and its exit code is returned.
 */
export async function runWithToolchain(args, { withPnpm = false } = {}) {
  try {
    const { node, env } = await bringUp({ withPnpm })
    process.exitCode = await runProgram(node, args, env)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(error.message)
    process.exitCode = 1
  }
}

function runProgram(node, args, env) {
  const program = spawn(node, args, { cwd: root, stdio: 'inherit', env })
  // Ctrl-C in a terminal reaches the whole foreground group, so the program has it already.
  const isInTerminal = process.stdin.isTTY === true
  process.on('SIGINT', () => isInTerminal || program.kill('SIGINT'))
  process.on('SIGTERM', () => program.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    program.once('error', reject)
    program.once('close', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

/** Progress goes to stderr: stdout belongs to the program that is started. */
export function say(line) {
  process.stderr.write(`dakera: ${line}\n`)
}

function nodeBinary(known) {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath
  return known.node && existsSync(known.node) ? known.node : undefined
}

const hasPnpm = (bin) => bin !== undefined && existsSync(join(bin, 'pnpm'))

async function fetchTools() {
  say(`[1/2] Node ${NODE} and pnpm ${PNPM}, by npx (kept in npm's cache, nothing is installed globally) ...`)
  const started = Date.now()
  const wanted = ['-y', ...TOOLS.flatMap((tool) => ['-p', tool]), '--', 'node', '-p', 'process.execPath']
  const node = (await output('npx', wanted)).trim().split('\n').at(-1) ?? ''
  const modules = node.lastIndexOf(`${join('/', 'node_modules', '/')}`)
  const bin = join(node.slice(0, modules), 'node_modules', '.bin')
  if (modules < 0 || !hasPnpm(bin)) {
    throw new SetupError(
      `npx answered without ${TOOLS.join(' and ')} (it gave "${node}").\nInstall Node ${NODE_MAJOR} yourself, ` +
        'then run this again.',
    )
  }
  say(`      done in ${seconds(started)}`)
  return { node, bin, tools: TOOLS.join(' ') }
}

async function install(env) {
  say('[2/2] Dependencies, by pnpm install --frozen-lockfile ...')
  const started = Date.now()
  // pnpm's own report goes to stderr for the same reason as say().
  const stdio = ['ignore', 2, 2]
  const code = await run('pnpm', ['install', '--frozen-lockfile', '--config.confirmModulesPurge=false'], { env, stdio })
  if (code !== 0) {
    throw new SetupError(
      `pnpm install failed (exit ${code}); its own message is above.\n` +
        ('Without a network the first start cannot work: connect and run this again. Behind a proxy, set it for ' +
          'npm (npm config set proxy ...).\n') +
        'If pnpm-lock.yaml does not match a package.json you edited, run: npm run bootstrap',
    )
  }
  say(`      done in ${seconds(started)}`)
}

function output(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (err += chunk))
    child.once('error', (error) =>
      reject(
        error.code === 'ENOENT'
          ? new SetupError(`${command} was not found. Install Node (which brings npm and npx) and run this again.`)
          : error,
      ),
    )
    child.once('close', (code) => {
      if (code === 0) return resolve(out)
      const reason = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/.test(err)
        ? "The package registry cannot be reached. Connect to the network (or set npm's proxy) and run this again."
        : `Run it by hand to see more, or install Node ${NODE_MAJOR} yourself and run this again.`
      reject(new SetupError(`${command} ${args.join(' ')} failed (exit ${code}).\n${err.trim()}\n${reason}`))
    })
  })
}

function recall() {
  try {
    const known = JSON.parse(readFileSync(memory, 'utf8'))
    // tools of other versions are fetched again
    return known.tools === TOOLS.join(' ') ? known : { lockfile: known.lockfile }
  } catch {
    return {}
  }
}

function remember(known) {
  const text = JSON.stringify(known)
  if (existsSync(memory) && readFileSync(memory, 'utf8') === text) return
  mkdirSync(dirname(memory), { recursive: true })
  writeFileSync(memory, text)
}

function lockfileHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex')
}

const seconds = (since) => `${Math.round((Date.now() - since) / 1000)} s`
