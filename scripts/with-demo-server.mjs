// node scripts/with-demo-server.mjs <command ...>: runs a command beside a server started with --demo and an empty
// embedded database; DAKERA_LIVE_URL is its address. Returns the command's exit code.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyMigratedDatabase } from './migrated-database.ts'
import { root } from './toolchain.mjs'

const dataDir = mkdtempSync(join(tmpdir(), 'dakera-live-'))
await copyMigratedDatabase(dataDir)
// The environment's settings of a server must not reach this one.
const surroundings = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(DAKERA_|OPENAI_|DATABASE_URL)/.test(name)),
)
const server = spawn(process.execPath, [join(root, 'apps/server/src/main.ts'), '--demo', '--port', '0'], {
  env: { ...surroundings, DAKERA_DATA_DIR: dataDir, DAKERA_LOG_LEVEL: 'warn' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const url = await listening()
  process.exitCode = await run(process.argv.slice(2), { ...surroundings, DAKERA_LIVE_URL: url })
} finally {
  const closed = new Promise((resolve) => (server.exitCode === null ? server.once('close', resolve) : resolve()))
  server.kill('SIGTERM')
  await closed
  rmSync(dataDir, { recursive: true, force: true })
}

/** Returns the address in the server's first line. */
function listening() {
  return new Promise((resolve, reject) => {
    let said = ''
    server.stdout.on('data', (chunk) => {
      said += chunk
      const url = /listens on (http:\/\/\S+)/.exec(said)?.[1]
      if (url) resolve(url)
    })
    server.once('error', reject)
    server.once('close', (code) => reject(new Error(`the demo server ended with ${code} before it listened:\n${said}`)))
  })
}

function run([command, ...args], env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}
