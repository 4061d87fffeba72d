// npm start: installs what is missing, then runs the server directly from its sources.
// package.json has "exec node ...": without it a shell between npm and this process swallows signals.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { bringUp, isInstalled, root, SetupError, say } from './toolchain.mjs'

const HELP = `Dakera: shared memory for teams of AI agents.

  npm start                       start the server on http://127.0.0.1:3300
  npm start -- --port 4000        on another port
  npm start -- --demo             with the sample namespaces and keys of the documentation
  npm start -- --help             this text; after the first start, the server's own

The first start fetches Node 24, pnpm and the dependencies through npm, which takes about a minute.
`

const args = process.argv.slice(2)
if ((args.includes('--help') || args.includes('-h')) && !isInstalled()) {
  process.stdout.write(HELP)
} else {
  try {
    const { node, env } = await bringUp({ withPnpm: false })
    process.exitCode = await serve(node, env)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(error.message)
    process.exitCode = 1
  }
}

/** Runs the server until it ends; signals are passed on to it, and its exit code is returned. */
function serve(node, env) {
  const server = spawn(node, [join(root, 'apps/server/src/main.ts'), ...args], { stdio: 'inherit', env })
  // Ctrl-C in a terminal reaches the whole foreground group, so the server has it already.
  const isInTerminal = process.stdin.isTTY === true
  process.on('SIGINT', () => isInTerminal || server.kill('SIGINT'))
  process.on('SIGTERM', () => server.kill('SIGTERM'))
  process.on('SIGHUP', () => server.kill('SIGHUP'))
  // npm may be killed without passing on a signal; a server that nobody can stop must not keep running.
  const parent = process.ppid
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid === parent || server.kill('SIGTERM'), 500).unref()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('close', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}
