import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

const root = dirname(import.meta.dirname)

/** Runs a command and returns its output; an error contains what it printed. */
export function run(cwd: string, command: string, args: string[], env: NodeJS.ProcessEnv = {}): string {
  try {
    return execFileSync(command, args, {
      cwd,
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', ...env },
    })
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string }
    throw new Error(`${message}\n${stdout}\n${stderr}`, { cause: error })
  }
}

/** Builds and packs a package as it is published, and returns the tarball in a new folder inside `folder`. */
export function pack(packageFolder: string, folder: string): string {
  const own = mkdtempSync(join(folder, 'tarball-'))
  pnpm(join(root, packageFolder), 'pack', '--pack-destination', own)
  const name = readdirSync(own).find((file) => file.endsWith('.tgz'))
  if (!name) throw new Error(`pnpm pack left no tarball of ${packageFolder}`)
  return join(own, name)
}

/** Runs pnpm, which applies publishConfig. It may be on the path or available to npx only. */
function pnpm(cwd: string, ...args: string[]): string {
  try {
    return run(cwd, 'pnpm', args)
  } catch (error) {
    if ((error as { cause?: { code?: string } }).cause?.code !== 'ENOENT') throw error
    const { devEngines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    return run(cwd, 'npx', ['--yes', `pnpm@${devEngines.packageManager.version}`, ...args])
  }
}

/** Returns the oldest Node that the packages support: one on the path, otherwise one that npx fetches. */
export function findNode20(): string {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  const isNode20 = (file: string) => {
    try {
      return run(root, file, ['-p', 'process.versions.node']).startsWith('20.')
    } catch {
      return false
    }
  }
  return (
    onPath.find(isNode20) ?? run(root, 'npx', ['-y', '-p', 'node@20', '--', 'node', '-p', 'process.execPath']).trim()
  )
}
