import type { DakeraClient, Memory } from '@dakera-ai/dakera'
import { memoriesText } from '@dakera-ai/dakera/agents'
import {
  type ReadResourceResult,
  type Resource,
  ResourceNotFoundError,
  type ResourceTemplateType,
} from '@modelcontextprotocol/server'
import { orRefuse } from './results.ts'
import type { Scope } from './scope.ts'

const MARKDOWN = 'text/markdown'
/** The newest memories that a namespace shows. */
const NEWEST = 50

export const TEMPLATES: ResourceTemplateType[] = [
  {
    uriTemplate: 'dakera://{namespace}/{id}',
    name: 'memory',
    title: 'Memory',
    description: 'One memory, whole.',
    mimeType: MARKDOWN,
  },
]

export const listResources = ({ read }: Scope): Resource[] =>
  read.map((namespace) => ({
    uri: uriOf(namespace),
    name: namespace,
    description: `The newest memories of ${namespace}.`,
    mimeType: MARKDOWN,
  }))

/** What this agent may not read is answered like what is not there. */
export async function readResource(client: DakeraClient, uri: string, { read }: Scope): Promise<ReadResourceResult> {
  const [namespace, id] = partsOf(uri)
  if (namespace === undefined || !read.includes(namespace)) throw new ResourceNotFoundError(uri)
  const text = await orRefuse(textOf(client, namespace, id).catch((error) => missing(error, uri)))
  return { contents: [{ uri, mimeType: MARKDOWN, text }] }
}

async function textOf(client: DakeraClient, namespace: string, id: string | undefined): Promise<string> {
  if (id !== undefined) return memoryText(await client.memories.get(id, { namespace }))
  return memoriesText(await client.memories.list(namespace, { limit: NEWEST }))
}

function memoryText({ id, namespace, author, created_at, tags, content }: Memory): string {
  const about = [author, new Date(created_at * 1000).toISOString(), tags.join(', ')].filter(Boolean).join(' · ')
  return `## [${id}](${uriOf(namespace, id)})\n\n${about}\n\n${content}`
}

const uriOf = (namespace: string, id?: string) =>
  `dakera://${namespace}${id === undefined ? '' : `/${encodeURIComponent(id)}`}`

function partsOf(uri: string): [namespace?: string | undefined, id?: string | undefined] {
  const [, namespace, id] = /^dakera:\/\/([^/]+)(?:\/([^/]+))?$/.exec(uri) ?? []
  try {
    return [namespace, id === undefined ? undefined : decodeURIComponent(id)]
  } catch {
    return []
  }
}

const ABSENT = new Set([
  'NOT_FOUND',
  'NAMESPACE_ACCESS_DENIED',
  'INSUFFICIENT_SCOPE',
  'INVALID_REQUEST',
  'INVALID_USAGE',
])

function missing(error: unknown, uri: string): never {
  if (ABSENT.has((error as { code?: string }).code ?? '')) throw new ResourceNotFoundError(uri)
  throw error
}
