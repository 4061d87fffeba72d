// Everything about the Python client, from the repository's root: node packages/sdk-python/scripts/test.ts --report
// <file> Brings the tools that pyproject.toml pins into .tools; needs python3 (3.10 or later, with venv) and a package
// registry.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { bringUv, UV_ENV } from '../../../scripts/uv.ts'

type Counts = { passed: number; failed: number; skipped: number }

const here = join(import.meta.dirname, '..')
const tools = join(here, '.tools')
let uv = ''
const dist = join(tools, 'dist')
// Wherever the tools are started from, this Node is the one they find, and no setting of the surroundings reaches them.
const surroundings = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PYTHON|VIRTUAL_ENV|PYTEST_)/.test(name)))
const env = { ...surroundings, ...UV_ENV, PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter) }
const counts = { passed: 0, failed: 0, skipped: 0, conformance: { passed: 0, failed: 0 } }

const { values } = parseArgs({ options: { report: { type: 'string' } } })
try {
  const pythons = await bringUp()
  const [python = ''] = pythons
  await check('format', [join(dirname(python), 'ruff'), 'format', '--check', '.'])
  await check('lint', [join(dirname(python), 'ruff'), 'check', '.'])
  await check('format of the examples', [join(dirname(python), 'ruff'), 'format', '--check', '../../examples'])
  await check('lint of the examples', [join(dirname(python), 'ruff'), 'check', '--extend-ignore=T20,D100', '../../examples'])
  await check('types by mypy', [join(dirname(python), 'mypy')])
  await check('types by pyright', [join(dirname(python), 'pyright'), '--pythonpath', python])
  rmSync(dist, { recursive: true, force: true })
  await check('build', [uv, 'build', '--quiet', '--python', python, '--out-dir', dist])
  await tests('tests', python, [])
  const oldest = pythons[1]
  if (oldest) await tests('core on the oldest Python', oldest, ['tests/test_conformance.py', 'tests/test_options.py', 'tests/test_request.py', 'tests/test_results.py'])
} catch (error) {
  say(`FAILED ${(error as Error).message}`)
  counts.failed++
}
if (values.report) {
  mkdirSync(dirname(values.report), { recursive: true })
  writeFileSync(values.report, JSON.stringify(counts))
}
say(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed > 0 ? 1 : 0

/** The interpreters of the environments to test in: one of the newest Python that is here, then one of the oldest. */
async function bringUp(): Promise<string[]> {
  const found = await interpreters()
  const [newest, oldest] = [found.at(-1), found[0]]
  if (!newest || !oldest) throw new Error('python3 3.10 or later is needed, with its venv module.')
  uv = await bringUv(newest.path)
  const chosen = newest.version === oldest.version ? [newest] : [newest, oldest]
  const made: string[] = []
  for (const { path, version } of chosen) {
    const folder = join(tools, `python-${version}`)
    const python = join(folder, 'bin', 'python')
    say(`Python ${version}`)
    if (!(await output([python, '--version'])).includes(version)) await must([uv, 'venv', '--quiet', '--clear', '--python', path, folder])
    await must([uv, 'pip', 'install', '--quiet', '--python', python, '--group', made.length === 0 ? 'dev' : 'test', '--editable', '.'])
    made.push(python)
  }
  return made
}

/** Those on the path and those pyenv keeps, oldest first. None is ever downloaded. */
async function interpreters(): Promise<Array<{ path: string; version: string }>> {
  const versions = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions')
  const kept = existsSync(versions) ? readdirSync(versions).map((version) => join(versions, version, 'bin', 'python')) : []
  const named = ['python3', ...[10, 11, 12, 13, 14].map((minor) => `python3.${minor}`)]
  const found = new Map<string, string>()
  for (const candidate of [...named, ...kept]) {
    // venv needs ensurepip, which some systems ship apart.
    const said = await output([candidate, '-c', 'import sys, ensurepip, venv; print(sys.executable, "%d.%d.%d" % ' +
'sys.version_info[:3], sys.version_info.releaselevel)'])
    const [path = '', version = '', level] = said.trim().split(' ')
    const [major, minor] = version.split('.').map(Number)
    if (major === 3 && (minor ?? 0) >= 10 && level === 'final' && !found.has(version)) found.set(version, path)
  }
  return [...found].map(([version, path]) => ({ version, path })).sort((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }))
}

/** Each static check counts as one test. */
async function check(name: string, command: string[]): Promise<void> {
  say(`== ${name}`)
  const isPassed = (await run(command, 'inherit')).code === 0
  counts[isPassed ? 'passed' : 'failed']++
  if (!isPassed) say(`FAILED ${name}`)
}

async function tests(name: string, python: string, files: string[]): Promise<void> {
  say(`== ${name}`)
  const report = join(tools, 'junit.xml')
  rmSync(report, { force: true })
  const more = { DAKERA_TEST_DIST: dist, DAKERA_TEST_UV: uv, DAKERA_TEST_NODE: process.execPath }
  const { code } = await run([python, '-m', 'pytest', '--quiet', '--numprocesses=3', `--junitxml=${report}`, ...files], 'inherit', more)
  const cases = existsSync(report) ? [...readFileSync(report, 'utf8').matchAll(/<testcase [^>]*?name="(test_\w+)[^>]*?(?:\/>|>.*?<\/testcase>)/gs)] : []
  let live = 0
  for (const [text, test = ''] of cases) {
    const isFailed = /<(failure|error)\b/.test(text)
    const isSkipped = text.includes('<skipped')
    if (isSkipped && text.includes('DAKERA_LIVE_URL')) live++
    else counts[isFailed ? 'failed' : isSkipped ? 'skipped' : 'passed']++
    if (files.length === 0 && ['test_case', 'test_trio'].includes(test)) counts.conformance[isFailed ? 'failed' : 'passed']++
  }
  if (live > 0) counts.skipped++ // the live suite is one thing that was left out
  if (code !== 0 && counts.failed === 0) throw new Error(`${name} ended with exit code ${code}`)
}

async function must(command: string[]): Promise<void> {
  const { code, stdout } = await run(command, 'pipe')
  if (code !== 0) throw new Error(`${command.join(' ')} ended with exit code ${code}\n${stdout}`)
}

/** What a program prints, or nothing where there is no such program. */
async function output(command: string[]): Promise<string> {
  const { code, stdout } = await run(command, 'pipe')
  return code === 0 ? stdout : ''
}

function run([command = '', ...rest]: string[], stdio: 'pipe' | 'inherit', more: Record<string, string> = {}): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, rest, { cwd: here, env: { ...env, ...more }, stdio: ['ignore', stdio, stdio] })
    let stdout = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      stdout += chunk
    })
    child.once('error', () => resolve({ code: 1, stdout }))
    child.once('close', (code) => resolve({ code: code ?? 1, stdout }))
  })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
