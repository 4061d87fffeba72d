// node scripts/with-toolchain.mjs <file> [argument ...]: runs a TypeScript program of this repository, on a machine
// that has only Node 20.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { bringUp, root, SetupError, say } from './toolchain.mjs'

const [file = '', ...args] = process.argv.slice(2)
try {
  const { node, env } = await bringUp({ withPnpm: false })
  process.exitCode = await run(node, [join(root, file), ...args], env)
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  say(error.message)
  process.exitCode = 1
}

/** Our own signals become the program's, and its exit code ours. */
function run(node, command, env) {
  const program = spawn(node, command, { stdio: 'inherit', env })
  // Ctrl-C in a terminal reaches the whole foreground group, so the program has it already.
  const isInTerminal = process.stdin.isTTY === true
  process.on('SIGINT', () => isInTerminal || program.kill('SIGINT'))
  process.on('SIGTERM', () => program.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    program.once('error', reject)
    program.once('close', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}
