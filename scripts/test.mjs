// npm test: installs what is missing, runs every step and ends with one line of counts.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bringUp, root, SetupError, say } from './toolchain.mjs'

const reports = mkdtempSync(join(tmpdir(), 'dakera-test-'))
process.on('exit', () => rmSync(reports, { recursive: true, force: true }))

/**
 * One step: a command, the file it leaves its counts in, and how to read that file. `needs` names programs
 * that may be missing on a developer's machine: there the step counts as skipped, with CI=true as failed. The steps
 * of the lane `beside` run one after the other while those of no lane do, as the server's tests wait a lot: for locks,
 * time limits and processes.
 * @typedef {{ passed: number, failed: number, skipped: number, failures?: string[], conformance?: { passed: number,
 * failed: number } }} Counts
 * @typedef {{ name: string, lane?: 'first' | 'beside', needs?: string[], before?: string[], command: string[],
 * report: string, read: (text: string) => Counts }} Step
 */

/** @type {Step[]} */
const steps = [
  {
    name: 'verify',
    lane: 'first', // it generates the files again, and restores them
    command: ['node', 'scripts/verify.ts', '--report', report('verify.json')],
    report: report('verify.json'),
    read: JSON.parse,
  },
  {
    name: 'vitest',
    command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report('vitest.json')}`],
    report: report('vitest.json'),
    read: vitestCounts,
  },
  ...sdkOnNode20(),
  ...sdkInItsLanguage(),
]

/** The running steps, each in its own process group: an interrupt ends all processes that a step has started. */
const running = new Set()
let isStopping = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)

const args = process.argv.slice(2)
const names = steps.map((step) => step.name)
const only = args[0] === '--only' ? args[1] : undefined
if (args.includes('--help') || args.includes('-h')) {
  const listed = (lane) =>
    steps
      .filter((step) => step.lane === lane)
      .map(({ name }) => name)
      .join(', ')
  process.stdout.write(`npm test                        everything: ${listed('first')}; then ${listed()},
                                and beside these ${listed('beside')}
npm test -- --only <step>       one of them

The database tests find a Postgres by themselves; TEST_DATABASE_URL names one to use instead.
With CI=true a missing toolchain is a failure, otherwise its step is skipped.
`)
} else if (args.length > 0 && !(args.length === 2 && names.includes(only))) {
  say(`unknown arguments: ${args.join(' ')}. Use --only with one of: ${names.join(', ')}`)
  process.exitCode = 2
} else {
  await main(steps.filter((step) => only === undefined || step.name === only))
}

async function main(chosen) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  const failures = []
  const conformance = []
  const started = Date.now()
  try {
    const { env } = await bringUp({ withPnpm: true })
    // The compile cache that all programs of Node share.
    env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/dakera/compiled')
    const runLane = async (lane) => {
      for (const step of chosen) if (step.lane === lane) count(step, await runStep(step, env))
    }
    await runLane('first')
    await Promise.all([runLane(undefined), runLane('beside')])
  } catch (error) {
    say(error instanceof SetupError ? error.message : error.stack)
    total.failed += 1
  }
  process.exitCode = total.failed > 0 ? 1 : 0
  if (conformance.length > 0) process.stdout.write(conformanceTable(conformance))
  // Last, because usually only the end of a long log is kept.
  for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`)
  process.stdout.write(`\nTook ${Math.round((Date.now() - started) / 1000)} s.\n`)
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`)

  function count(step, counts) {
    for (const key of Object.keys(total)) total[key] += counts[key]
    process.stdout.write(`${step.name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
    if (counts.conformance)
      conformance.push({ name: step.name === 'vitest' ? 'sdk-ts' : step.name, ...counts.conformance })
    failures.push(...(counts.failures ?? (counts.failed > 0 ? [`${step.name}: its own output above says what`] : [])))
  }
}

/** Returns the counts of the same cases in every language: packages/protocol/conformance. */
function conformanceTable(rows) {
  const lines = rows.map(
    ({ name, passed, failed }) => `  ${name.padEnd(20)}${String(passed).padStart(8)}${String(failed).padStart(8)}\n`,
  )
  return `\nConformance cases      passed  failed\n${lines.join('')}`
}

/** @param {Step} step @returns {Promise<Counts>} */
async function runStep(step, env) {
  // Two at a time would mix their lines, so the output of the lane `beside` is shown when it has ended.
  const isShownLater = step.lane === 'beside' && only === undefined
  if (!isShownLater) process.stdout.write(`\n== ${step.name}\n`)
  const missing = (step.needs ?? []).filter((program) => !isOnPath(program, env.PATH))
  if (missing.length > 0) {
    const isCi = process.env.CI === 'true'
    say(`${step.name} needs ${missing.join(' and ')}, which is not installed${isCi ? '' : ': skipped'}`)
    return isCi ? { passed: 0, failed: 1, skipped: 0 } : { passed: 0, failed: 0, skipped: 1 }
  }
  if (step.before && (await runCommand(step.before, env, isShownLater)).code !== 0)
    return { passed: 0, failed: 1, skipped: 0 }
  const { code, said } = await runCommand(step.command, env, isShownLater)
  if (isShownLater) process.stdout.write(`\n== ${step.name}\n${said}`)
  if (!existsSync(step.report)) {
    say(`${step.name} ended with exit code ${code} before it could write its counts`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const counts = step.read(readFileSync(step.report, 'utf8'))
  // A failure outside any test, such as an unhandled rejection, appears only in the exit code.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

function runCommand([command, ...rest], env, isKept) {
  return new Promise((resolve) => {
    const stdio = isKept ? 'pipe' : 'inherit'
    const child = spawn(command, rest, { cwd: root, env, stdio: ['ignore', stdio, stdio], detached: true })
    running.add(child)
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text) => {
        said += text
      })
    child.once('error', (error) => {
      running.delete(child)
      say(`${command}: ${error.message}`)
      resolve({ code: 1, said })
    })
    child.once('close', (code) => {
      running.delete(child)
      if (!isStopping) return resolve({ code: code ?? 1, said })
      killGroup(child.pid, 'SIGKILL') // processes that it may have left behind
      if (running.size === 0) process.exit(130)
    })
  })
}

/** A Ctrl-C arrives twice: from the terminal and from npm. */
function stop() {
  if (isStopping) return
  isStopping = true
  if (running.size === 0) process.exit(130)
  say('stopping ...')
  for (const { pid } of running) killGroup(pid, 'SIGINT')
  setTimeout(() => {
    for (const { pid } of running) killGroup(pid, 'SIGKILL')
  }, 10_000).unref()
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal)
  } catch {
    // It has ended already.
  }
}

/** Tests the published package on the oldest Node that it supports. */
function sdkOnNode20() {
  const folder = 'packages/sdk-ts/test/node20'
  if (!existsSync(join(root, folder))) return []
  // Node 20 knows no globs here.
  const files = readdirSync(join(root, folder)).filter((file) => file.endsWith('.test.mjs'))
  if (files.length === 0) return []
  const { scripts = {} } = JSON.parse(readFileSync(join(root, 'packages/sdk-ts/package.json'), 'utf8'))
  const node20 = process.versions.node.startsWith('20.')
    ? [process.execPath]
    : ['npx', '-y', '-p', 'node@20', '--', 'node']
  const file = report('node20.tap')
  const reporters = [
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=tap',
    `--test-reporter-destination=${file}`,
  ]
  return [
    {
      name: 'sdk-ts-node20',
      ...(scripts.build && { before: ['pnpm', '--filter', '@dakera-ai/dakera', 'build'] }),
      command: [...node20, '--test', ...reporters, ...files.map((name) => join(folder, name))],
      report: file,
      read: tapCounts,
    },
  ]
}

/**
 * Each script installs its own tools, checks style, types and package, and runs the conformance cases and the live
 * suite.
 */
function sdkInItsLanguage() {
  const programs = { python: ['python3'], rust: ['cargo'], go: ['go'] }
  return Object.entries(programs).map(([language, needs]) => {
    const file = report(`${language}.json`)
    const test = ['node', `packages/sdk-${language}/scripts/test.ts`, '--report', file]
    return {
      name: `sdk-${language}`,
      lane: 'beside',
      needs,
      command: ['node', 'scripts/with-demo-server.mjs', ...test],
      report: file,
      read: JSON.parse,
    }
  })
}

function vitestCounts(text) {
  const result = JSON.parse(text)
  // A file that could not be loaded has failed without a test.
  const brokenFiles = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  )
  const failedTests = result.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map((test) => `${name} > ${test.fullName}\n${test.failureMessages.join('\n')}`),
  )
  const played = result.testResults
    .filter(({ name }) => name.endsWith('packages/sdk-ts/test/conformance.test.ts'))
    .flatMap((file) => file.assertionResults)
  const playedWell = played.filter(({ status }) => status === 'passed').length
  return {
    conformance: { passed: playedWell, failed: played.length - playedWell },
    passed: result.numPassedTests,
    failed: result.numFailedTests + brokenFiles.length,
    skipped: result.numPendingTests + result.numTodoTests,
    failures: [...failedTests, ...brokenFiles.map(({ name, message }) => `${name}\n${message}`)],
  }
}

function tapCounts(text) {
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  return {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  }
}

function isOnPath(program, path) {
  return path.split(':').some((folder) => existsSync(join(folder, program)))
}

function report(name) {
  return join(reports, name)
}
