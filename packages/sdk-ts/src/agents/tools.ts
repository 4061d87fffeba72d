import type { DakeraClient } from '../client.ts'
import { keyOf } from '../keys-in-use.ts'
import type { RequestOptions } from '../request.ts'
import type { FoundMemories } from '../resources/memories.ts'
import { type ArgumentSchema, type InputSchema, readArguments } from './arguments.ts'
import { type Answer, denied, refusalOf, refuse } from './refusals.ts'
import { ANSWERS, HITS, IMPORTANCE, MOST_READ, REFUSALS, TASK_TAGS, TOOLS, type ToolName } from './table.ts'
import { fill, fitting, memoriesText, tasksText } from './texts.ts'

/** What the tools of one agent may reach. A model chooses words; it never chooses a namespace beyond these. */
export type Bounds = {
  /** Where `recall` and `search_memory` look. */
  read?: string | readonly string[] | undefined
  /** Where `note` stores: a namespace of this agent alone. */
  note?: string | undefined
  /** Where `publish` stores. */
  publish?: string | readonly string[] | undefined
  /** Where `list_tasks` looks: the namespace of the coordinator. */
  tasks?: string | undefined
  /** The `source` in the metadata of what is published. */
  source?: string | undefined
  /** Of what is published. Default 0.8. */
  importance?: number | undefined
  /** Of what is published. */
  tags?: readonly string[] | undefined
  /** Lets the model say `source`, `importance`, `tags` and `ttl_hours`. Default: it says words only. */
  offersDetails?: boolean | undefined
  /** The name of the agent's key, which `forget` compares with the author. Looked up unless given. */
  name?: string | undefined
}

/** A tool of one agent, ready to be given to a framework. */
export type AgentTool = {
  name: ToolName
  title: string
  /** For the model. */
  description: string
  /** A flat JSON Schema. */
  inputSchema: InputSchema
  isReadOnly: boolean
  isDestructive: boolean
  isIdempotent: boolean
  /** Does it. Never rejects: a refusal is a sentence for the model. */
  run(args: unknown, options?: RequestOptions): Promise<Answer>
}

type Arguments = {
  query: string
  content: string
  id: string
  limit?: number
  in?: string
  to?: string
  source?: string
  importance?: number
  tags?: string[]
  ttl_hours?: number
}
type Bound = Omit<Bounds, 'read' | 'publish'> & {
  client: DakeraClient
  read: readonly string[]
  publish: readonly string[]
}

/** The tools that an agent with these bounds has. Warns when another agent of this process has the same key. */
export function agentTools(client: DakeraClient, bounds: Bounds): AgentTool[] {
  warnOfSharedKey(client, bounds)
  return toolsWithin(client, bounds)
}

/** The same for a server of many agents, which builds the tools of one again and again. */
export function toolsWithin(client: DakeraClient, bounds: Bounds): AgentTool[] {
  const bound = { ...bounds, client, read: listOf(bounds.read), publish: listOf(bounds.publish) }
  const names = Object.keys(TOOLS) as ToolName[]
  return names.filter((name) => isOffered(name, bound)).map((name) => build(name, bound))
}

/** What a tool answers that exists and is not one of this agent's. */
export const refuseTool = (name: ToolName): Answer => denied(actOf(name))

function isOffered(name: ToolName, { read, note, publish, tasks }: Bound): boolean {
  switch (TOOLS[name].needs) {
    case 'read':
      return read.length > 0
    case 'note':
      return note !== undefined
    case 'publish':
      return publish.length > 0
    case 'write':
      return note !== undefined || publish.length > 0
    case 'tasks':
      return tasks !== undefined
    case 'nothing':
      return true
  }
}

function build(name: ToolName, bound: Bound): AgentTool {
  const { title, description, isReadOnly, isDestructive, isIdempotent } = TOOLS[name]
  const inputSchema = schemaOf(name, bound)
  const isArgument = (path: string) => Object.hasOwn(inputSchema.properties, path)
  return {
    name,
    title,
    description,
    inputSchema,
    isReadOnly,
    isDestructive,
    isIdempotent,
    async run(args, options) {
      try {
        return await DO[name](bound, readArguments(inputSchema, args) as Arguments, options)
      } catch (error) {
        return refusalOf(error, actOf(name), isArgument)
      }
    },
  }
}

const actOf = (name: ToolName) => (TOOLS[name].isReadOnly ? 'read' : 'write')

/** The arguments that are not bound. */
function schemaOf(name: ToolName, bound: Bound): InputSchema {
  const { properties, required, details, place } = TOOLS[name]
  const places = place === 'in' ? bound.read : bound.publish
  const shown = Object.entries(properties as Record<string, ArgumentSchema>).flatMap(
    ([argument, schema]): [string, ArgumentSchema][] => {
      if (argument !== place)
        return details.includes(argument as never) && !bound.offersDetails ? [] : [[argument, schema]]
      if (places.length < 2) return []
      return [[argument, places.length > MOST_READ ? schema : { ...schema, enum: [...places] }]]
    },
  )
  const isNeeded = (argument: string) =>
    (required as readonly string[]).includes(argument) || (argument === 'in' && places.length > MOST_READ)
  const names = shown.map(([argument]) => argument)
  return { type: 'object', properties: Object.fromEntries(shown), required: names.filter(isNeeded) }
}

type Do = (bound: Bound, args: Arguments, options: RequestOptions | undefined) => Promise<Answer>

const DO: Record<ToolName, Do> = {
  async recall({ client, read }, { query, limit, in: place }, options) {
    const where = within(read, place)
    return where ? found(await client.memories.recall(where, query, { topK: limit ?? HITS }, options)) : denied('read')
  },

  async search_memory({ client, read }, { query, limit, in: place }, options) {
    const where = within(read, place)
    if (!where) return denied('read')
    return found(await client.memories.search(where, query, { topK: limit ?? HITS, mode: 'exact' }, options))
  },

  async note({ client, note = '' }, { content, ttl_hours }, options) {
    const ttlSeconds = ttl_hours === undefined ? undefined : ttl_hours * 3600
    const { id } = await client.memories.store(note, { content, importance: IMPORTANCE.note, ttlSeconds }, options)
    return done(fill(ANSWERS.noted, { id }))
  },

  async publish({ client, publish, name, ...bound }, args, options) {
    const where = within(publish, args.to)?.[0]
    if (where === undefined) return denied('write')
    const source = args.source ?? bound.source ?? name
    const memory = {
      content: args.content,
      importance: args.importance ?? bound.importance ?? IMPORTANCE.publish,
      tags: [...(bound.tags ?? []), ...(args.tags ?? [])],
      metadata: source === undefined ? undefined : { source },
    }
    const { id } = await client.memories.store(where, memory, options)
    return done(fill(ANSWERS.published, { namespace: where, id }))
  },

  async forget(bound, { id }, options) {
    const { client, note, publish } = bound
    bound.name ??= (await client.keys.whoami(options)).name
    const author = bound.name
    for (const place of new Set([...listOf(note), ...publish])) {
      const which = { memoryIds: [id], author }
      const { deleted_count } = await client.memories.forget(place, which, options).catch(nothingWhereOnlyAdded)
      if (deleted_count > 0) return done(ANSWERS.forgotten)
    }
    return refuse(REFUSALS.absent, 'NOT_FOUND')
  },

  async list_namespaces({ client, read, note, publish, tasks }, _, options) {
    const roles = { read, note: listOf(note), publish, tasks: listOf(tasks) }
    const names = [...new Set(Object.values(roles).flat())]
    if (names.length === 0) return done(ANSWERS.noNamespaces)
    const counts = new Map<string, number | undefined>()
    for await (const one of client.namespaces.list({}, options)) counts.set(one.name, one.memory_count)
    const lines = names.map((name) => {
      const mine = Object.entries(roles).flatMap(([role, places]) => (places.includes(name) ? [role] : []))
      const count = counts.get(name)
      return `${name}: ${mine.join(', ')}${count === undefined ? '' : ` · memories: ${count}`}`
    })
    return done(fitting(lines))
  },

  async list_tasks({ client, tasks = '' }, { limit = HITS }, options) {
    const filter = { tagsAny: [TASK_TAGS.task, TASK_TAGS.update] }
    return done(tasksText(await client.memories.list(tasks, { filter, limit: 200 }, options), limit))
  },
}

/** Where an agent may only add, it forgets nothing. */
function nothingWhereOnlyAdded(error: unknown): { deleted_count: number } {
  if ((error as { code?: string }).code === 'INSUFFICIENT_SCOPE') return { deleted_count: 0 }
  throw error
}

const done = (text: string): Answer => ({ text, isRefused: false })
const found = (memories: FoundMemories) => done(memoriesText(memories))

/** The bound namespaces, or of them the one that the model chose; undefined if it chose another. */
function within(bound: readonly string[], chosen: string | undefined): readonly string[] | undefined {
  if (chosen === undefined) return bound
  return bound.includes(chosen) ? [chosen] : undefined
}

const listOf = (names: string | readonly string[] | undefined): readonly string[] =>
  names === undefined ? [] : typeof names === 'string' ? [names] : [...new Set(names)]

/** What each key of this process is bound to. */
const boundTo = new Map<string, string>()

/** With one key for two agents the server cannot keep them apart, whatever namespaces their tools are bound to. */
function warnOfSharedKey(client: DakeraClient, { note, source }: Bounds): void {
  const key = keyOf(client)
  const agent = JSON.stringify([note, source])
  if (key === undefined) return
  const other = boundTo.get(key)
  boundTo.set(key, agent)
  if (other !== undefined && other !== agent)
    console.warn(
      'dakera: two agents of this process have the same API key. ' +
        'Give each agent a key of its own: only keys keep what they know apart.',
    )
}
