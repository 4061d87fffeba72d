import { type SpawnOptions, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Checks everything about the module and leaves counts behind: node packages/sdk-go/scripts/test.ts --report <file>
 * Needs go. With DAKERA_LIVE_URL, the address of a server that was started with --demo, the live suite runs too.
 */
export type Run = (command: string[], options?: SpawnOptions) => Promise<string>
type Event = { Action: string; Test?: string; Output?: string }

const home = join(import.meta.dirname, '..')
const bin = join(home, '.cache/bin')
const example = '../../examples/shared-memory/main.go'
/** The newest release of the oldest Go that go.mod names. */
const OLDEST_GO = 'go1.23.12'

const liveUrl = process.env['DAKERA_LIVE_URL'] || undefined
// What the surroundings say of a server must not reach a test.
const surroundings = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(DAKERA_|GOFLAGS$|GOWORK$)/.test(name)))
const env = { ...surroundings, ...(liveUrl && { DAKERA_LIVE_URL: liveUrl }), GOWORK: 'off', GOFLAGS: '-buildvcs=false' }

const counts = { passed: 0, failed: 0, skipped: 0, conformance: { passed: 0, failed: 0 } }
const failures: string[] = []

/** Runs a program to its end and gives what it said; rejects when it fails. */
const run: Run = (command, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command[0] ?? '', command.slice(1), { cwd: home, ...options, env: { ...env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const said: string[] = []
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
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

/** The named tests and examples, each of which counts; a test that only holds others does not. */
async function suite(name: string, command: string[]): Promise<void> {
  const startedAt = Date.now()
  const said = await run(command).catch((error: Error) => error.message)
  const events = said.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Event] : []))
  const ended = events.filter(({ Action, Test }) => Test && /^(pass|fail|skip)$/.test(Action))
  const isLeaf = ({ Test = '' }: Event) => !ended.some((other) => other.Test?.startsWith(`${Test}/`))
  const of = (action: string) => ended.filter((event) => event.Action === action && isLeaf(event))
  const isConformance = ({ Test = '' }: Event) => Test.startsWith('TestConformance/')
  counts.passed += of('pass').length
  counts.failed += of('fail').length
  counts.skipped += of('skip').length
  counts.conformance.passed += of('pass').filter(isConformance).length
  counts.conformance.failed += of('fail').filter(isConformance).length
  const hasEnded = events.some(({ Action, Test }) => Action === 'pass' && !Test)
  if (!hasEnded) {
    const isFailed = ({ Test }: Event) => !Test || of('fail').some((event) => event.Test === Test)
    const why = events.filter((event) => event.Action === 'output' && isFailed(event)).map(({ Output }) => Output)
    failures.push(`${name}\n${why.join('') || said}`)
    if (of('fail').length === 0) counts.failed++ // it did not get as far as its tests, or not to their end
  }
  process.stdout.write(`${name}: ${of('pass').length} passed, ${of('fail').length} failed ` +
`(${((Date.now() - startedAt) / 1000).toFixed(1)} s)\n`)
}

async function checkFormat(): Promise<void> {
  const own = readdirSync(home, { encoding: 'utf8', recursive: true }).filter((file) => file.endsWith('.go') && !file.startsWith('.'))
  const changed = await run(['gofmt', '-l', ...own, example])
  if (changed !== '') throw new Error(`Not as gofmt writes them:\n${changed}`)
}

/** staticcheck, in the version that tools/go.mod pins. */
async function checkLint(): Promise<void> {
  mkdirSync(bin, { recursive: true })
  await run(['go', 'install', 'tool'], { cwd: join(home, 'tools'), env: { GOBIN: bin, GOTOOLCHAIN: 'auto' } })
  for (const files of ['./...', example]) await run([join(bin, 'staticcheck'), '-checks', 'all', files])
}

async function checkDependencies(): Promise<void> {
  const modules = (await run(['go', 'list', '-m', 'all'])).trim()
  if (modules !== 'github.com/dakera-ai/dakera/packages/sdk-go' || existsSync(join(home, 'go.sum'))) throw new Error(`The module needs others:\n${modules}`)
  await run(['go', 'mod', 'tidy', '-diff'])
}

/** What the example prints, whatever else the server holds. */
async function checkExample(): Promise<string | undefined> {
  if (!liveUrl) return 'skipped: DAKERA_LIVE_URL is not set'
  const lines = (await run(['go', 'run', example], { env: { DAKERA_URL: liveUrl } })).split('\n')
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

/** The race detector needs a C compiler. */
const hasCompiler = await run(['sh', '-c', 'test "$(go env CGO_ENABLED)" = 1 && command -v "$(go env CC)"']).then(
  () => true,
  () => false,
)
const tests = ['go', 'test', '-json', '-count=1', '-parallel=8', '-timeout=180s']

await check('generated files are up to date', () => run([process.execPath, '../codegen/src/main.ts', 'go', '--check']))
await check('gofmt', checkFormat)
await check('no dependencies', checkDependencies)
await check('go vet', () => run(['go', 'vet', './...']))
await check('go vet of the example', () => run(['go', 'vet', example]))
await check('staticcheck', checkLint)
await suite(hasCompiler ? 'go test -race' : 'go test', [...tests, ...(hasCompiler ? ['-race'] : []), './...'])
await check(`go vet and conformance with ${OLDEST_GO}`, async () => {
  const oldest = { env: { GOTOOLCHAIN: OLDEST_GO } }
  await run(['go', 'vet', './...'], oldest)
  await run(['go', 'test', '-count=1', '-parallel=8', '-run', '^(TestConformance|Example.*)$', './...'], oldest)
})
await check('example', checkExample)

for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`)
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
const at = process.argv.indexOf('--report')
const report = at > 0 ? process.argv[at + 1] : undefined
if (report) writeFileSync(report, `${JSON.stringify(counts)}\n`)
process.exitCode = counts.failed > 0 ? 1 : 0
