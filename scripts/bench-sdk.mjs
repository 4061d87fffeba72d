// pnpm bench:sdk: measures the overhead of each client over plain HTTP in its own language, with one server, one
// language after the other.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './toolchain.mjs'

const HELP = `Calls "who am I" some 2,000 times through each SDK and as often by plain HTTP, in turns, and prints both.

Usage: pnpm bench:sdk [language ...]      typescript, python, rust, go; default: all

Python uses the environment that its tests made (npm test -- --only sdk-python).
A language whose tools are missing is left out and named.
`
const PYTHON = () => {
  const tools = join(root, 'packages/sdk-python/.tools')
  const found = existsSync(tools)
    ? readdirSync(tools)
        .filter((name) => name.startsWith('python-'))
        .sort()
        .at(-1)
    : undefined
  return found === undefined ? undefined : join(tools, found, 'bin/python')
}
const LANGUAGES = {
  typescript: () => ['packages/sdk-ts', process.execPath, 'bench/overhead.ts'],
  python: () => (PYTHON() ? ['packages/sdk-python', PYTHON(), 'bench/overhead.py'] : undefined),
  rust: () => ['packages/sdk-rust', 'cargo', 'run', '--quiet', '--release', '--example', 'overhead'],
  go: () => ['packages/sdk-go', 'go', 'run', './bench'],
}

const asked = process.argv.slice(2).filter((argument) => argument !== '--')
const url = process.env.DAKERA_LIVE_URL
if (asked.includes('--help') || asked.includes('-h')) process.stdout.write(HELP)
else if (asked.some((name) => !(name in LANGUAGES))) {
  process.stderr.write(HELP)
  process.exitCode = 2
} else if (url === undefined) {
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'scripts/with-demo-server.mjs'), process.execPath, import.meta.filename, ...asked],
    {
      stdio: 'inherit',
    },
  )
  process.exitCode = status ?? 1
} else measure(asked.length > 0 ? asked : Object.keys(LANGUAGES))

function measure(languages) {
  const line = (cells) =>
    `${cells[0].padEnd(12)}${cells
      .slice(1)
      .map((cell) => cell.padStart(26))
      .join('')}\n`
  process.stdout.write('Milliseconds, p50 / p95 / p99.\n')
  process.stdout.write(line(['', 'SDK', 'plain HTTP', 'overhead of the median']))
  for (const language of languages) {
    const [folder, command, ...args] = LANGUAGES[language]() ?? []
    const env = {
      ...process.env,
      DAKERA_URL: url,
      DAKERA_API_KEY: 'dk-researcher-key',
      CARGO_TARGET_DIR: join(root, 'packages/sdk-rust/target'),
    }
    const ended = command
      ? spawnSync(command, args, { cwd: join(root, folder), env, encoding: 'utf8' })
      : { error: new Error('its tools are not installed') }
    if (ended.error || ended.status !== 0) {
      process.stdout.write(
        `${language.padEnd(12)}left out: ${ended.error?.message ?? ended.stderr.trim().split('\n').at(-1)}\n`,
      )
      continue
    }
    const { sdk, raw } = JSON.parse(ended.stdout)
    const times = ({ p50, p95, p99 }) => [p50, p95, p99].map((ms) => ms.toFixed(2)).join(' / ')
    process.stdout.write(
      line([
        language,
        times(sdk),
        times(raw),
        `${(sdk.p50 - raw.p50).toFixed(2)} ms (${(sdk.p50 / raw.p50).toFixed(2)} ×)`,
      ]),
    )
  }
}
