import type { DakeraClient } from '@dakera-ai/dakera'
import {
  type AgentTool,
  type Answer,
  fill,
  INSTRUCTIONS,
  PROMPTS,
  refusalOf,
  refuseTool,
  TOOLS,
  type ToolName,
  toolsWithin,
} from '@dakera-ai/dakera/agents'
import { type Prompt, ProtocolError, ProtocolErrorCode, Server, type Tool } from '@modelcontextprotocol/server'
import { listResources, readResource, TEMPLATES } from './resources.ts'
import { orRefuse, resultOf } from './results.ts'
import { Identities, type Narrowing, type Scope, scopeOf } from './scope.ts'
import { VERSION } from './version.ts'

export type McpOptions = {
  /** Leaves out a part of what the key may do. */
  narrowing?: Narrowing
  /** What is remembered of keys; shared by the servers of one process, which name theirs by `key`. */
  identities?: Identities
  key?: string
  /** Whether the client asks for instructions, which name the agent. Default: true. */
  instructs?: boolean
}

/** Lists differ by key, so nobody else may be given them. */
const CACHED = { ttlMs: 60_000, cacheScope: 'private' } as const
const METHODS = ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list', 'server/discover'] as const
const MOST_OF_A_NAME = 60

/**
 * Makes a server for one client, which is one key: its grants decide which tools are listed. A tool that is not listed
 * can still be called, and then refuses: a grant may be lost while somebody works.
 */
export async function createMcpServer(client: DakeraClient, options: McpOptions = {}): Promise<Server> {
  const { narrowing = {}, key = '', identities = new Identities(), instructs = true } = options
  const scope = async (isNew: boolean) => scopeOf(await identities.of(client, key, isNew), narrowing)
  const listed = () => orRefuse(scope(true))
  const instructions = instructs ? await scope(true).then(instructionsFor, () => undefined) : undefined
  const server = new Server(
    { name: 'dakera', title: 'Dakera', version: VERSION },
    {
      capabilities: { tools: {}, resources: {}, prompts: {} },
      ...(instructions !== undefined && { instructions }),
      cacheHints: Object.fromEntries(METHODS.map((method) => [method, CACHED])),
    },
  )

  server.setRequestHandler('tools/list', async () => ({ tools: toolsOf(client, await listed()).map(shown) }))
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: args } }, { mcpReq: { signal } }) => {
    if (!isTool(name)) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${name}.`)
    const call = async (isNew: boolean) => {
      const tool = toolsOf(client, await scope(isNew)).find((one) => one.name === name)
      return tool ? tool.run(args, { signal }) : refuseTool(name)
    }
    const answer = await call(false).catch(refusalOf)
    // What is remembered of the grants may be old.
    return resultOf(isDenied(answer) ? await call(true).catch(refusalOf) : answer)
  })

  server.setRequestHandler('resources/list', async () => ({ resources: listResources(await listed()) }))
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: TEMPLATES }))
  server.setRequestHandler('resources/read', async ({ params: { uri } }) => readResource(client, uri, await listed()))

  server.setRequestHandler('prompts/list', async () => ({ prompts: promptsFor(await listed()) }))
  server.setRequestHandler('prompts/get', ({ params: { name, arguments: args = {} } }) => {
    const prompt = Object.hasOwn(PROMPTS, name) ? PROMPTS[name as keyof typeof PROMPTS] : undefined
    const value = prompt && args[prompt.argument]
    if (!prompt || !value)
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        prompt ? `${name} needs ${prompt.argument}.` : `There is no prompt ${name}.`,
      )
    const text = fill(prompt.text, { [prompt.argument]: value })
    return { description: prompt.description, messages: [{ role: 'user', content: { type: 'text', text } }] }
  })
  return server
}

const isTool = (name: string): name is ToolName => Object.hasOwn(TOOLS, name)

/** An append-only key has nothing that it could forget. */
const toolsOf = (client: DakeraClient, scope: Scope): AgentTool[] =>
  toolsWithin(client, scope).filter(({ name }) => name !== 'forget' || scope.editable.length > 0)

const shown = ({ name, title, description, inputSchema, ...is }: AgentTool): Tool => ({
  name,
  title,
  description,
  inputSchema,
  annotations: {
    title,
    readOnlyHint: is.isReadOnly,
    destructiveHint: is.isDestructive,
    idempotentHint: is.isIdempotent,
    openWorldHint: false,
  },
})

const isDenied = ({ code }: Answer) => code === 'NAMESPACE_ACCESS_DENIED' || code === 'INSUFFICIENT_SCOPE'

const promptsFor = (scope: Scope): Prompt[] =>
  Object.entries(PROMPTS).flatMap(([name, { title, description, needs, argument, about }]) =>
    offers(scope, needs)
      ? [{ name, title, description, arguments: [{ name: argument, description: about, required: true }] }]
      : [],
  )

function instructionsFor(scope: Scope): string {
  const name = scope.name.slice(0, MOST_OF_A_NAME)
  return INSTRUCTIONS.filter(({ needs }) => offers(scope, needs))
    .map(({ text }) => fill(text, { name }))
    .join(' ')
}

const offers = ({ read, note, publish }: Scope, needs: 'read' | 'note' | 'publish' | 'nothing') =>
  ({ read: read.length > 0, note: note !== undefined, publish: publish.length > 0, nothing: true })[needs]
