// The prepack of every package: a tarball either works or is not made.
import { readFileSync } from 'node:fs'

const { name, private: isPrivate } = JSON.parse(readFileSync('package.json', 'utf8'))
const reason = isPrivate
  ? `${name} is private: it is not published through npm.`
  : // Only pnpm applies publishConfig: the manifest in a tarball of npm points to sources that are not in it.
    !process.env.npm_config_user_agent?.startsWith('pnpm/') &&
    `${name} is packed with pnpm: pnpm pack, or pnpm publish.`
if (reason) {
  console.error(reason)
  process.exit(1)
}
