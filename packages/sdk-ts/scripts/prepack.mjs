// Only pnpm applies publishConfig: a tarball that npm makes points to sources that are not in it.
if (!process.env['npm_config_user_agent']?.startsWith('pnpm/')) {
  console.error('Pack this package with pnpm: pnpm pack, or pnpm publish.')
  process.exit(1)
}
