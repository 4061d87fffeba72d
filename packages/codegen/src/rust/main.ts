import { spawnSync } from 'node:child_process'
import { type Files, readRoot, versionOf } from '../files.ts'
import { calls } from './calls.ts'
import { methods } from './methods.ts'
import { rustModels } from './models.ts'
import { rules } from './rules.ts'
import { tables } from './tables.ts'

export function rust(): Files {
  const manifest = readRoot('packages/sdk-rust/Cargo.toml')
  return {
    ...formatted({
      'packages/sdk-rust/src/models.rs': rustModels(),
      'packages/sdk-rust/src/rules.rs': rules(),
      ...methods(),
      'packages/sdk-rust/tests/suite/printed_calls.rs': calls(),
    }),
    ...tables(),
    'packages/sdk-rust/Cargo.toml': manifest.replace(/^version = ".*"$/m, `version = "${versionOf('sdk-rust')}"`),
  }
}

const HEAD = '// @generated from packages/protocol by packages/codegen; do not edit.\n\n'

/** Formats files with rustfmt. Without rustfmt, the files are left unchanged. */
function formatted(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).flatMap(([path, text]) => {
      const input = HEAD + text
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
