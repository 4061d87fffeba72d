import { spawnSync } from 'node:child_process'
import { type Files, readRoot, versionOf } from '../files.ts'
import { rustModels } from './models.ts'

export function rust(): Files {
  const manifest = readRoot('packages/sdk-rust/Cargo.toml')
  return {
    ...formatted({ 'packages/sdk-rust/src/models.rs': rustModels() }),
    'packages/sdk-rust/Cargo.toml': manifest.replace(/^version = ".*"$/m, `version = "${versionOf('sdk-rust')}"`),
  }
}

/** As rustfmt writes them. Where there is none, the files stay as they are. */
function formatted(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).flatMap(([path, input]) => {
      const { status, stdout, stderr, error } = spawnSync('rustfmt', ['--edition', '2024'], { input, encoding: 'utf8' })
      if (status === 0) return [[path, stdout]]
      if (error && (error as NodeJS.ErrnoException).code === 'ENOENT') {
        console.error(`${path} was left as it is: there is no rustfmt here.`)
        return []
      }
      throw new Error(`rustfmt does not take ${path}: ${stderr}`)
    }),
  )
}
