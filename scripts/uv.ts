// uv, which makes environments of Python in a second and takes packages from one cache for all clones.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const root = dirname(import.meta.dirname)
const run = promisify(execFile)

/** Of every call of uv: no Python is ever downloaded, and the certificates are the system's: a company has its own. */
export const UV_ENV = { UV_PYTHON_DOWNLOADS: 'never', UV_SYSTEM_CERTS: '1' }

/** The uv that the Python client's pyproject.toml pins, installed by this Python when it is not there yet. */
export async function bringUv(python: string): Promise<string> {
  const manifest = readFileSync(join(root, 'packages/sdk-python/pyproject.toml'), 'utf8')
  const pin = /"(uv==[^"]+)"/.exec(manifest)?.[1] ?? ''
  const folder = join(root, 'node_modules/.cache/dakera', pin)
  const uv = join(folder, 'bin/uv')
  if (existsSync(uv)) return uv
  // Beside its place first: another process may want it at the same time. The program runs wherever it lies.
  const making = `${folder}-${process.pid}`
  mkdirSync(dirname(folder), { recursive: true })
  try {
    await run(python, ['-m', 'venv', '--clear', making])
    const pip = [join(making, 'bin/python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', pin]
    await run(pip[0] ?? '', pip.slice(1))
    renameSync(making, folder)
  } catch (error) {
    if (!existsSync(uv)) throw error // else the other process was faster
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  return uv
}
