// Checks everything about the module and leaves counts behind: node packages/sdk-go/scripts/test.ts --report <file>
// Needs go. With DAKERA_LIVE_URL, the address of a server that was started with --demo, the live suite runs too.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { checksOf, type Results } from '../../../scripts/checks.ts'

type Event = { Action: string; Test?: string; Output?: string }

const home = join(import.meta.dirname, '..')
const bin = join(home, '.cache/bin')
const example = '../../examples/shared-memory/main.go'
/** The newest release of the oldest Go that go.mod names. */
const OLDEST_GO = 'go1.23.12'

const env = { GOWORK: 'off', GOFLAGS: '-buildvcs=false' }
const { run, check, suite, checkExample, report } = checksOf(home, /^(GOFLAGS|GOWORK)$/, env)

/** The named tests and examples, each of which counts; a test that only contains others does not. */
function read(output: string): Results {
  const events = output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Event] : []))
  const ended = events.filter(({ Action, Test }) => Test && /^(pass|fail|skip)$/.test(Action))
  const leaves = ended.filter(({ Test = '' }) => !ended.some((other) => other.Test?.startsWith(`${Test}/`)))
  const verdicts = { pass: 'passed', fail: 'failed', skip: 'skipped' } as const
  const tests = leaves.map(({ Action, Test: name = '' }) => ({
    name,
    verdict: verdicts[Action as keyof typeof verdicts],
    isConformance: name.startsWith('TestConformance/'),
  }))
  if (events.some(({ Action, Test }) => Action === 'pass' && !Test)) return { tests }
  const isFailed = ({ Test }: Event) =>
    !Test || leaves.some(({ Action, Test: name }) => Action === 'fail' && name === Test)
  const why = events.filter((event) => event.Action === 'output' && isFailed(event)).map(({ Output }) => Output)
  return { tests, why: why.join('') || output }
}

async function checkFormat(): Promise<void> {
  const files = readdirSync(home, { encoding: 'utf8', recursive: true })
  const own = files.filter((file) => file.endsWith('.go') && !file.startsWith('.'))
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
  const isAlone = modules === 'github.com/dakera-ai/dakera/packages/sdk-go' && !existsSync(join(home, 'go.sum'))
  if (!isAlone) throw new Error(`The module needs others:\n${modules}`)
  await run(['go', 'mod', 'tidy', '-diff'])
}

/** The race detector needs a C compiler. */
const hasCompiler = await run(['sh', '-c', 'test "$(go env CGO_ENABLED)" = 1 && command -v "$(go env CC)"']).then(
  () => true,
  () => false,
)
const tests = ['go', 'test', '-json', '-count=1', '-parallel=8', '-timeout=180s']

await check('generated files are up to date', [process.execPath, '../codegen/src/main.ts', 'go', '--check'])
await check('gofmt', checkFormat)
await check('no dependencies', checkDependencies)
await check('go vet', ['go', 'vet', './...'])
await check('go vet of the example', ['go', 'vet', example])
await check('staticcheck', checkLint)
await suite(hasCompiler ? 'go test -race' : 'go test', [...tests, ...(hasCompiler ? ['-race'] : []), './...'], read)
await check(`go vet and conformance with ${OLDEST_GO}`, async () => {
  const oldest = { env: { GOTOOLCHAIN: OLDEST_GO } }
  await run(['go', 'vet', './...'], oldest)
  await run(['go', 'test', '-count=1', '-parallel=8', '-run', '^(TestConformance|Example.*)$', './...'], oldest)
})
await check('example', () => checkExample(['go', 'run', example]))
report()
