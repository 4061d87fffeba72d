import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'vitest'
import { root, run } from './demo-server.fixture.ts'

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
 * A Python that has the client, kept in a folder's node_modules. The client is installed as a link, so a change of it
 * is there at once.
 */
export async function pythonWithClient(folder: string): Promise<string> {
  const home = join(folder, 'node_modules/.cache/python')
  const python = join(home, 'bin/python')
  const client = join(root, 'packages/sdk-python')
  const wanted = `${client}\n${await readFile(join(client, 'pyproject.toml'), 'utf8')}`
  const mark = join(home, 'installed')
  if (existsSync(python) && existsSync(mark) && (await readFile(mark, 'utf8')) === wanted) return python
  await mustRun('python3', ['-m', 'venv', '--clear', home])
  await mustRun(python, ['-m', 'pip', 'install', '--quiet', '--editable', client])
  await writeFile(mark, wanted)
  return python
}

/** What the tests of the Rust client compile into too, so that nothing is compiled twice. */
export const CARGO = { CARGO_TARGET_DIR: join(root, 'packages/sdk-rust/target') }

async function mustRun(command: string, args: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(command, args)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
}
