// A crew of four processes writes an article about a folder of Markdown files. See README.md.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { type CreatedKey, DakeraClient, DakeraError } from '@dakera-ai/dakera'
import { namespacesOf, ROLES, type Role } from './crew.ts'
import { describeAccess, grantsOf, tryEveryCell } from './matrix.ts'

const TOPIC = 'What should a newcomer know first?'

const HELP = `A researcher, a writer, a QC and an orchestrator write an article together, as four
processes with four keys.

Usage: node examples/research-crew/main.ts [folder] [options]

  folder           Markdown files to read (default: the docs of Dakera)
  --topic <text>   What the article is about (default: "${TOPIC}")
  --team <name>    Prefix of the namespaces (default: crew and the time)
  --clean          Remove the namespaces at the end
  --help           Show this

From the environment:
  DAKERA_URL       The server (default http://localhost:3300; npm start -- --demo starts one)
  DAKERA_API_KEY   An admin's key (default dk-admin-key, the one of --demo)
  OPENAI_API_KEY and DAKERA_EXAMPLE_MODEL
                   If both are set, this model writes the article (OPENAI_BASE_URL for another endpoint)
`

const here = import.meta.dirname
const { folder, topic, team, clean, help } = readArguments()
if (help) console.log(HELP)
else process.exitCode = await run().catch(explain)

async function run(): Promise<number> {
  const baseUrl = process.env['DAKERA_URL'] || 'http://localhost:3300'
  const admin = new DakeraClient({ baseUrl, apiKey: process.env['DAKERA_API_KEY'] || 'dk-admin-key' })
  const namespaces = namespacesOf(team)

  for (const name of Object.values(namespaces)) await admin.createNamespace(name)
  console.log(`Namespaces: ${Object.values(namespaces).join(', ')}\n`)
  const keys = new Map<Role, CreatedKey>()
  const crew: ChildProcess[] = []
  process.once('SIGINT', () => {
    for (const child of crew) child.kill() // then the code after them cleans up
  })
  try {
    for (const role of ROLES)
      keys.set(role, await admin.createKey({ name: `${team}-${role}`, grants: grantsOf(team, role), expiresInDays: 1 }))
    console.log(`${describeAccess()}\n`)

    const endings = ROLES.map((role) => startAgent(role, baseUrl, keys.get(role)?.key ?? '', crew))
    const failed = (await Promise.all(endings)).filter((role) => role !== undefined)
    const cells = await tryEveryCell(team, baseUrl, new Map([...keys].map(([role, { key }]) => [role, key])))
    return await conclude(admin, failed, cells)
  } finally {
    for (const child of crew) child.kill()
    for (const { id } of keys.values()) await admin.deleteKey(id)
    if (clean) for (const name of Object.values(namespaces)) await admin.deleteNamespace(name)
  }
}

/**
 * Starts one agent, and returns its role if it fails. Its environment contains its own key and nothing else of ours;
 * only the writer uses a model.
 */
async function startAgent(role: Role, baseUrl: string, key: string, crew: ChildProcess[]): Promise<Role | undefined> {
  const { PATH, HOME, OPENAI_API_KEY, OPENAI_BASE_URL, DAKERA_EXAMPLE_MODEL } = process.env
  const model = role === 'writer' ? { OPENAI_API_KEY, OPENAI_BASE_URL, DAKERA_EXAMPLE_MODEL } : {}
  const child = spawn(process.execPath, [join(here, `${role}.ts`), team, folder, topic], {
    env: { PATH, HOME, DAKERA_URL: baseUrl, DAKERA_API_KEY: key, ...model },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  crew.push(child)
  const print = (line: string) => console.log(`${role.padEnd(12)} | ${line}`)
  createInterface({ input: child.stdout }).on('line', print)
  createInterface({ input: child.stderr }).on('line', print)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code === 0 || child.killed) return undefined
  for (const other of crew) other.kill() // they would wait for it
  return role
}

/** Prints the article, and the claims that were checked. */
async function conclude(
  admin: DakeraClient,
  failed: Role[],
  cells: Awaited<ReturnType<typeof tryEveryCell>>,
): Promise<number> {
  const { shared, researcher, writer } = namespacesOf(team)
  const everything = async (name: string) => Array.fromAsync(admin.listMemories(name, { limit: 1000 }))
  const [published, notes, drafts] = [await everything(shared), await everything(researcher), await everything(writer)]
  const article = published.find(({ tags }) => tags.includes('article'))

  if (article) {
    console.log(`\n${article.content}\n`)
    const cited = new Map(published.map((memory) => [memory.id, memory.metadata]))
    for (const [i, id] of ((article.metadata['cites'] as string[]) ?? []).entries()) {
      const { file, line } = cited.get(id) ?? {}
      console.log(`[${i + 1}] ${file}:${line}`)
    }
  }
  const strangers = published.filter(({ author }) => author !== `${team}-researcher` && author !== `${team}-writer`)
  const claims: [holds: boolean, claim: string][] = [
    [
      failed.length === 0,
      `Four processes worked with four keys${failed.length > 0 ? `; ${failed.join(' and ')} failed` : ''}.`,
    ],
    [article !== undefined, 'An article is published, and each of its sentences has a source.'],
    [
      cells.wrong.length === 0,
      `Every cell of the table was tried; ${cells.refused} calls were ` +
        `refused${cells.wrong.map((cell) => `, but ${cell}`).join('')}.`,
    ],
    [
      notes.length > 0 && drafts.length > 0,
      `${notes.length} notes of the researcher and ${drafts.length} of the writer can be read only by them and the ` +
        'orchestrator.',
    ],
    [strangers.length === 0, `${published.length} memories are shared, only by the researcher and the writer.`],
  ]
  console.log()
  for (const [holds, claim] of claims) console.log(`${holds ? 'ok    ' : 'FAILED'} ${claim}`)
  return claims.every(([holds]) => holds) ? 0 : 1
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        topic: { type: 'string', default: TOPIC },
        team: { type: 'string', default: `crew-${Math.floor(Date.now() / 1000).toString(36)}` },
        clean: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const folder = resolve(positionals[0] ?? join(here, '../../docs'))
    if (positionals.length > 1) throw new Error('Give one folder.')
    if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Error(`There is no folder ${folder}.`)
    return { ...values, folder }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`)
    process.exit(1)
  }
}

function explain(error: unknown): number {
  if (!(error instanceof DakeraError)) throw error
  console.error(error.message)
  if (error.code === 'CONNECTION_FAILED')
    console.error('Is the server running? In another terminal: npm start -- --demo')
  if (error.status === 401 || error.status === 403) console.error("This needs an admin's key in DAKERA_API_KEY.")
  return 1
}
