// node scripts/with-toolchain.mjs [--with-pnpm] <argument ...>: runs node with these arguments in the root of the
// repository, on a machine that has only Node 20.
import { runWithToolchain } from './toolchain.mjs'

const args = process.argv.slice(2)
const withPnpm = args[0] === '--with-pnpm'
await runWithToolchain(withPnpm ? args.slice(1) : args, { withPnpm })
