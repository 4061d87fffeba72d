// uv, which makes environments of Python in a second and takes packages from one cache for all clones.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const root = dirname(import.meta.dirname)
const run = promisify(execFile)

/**
 * The environment of every call of uv: no Python is downloaded, and the certificates are the system's, because a
 * company may have its own.
 */
export const UV_ENV = { UV_PYTHON_DOWNLOADS: 'never', UV_SYSTEM_CERTS: '1' }

const pin = /"(uv==[^"]+)"/.exec(readFileSync(join(root, 'packages/sdk-python/pyproject.toml'), 'utf8'))?.[1] ?? ''
const folder = join(root, 'node_modules/.cache/dakera', pin)

/** The program that `bringUv` installs, of the version that pyproject.toml of the Python client pins. */
export const UV = join(folder, 'bin/uv')

/** Installs uv with this Python if it is missing, and returns its path. */
export async function bringUv(python: string): Promise<string> {
  if (existsSync(UV)) return UV
  // Installed beside its final place first, because another process may install it at the same time. The program can be
  // moved.
  const making = `${folder}-${process.pid}`
  mkdirSync(dirname(folder), { recursive: true })
  try {
    await run(python, ['-m', 'venv', '--clear', making])
    const pip = [join(making, 'bin/python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', pin]
    await run(pip[0] ?? '', pip.slice(1))
    renameSync(making, folder)
  } catch (error) {
    if (!existsSync(UV)) throw error // otherwise the other process was faster
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  return UV
}
