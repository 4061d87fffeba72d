import { type SpawnOptions, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkArtefact } from './artefact.ts'
import { checkDependencies } from './dependencies.ts'

/**
 * Checks everything about the crate and leaves counts behind: node packages/sdk-rust/scripts/test.ts --report <file>
 * Needs cargo with rustfmt and clippy. With DAKERA_LIVE_URL, the address of a server that was started with --demo, the
 * live suite runs too.
 */
export type Run = (command: string[], options?: SpawnOptions) => Promise<string>

const home = join(import.meta.dirname, '..')
const liveUrl = process.env['DAKERA_LIVE_URL'] || undefined
// What the surroundings say of a server must not reach a test.
const surroundings = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DAKERA_')))
const env = { ...surroundings, ...(liveUrl && { DAKERA_LIVE_URL: liveUrl }), CARGO_TARGET_DIR: join(home, 'target'), CARGO_TERM_COLOR: 'never' }

const counts = { passed: 0, failed: 0, skipped: 0, conformance: { passed: 0, failed: 0 } }
const failures: string[] = []

/** Runs a program to its end and gives what it said; rejects when it fails. */
const run: Run = (command, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command[0] ?? '', command.slice(1), { cwd: home, ...options, env: { ...env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const said: string[] = []
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
    }
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve(said.join('')) : reject(new Error(`${command.join(' ')} ended with ${code}\n${said.join('')}`))))
  })

/** One check, which counts as one test. A text that says so means that it was skipped. */
async function check(name: string, work: () => Promise<unknown>): Promise<void> {
  const startedAt = Date.now()
  let verdict = 'ok'
  try {
    const skipped = await work()
    if (typeof skipped === 'string' && skipped.startsWith('skipped')) verdict = skipped
    counts[verdict === 'ok' ? 'passed' : 'skipped']++
  } catch (error) {
    verdict = 'FAILED'
    counts.failed++
    failures.push(`${name}\n${(error as Error).message}`)
  }
  process.stdout.write(`${name} ... ${verdict} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)\n`)
}

/** Programs of named tests, each of which counts. */
async function suite(name: string, command: string[]): Promise<void> {
  const startedAt = Date.now()
  const said = await run(command).catch((error: Error) => error.message)
  const results = [...said.matchAll(/^test (.*) \.\.\. (ok|FAILED|ignored)/gm)].map(([, test = '', verdict]) => ({ test, verdict }))
  const failed = results.filter(({ verdict }) => verdict === 'FAILED')
  const passed = results.filter(({ verdict }) => verdict === 'ok')
  counts.passed += passed.length
  counts.failed += failed.length
  counts.skipped += results.length - passed.length - failed.length
  counts.conformance.passed += passed.filter(({ test }) => test.startsWith('conformance::')).length
  counts.conformance.failed += failed.filter(({ test }) => test.startsWith('conformance::')).length
  const hasEnded = /^test result: ok\./m.test(said)
  if (!hasEnded) failures.push(`${name}\n${said.replaceAll(/^test .* \.\.\. (ok|ignored).*\n/gm, '')}`)
  if (!hasEnded && failed.length === 0) counts.failed++ // it did not get as far as its tests, or not to their end
  process.stdout.write(`${name}: ${passed.length} passed, ${failed.length} failed ` +
`(${((Date.now() - startedAt) / 1000).toFixed(1)} s)\n`)
}

/** What the example prints, whatever else the server holds. */
async function checkExample(): Promise<string | undefined> {
  if (!liveUrl) return 'skipped: DAKERA_LIVE_URL is not set'
  const lines = (await run(['cargo', 'run', '--quiet', '--all-features', '--example', 'shared-memory'], { env: { DAKERA_URL: liveUrl } })).split('\n')
  const expected = [
    /^Namespaces: .*\bteam-shared\b/,
    /^The writer finds [2-9]\d* findings:$/,
    /^ {2}\[0\.8[05]\] /,
    /^The researcher sees: Article finished/,
    /: 403 NAMESPACE_ACCESS_DENIED$/,
  ]
  for (const line of expected) if (!lines.some((one) => line.test(one))) throw new Error(`No line is like ${line}:\n${lines.join('\n')}`)
  return undefined
}

const cargo = (...args: string[]) => run(['cargo', ...args])
const strictly = ['--', '--deny', 'warnings']

await check('generated files are up to date', () => run([process.execPath, '../codegen/src/main.ts', 'rust', '--check']))
await check('cargo fmt', () => cargo('fmt', '--check'))
await suite('cargo test', ['cargo', 'test', '--all-features', '--test', 'suite'])
await check('example', checkExample)
await suite('cargo test --doc', ['cargo', 'test', '--all-features', '--doc'])
await check('artefact', () => checkArtefact(run, home))
await check('cargo clippy', () => cargo('clippy', '--all-features', '--all-targets', ...strictly))
await check('cargo clippy without features', () => cargo('clippy', '--all-targets', ...strictly))
await check('cargo doc', () => run(['cargo', 'doc', '--no-deps', '--all-features'], { env: { RUSTDOCFLAGS: '--deny warnings' } }))
await check('dependencies', () => checkDependencies(run, home))

for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`)
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
const at = process.argv.indexOf('--report')
const report = at > 0 ? process.argv[at + 1] : undefined
if (report) writeFileSync(report, `${JSON.stringify(counts)}\n`)
process.exitCode = counts.failed > 0 ? 1 : 0
