// node scripts/with-toolchain.mjs [--with-pnpm] <argument ...>: node with these arguments, in the repository's root, on a
// machine that has only Node 20.
import { runWithToolchain } from './toolchain.mjs'

const args = process.argv.slice(2)
const withPnpm = args[0] === '--with-pnpm'
await runWithToolchain(withPnpm ? args.slice(1) : args, { withPnpm })
