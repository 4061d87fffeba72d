// Checks everything about the crate and leaves counts behind: node packages/sdk-rust/scripts/test.ts --report <file>
// Needs cargo with rustfmt and clippy. With DAKERA_LIVE_URL, the address of a server that was started with --demo, the
// live suite runs too.
import { join } from 'node:path'
import { checksOf, type Results } from '../../../scripts/checks.ts'
import { checkArtefact } from './artefact.ts'
import { checkDependencies } from './dependencies.ts'

const home = join(import.meta.dirname, '..')
const env = { CARGO_TARGET_DIR: join(home, 'target'), CARGO_TERM_COLOR: 'never' }
const { run, check, suite, checkExample, report } = checksOf(home, /^$/, env)

/** Programs of named tests, each of which counts. */
function read(output: string): Results {
  const verdicts = { ok: 'passed', FAILED: 'failed', ignored: 'skipped' } as const
  const tests = [...output.matchAll(/^test (.*) \.\.\. (ok|FAILED|ignored)/gm)].map(([, name = '', verdict]) => ({
    name,
    verdict: verdicts[verdict as keyof typeof verdicts],
    isConformance: name.startsWith('conformance::'),
  }))
  const hasEnded = /^test result: ok\./m.test(output)
  return { tests, ...(!hasEnded && { why: output.replaceAll(/^test .* \.\.\. (ok|ignored).*\n/gm, '') }) }
}

const strictly = ['--', '--deny', 'warnings']

await check('generated files are up to date', [process.execPath, '../codegen/src/main.ts', 'rust', '--check'])
await check('cargo fmt', ['cargo', 'fmt', '--check'])
await suite('cargo test', ['cargo', 'test', '--all-features', '--test', 'suite'], read)
await check('example', () => checkExample(['cargo', 'run', '--quiet', '--all-features', '--example', 'shared-memory']))
await suite('cargo test --doc', ['cargo', 'test', '--all-features', '--doc'], read)
await check('artefact', () => checkArtefact(run, home))
await check('cargo clippy', ['cargo', 'clippy', '--all-features', '--all-targets', ...strictly])
await check('cargo clippy without features', ['cargo', 'clippy', '--all-targets', ...strictly])
await check('cargo doc', () =>
  run(['cargo', 'doc', '--no-deps', '--all-features'], { env: { RUSTDOCFLAGS: '--deny warnings' } }),
)
await check('dependencies', () => checkDependencies(run, home))
report()
