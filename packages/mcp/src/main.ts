#!/usr/bin/env node
import { DakeraClient } from '@dakera-ai/dakera'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { narrowingOf } from './endpoint.ts'
import { Identities } from './scope.ts'
import { createMcpServer } from './server.ts'
import { VERSION } from './version.ts'

const HELP = `dakera-mcp ${VERSION}: the shared memory of a team of agents, for clients of MCP that start a program.
It speaks MCP on stdin and stdout. What the agent may do is decided by its key.

  DAKERA_API_KEY   the key of this agent (required)
  DAKERA_URL       the server; default http://localhost:3300

These narrow what the key may do, and never widen it:
  DAKERA_READ      namespaces to recall from, as in team-shared,researcher; default: all that the key may read
  DAKERA_NOTE      the namespace for notes; default: the one named like the key
  DAKERA_PUBLISH   namespaces to publish to; default: the others that the key may write
  DAKERA_TASKS     the namespace with the tasks; default: coordinator

Options: --help, --version
Clients that speak HTTP need no program: the server itself is at DAKERA_URL/mcp.
`

process.exitCode = main(process.argv.slice(2), process.env)

function main(args: string[], env: NodeJS.ProcessEnv): number {
  const [argument] = args
  if (argument === '--help' || argument === '-h') return say(HELP, 0)
  if (argument === '--version') return say(`${VERSION}\n`, 0)
  if (argument !== undefined) return complain(`Unknown argument ${argument}. See dakera-mcp --help.`)
  if (!env['DAKERA_API_KEY']) return complain('DAKERA_API_KEY is not set: it is the key of this agent, from its admin.')
  let client: DakeraClient
  try {
    client = new DakeraClient()
  } catch (error) {
    return complain((error as Error).message)
  }
  const search = new URLSearchParams()
  for (const name of ['read', 'note', 'publish', 'tasks']) {
    const value = env[`DAKERA_${name.toUpperCase()}`]
    if (value !== undefined) search.set(name, value)
  }
  const options = { narrowing: narrowingOf(search), identities: new Identities() }
  serveStdio(() => createMcpServer(client, options), {
    maxSubscriptions: 0,
    onerror: ({ message }) => complain(message),
  })
  return 0
}

function say(text: string, code: number): number {
  process.stdout.write(text)
  return code
}

/** stdout belongs to the protocol. */
function complain(message: string): number {
  process.stderr.write(`dakera-mcp: ${message}\n`)
  return 2
}
