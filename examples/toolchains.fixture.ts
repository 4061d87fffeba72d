import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'vitest'
import { bringUv, UV_ENV } from '../scripts/uv.ts'
import { root, run } from './demo-server.fixture.ts'

const CLIENT = join(root, 'packages/sdk-python')

/** Time for a test that may be the first to compile a client and all it depends on. */
export const FIRST_BUILD_MS = 600_000

/** Leaves a test out, and says so, on a developer's machine without a program. With CI=true the test fails. */
export function need(context: TestContext, program: 'python3' | 'cargo' | 'go'): void {
  const isThere = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
  const message = `${program} is not installed.`
  if (!isThere && process.env['CI'] === 'true') throw new Error(message)
  context.skip(!isThere, message)
}

/**
 * A Python that has the client, kept in a folder's node_modules until something else is asked for. The client is
 * installed as a link, so a change of it is there at once. `packages`: what pip would install beside it.
 */
export async function pythonWithClient(folder: string, ...packages: string[]): Promise<string> {
  const home = join(folder, 'node_modules/.cache/python')
  const python = join(home, 'bin/python')
  const wanted = [...packages, CLIENT].map((path) => `${path}\n${readFileSync(join(path, 'pyproject.toml'), 'utf8')}`)
  const mark = join(home, 'installed')
  if (existsSync(python) && existsSync(mark) && readFileSync(mark, 'utf8') === wanted.join()) return python
  const uv = await bringUv('python3')
  await mustRun(uv, ['venv', '--quiet', '--clear', '--no-config', '--python', 'python3', home])
  await mustRun(uv, ['pip', 'install', '--quiet', '--no-config', '--python', python, '--editable', CLIENT, ...packages])
  writeFileSync(mark, wanted.join())
  return python
}

/** For Python: what it compiles is kept for the next program, and not beside the sources. */
export const KEEP_COMPILED = { PYTHONPYCACHEPREFIX: join(root, 'node_modules/.cache/python') }

/** The build folder that the tests of the Rust client also use, so that nothing is compiled twice. */
export const CARGO = { CARGO_TARGET_DIR: join(root, 'packages/sdk-rust/target') }

async function mustRun(command: string, args: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(command, args, UV_ENV)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
}
