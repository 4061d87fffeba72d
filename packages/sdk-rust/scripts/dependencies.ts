import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Run } from '../../../scripts/checks.ts'

type Package = { name: string; version: string; rust_version: string | null }

/**
 * No OpenSSL on any platform, and nothing that needs a newer Rust than the manifest says. (For our own code clippy
 * looks at that.)
 */
export async function checkDependencies(run: Run, home: string): Promise<void> {
  const openssl =
    readFileSync(join(home, 'Cargo.lock'), 'utf8').match(/^name = "(openssl|openssl-sys|native-tls)"$/gm) ?? []
  const minimum = /^rust-version = "(.*)"$/m.exec(readFileSync(join(home, 'Cargo.toml'), 'utf8'))?.[1] ?? ''
  const host = /^host: (.*)$/m.exec(await run(['rustc', '--version', '--verbose']))?.[1] ?? ''
  const metadata = await run([
    'cargo',
    'metadata',
    '--format-version',
    '1',
    '--all-features',
    '--offline',
    '--filter-platform',
    host,
  ])
  const { packages }: { packages: Package[] } = JSON.parse(metadata.slice(metadata.indexOf('{"')))
  const tooNew = packages
    .filter(({ rust_version }) => rust_version?.localeCompare(minimum, 'en', { numeric: true }) === 1)
    .map(
      ({ name, version, rust_version }) =>
        `${name} ${version} needs Rust ${rust_version}, and the manifest ` + `says ${minimum}`,
    )
  const problems = [...openssl, ...tooNew]
  if (problems.length > 0) throw new Error(problems.join('\n'))
}
