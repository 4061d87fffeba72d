// npm run bench:mcp: a recall by MCP beside the same recall by plain HTTP, in turns within one run.
import { randomBytes } from 'node:crypto'
import { availableParallelism, loadavg } from 'node:os'
import { DakeraClient } from '@dakera-ai/dakera'
import { findPostgres } from '../test/postgres/find.ts'
import { interleave, type Summary, time } from './measure.ts'
import { notes, questions } from './notes.ts'
import { table } from './report.ts'
import { startServer } from './server.ts'

const MEMORIES = 2_000
const BATCH = 500
const SECONDS = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 10)
const PLACES = ['researcher', 'team-shared', 'coordinator']
/** What a recall by MCP may cost, as a multiple of the same by plain HTTP. */
const MOST = 1.25

const { url: postgresUrl, stop } = await findPostgres(process.env)
try {
  for (const [name, database] of Object.entries({ Postgres: postgresUrl, Embedded: undefined }))
    await run(name, database)
} finally {
  await stop()
}

async function run(name: string, database: string | undefined): Promise<void> {
  const adminKey = `dk-${randomBytes(24).toString('base64url')}`
  const server = await startServer(database, adminKey)
  try {
    const admin = new DakeraClient({ baseUrl: server.url, apiKey: adminKey })
    for (const place of PLACES) await admin.createNamespace(place)
    const grants = { researcher: 'read_write', 'team-shared': 'read_write', coordinator: 'read' } as const
    const { key } = await admin.createKey({ name: 'researcher', grants })
    const stored = notes(1)
    for (let i = 0; i < MEMORIES; i += BATCH)
      await admin.storeMemories(
        'team-shared',
        Array.from({ length: BATCH }, () => stored.next().value),
      )
    await server.order.settle()
    const loadBefore = loadavg()[0]
    const result = await interleave(variantsOf(server.url, key), SECONDS, 20)
    const ratio = (summary: Summary) => (summary.p50 / result.plain.p50).toFixed(2)
    const lines = Object.entries(result).map(([kind, summary]) =>
      [kind, summary.count, summary.p50, summary.p95, summary.p99, ratio(summary)].map(String),
    )
    const machine = `${availableParallelism()} cores, Node ${process.version}, load ${loadBefore} to ${loadavg()[0]}`
    console.log(`\n${name}, ${MEMORIES} memories, ${machine}\n`)
    console.log(table([['recall', 'calls', 'p50 ms', 'p95 ms', 'p99 ms', 'p50 / plain'], ...lines]).join('\n'))
    console.log(`At most ${MOST} is wanted.`)
  } finally {
    await server.close()
  }
}

/** Raw requests on both sides: no client's own cost is in them. */
function variantsOf(url: string, key: string) {
  const asked = questions(3)
  let query = ''
  const authorization = `Bearer ${key}`
  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: {
        authorization,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok || text.includes('"isError"')) throw new Error(text)
  }
  const call = (params: object) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  const recall = () => ({ name: 'recall', arguments: { query, limit: 10 } })
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'recall' }
  return {
    plain: async () => {
      query = asked.next().value
      return [await time(() => post('/v1/memory/recall', { namespaces: PLACES, query, top_k: 10 }))]
    },
    'MCP 2025-11-25': async () => [
      await time(() => post('/mcp', call(recall()), { 'mcp-protocol-version': '2025-11-25' })),
    ],
    'MCP 2026-07-28': async () => [await time(() => post('/mcp', call({ ...recall(), _meta: meta }), modern))],
    whoami: async () => [
      await time(() => fetch(`${url}/v1/auth/whoami`, { headers: { authorization } }).then((r) => r.text())),
    ],
  }
}
