// Checks everything about the package and leaves counts behind: node packages/sdk-python/scripts/test.ts --report
// <file>. Brings the tools that pyproject.toml pins into .tools; needs python3 (3.10 or later, with venv) and a package
// registry. With DAKERA_LIVE_URL, the address of a server that was started with --demo, the live suite runs too.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { checksOf, say, type Test } from '../../../scripts/checks.ts'
import { bringUv, UV, UV_ENV } from '../../../scripts/uv.ts'

const home = join(import.meta.dirname, '..')
const tools = join(home, '.tools')
const dist = join(tools, 'dist')
/** The environment in which every tool finds this Node. */
const env = {
  ...UV_ENV,
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  DAKERA_TEST_DIST: dist,
  DAKERA_TEST_UV: UV,
  DAKERA_TEST_NODE: process.execPath,
}
const { run, check, suite, fail, report } = checksOf(home, /^(PYTHON|VIRTUAL_ENV|PYTEST_)/, env)

/** The tests of the client's core, which also run on the oldest Python. */
const CORE = ['conformance', 'options', 'request', 'results'].map((name) => `tests/test_${name}.py`)

try {
  const [python = '', oldest] = await bringUp()
  const tool = (name: string) => join(dirname(python), name)
  await check('format', [tool('ruff'), 'format', '--check', '.'])
  await check('lint', [tool('ruff'), 'check', '.'])
  await check('format of the examples', [tool('ruff'), 'format', '--check', '../../examples'])
  await check('lint of the examples', [tool('ruff'), 'check', '--extend-ignore=T20,D100', '../../examples'])
  await check('types by mypy', [tool('mypy')])
  await check('types by pyright', [tool('pyright'), '--pythonpath', python])
  rmSync(dist, { recursive: true, force: true })
  await check('build', [UV, 'build', '--quiet', '--python', python, '--out-dir', dist])
  await pytest('tests', python, [])
  if (oldest) await pytest('core on the oldest Python', oldest, CORE)
} catch (error) {
  fail('tools', (error as Error).message)
}
report()

/** The interpreters of the environments to test in: one of the newest Python that is here, then one of the oldest. */
async function bringUp(): Promise<string[]> {
  const found = await interpreters()
  const [newest, oldest] = [found.at(-1), found[0]]
  if (!newest || !oldest) throw new Error('python3 3.10 or later is needed, with its venv module.')
  await bringUv(newest.path)
  const chosen = newest.version === oldest.version ? [newest] : [newest, oldest]
  const made: string[] = []
  for (const { path, version } of chosen) {
    const folder = join(tools, `python-${version}`)
    const python = join(folder, 'bin', 'python')
    const group = made.length === 0 ? 'dev' : 'test'
    say(`Python ${version}`)
    if (!(await output([python, '--version'])).includes(version))
      await run([UV, 'venv', '--quiet', '--clear', '--python', path, folder])
    await run([UV, 'pip', 'install', '--quiet', '--python', python, '--group', group, '--editable', '.'])
    made.push(python)
  }
  return made
}

/** Those on the path and those pyenv keeps, oldest first. None is ever downloaded. */
async function interpreters(): Promise<Array<{ path: string; version: string }>> {
  const versions = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions')
  const kept = existsSync(versions)
    ? readdirSync(versions).map((version) => join(versions, version, 'bin', 'python'))
    : []
  const named = ['python3', ...[10, 11, 12, 13, 14].map((minor) => `python3.${minor}`)]
  // venv needs ensurepip, which some systems ship apart.
  const question =
    'import sys, ensurepip, venv; ' +
    'print(sys.executable, "%d.%d.%d" % sys.version_info[:3], sys.version_info.releaselevel)'
  const found = new Map<string, string>()
  for (const candidate of [...named, ...kept]) {
    const [path = '', version = '', level] = (await output([candidate, '-c', question])).trim().split(' ')
    const [major, minor] = version.split('.').map(Number)
    if (major === 3 && (minor ?? 0) >= 10 && level === 'final' && !found.has(version)) found.set(version, path)
  }
  return [...found]
    .map(([version, path]) => ({ version, path }))
    .sort((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }))
}

async function pytest(name: string, python: string, files: string[]): Promise<void> {
  const junit = join(tools, 'junit.xml')
  rmSync(junit, { force: true })
  const command = [python, '-m', 'pytest', '--quiet', '--numprocesses=3', `--junitxml=${junit}`, ...files]
  await suite(name, command, (output, hasFailed) => ({
    tests: read(junit, files.length === 0),
    ...(hasFailed && { why: output }),
  }))
}

/** Every test counts; of the live suite, when it is left out, one. The conformance cases count once. */
function read(junit: string, countsConformance: boolean): Test[] {
  const pattern = /<testcase [^>]*?name="(test_\w+)[^>]*?(?:\/>|>.*?<\/testcase>)/gs
  const cases = existsSync(junit) ? [...readFileSync(junit, 'utf8').matchAll(pattern)] : []
  const all = cases.map(([text, name = '']) => {
    const isFailed = /<(failure|error)\b/.test(text)
    const isSkipped = text.includes('<skipped')
    const verdict: Test['verdict'] = isFailed ? 'failed' : isSkipped ? 'skipped' : 'passed'
    const isConformance = countsConformance && ['test_case', 'test_trio'].includes(name)
    return { name, verdict, isConformance, isLive: isSkipped && text.includes('DAKERA_LIVE_URL') }
  })
  const live = all.filter(({ isLive }) => isLive).slice(0, 1)
  return [...all.filter(({ isLive }) => !isLive), ...live]
}

/** Returns the output of a program; empty if the program does not exist. */
function output(command: string[]): Promise<string> {
  return run(command).catch(() => '')
}
