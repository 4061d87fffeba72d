import { setTimeout as pause } from 'node:timers/promises'
import { AuthorizationError, DakeraClient, type Memory } from '@dakera-ai/dakera'

/** The four agents, in the order in which they appear. */
export const ROLES = ['orchestrator', 'researcher', 'writer', 'qc'] as const
export type Role = (typeof ROLES)[number]

/** The namespaces of a team. Its name is the prefix, so that several teams can use one server. */
export const namespacesOf = (team: string) => ({
  researcher: `${team}-researcher`,
  writer: `${team}-writer`,
  shared: `${team}-shared`,
  coordinator: `${team}-coordinator`,
})

/** The grants of each role. An empty cell means no grant; the server rejects everything that is not listed here. */
export const ACCESS = {
  orchestrator: { researcher: 'read', writer: 'read', shared: 'read_write', coordinator: 'read_write' },
  researcher: { researcher: 'read_write', shared: 'read_write', coordinator: 'read' },
  writer: { writer: 'read_write', shared: 'read_write', coordinator: 'read' },
  qc: { shared: 'read', coordinator: 'read' },
} as const satisfies Record<Role, Partial<Record<keyof ReturnType<typeof namespacesOf>, 'read' | 'read_write'>>>

/** The place of a finding in the documents. */
export type Source = { file: string; heading: string; line: number }

/** The lifetime of tasks and reports, which nobody needs tomorrow. */
export const SHORT_LIVED = { ttlSeconds: 3600 }

/** A claim of this example that proved false. */
export class ClaimFailed extends Error {}

/** Returns the client of an agent process, with its own key from its own environment, and the names of its team. */
export function joinCrew() {
  const [team, folder, topic] = process.argv.slice(2)
  if (!team || !folder || !topic) throw new Error('The crew is started by main.ts.')
  return { dakera: new DakeraClient(), namespaces: namespacesOf(team), folder, topic }
}

/** Runs an agent. A false claim ends its process with exit code 1, and its message is the last output. */
export async function main(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    console.error(error instanceof Error && error.name !== 'TypeError' ? error.message : error)
    process.exitCode = 1
  }
}

/** Repeats a query until it has a result. */
export async function poll<T>(what: string, ask: () => Promise<T | undefined>, timeoutMs = 120_000): Promise<T> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await pause(150)) {
    const found = await ask()
    if (found !== undefined) return found
  }
  throw new Error(`Waited ${timeoutMs / 1000} s for ${what} in vain.`)
}

/** Waits for an agent's task. */
export async function nextTask(
  dakera: DakeraClient,
  coordinator: string,
  role: Role,
): Promise<{ id: string; content: string }> {
  return poll(`a task for the ${role}`, async () => {
    const [task] = await dakera.listMemories(coordinator, { filter: { tags: ['task', `assigned:${role}`] } })
    return task && { id: tagValue(task, 'task_id'), content: task.content }
  })
}

/** Returns the rest of the tag `name:rest`. */
export function tagValue(memory: Pick<Memory, 'tags'>, name: string): string {
  const tag = memory.tags.find((tag) => tag.startsWith(`${name}:`))
  if (tag === undefined) throw new Error(`A memory has no tag ${name}:…`)
  return tag.slice(name.length + 1)
}

/** Prints that a call is rejected. Fails if it succeeds. */
export async function expectDenied(what: string, code: string, call: Promise<unknown>): Promise<void> {
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error === undefined) throw new ClaimFailed(`${what}: the server allowed it, and it must not.`)
  if (!(error instanceof AuthorizationError)) throw error
  console.log(`${what}: refused, ${error.status} ${error.code}`)
  if (error.code !== code) throw new ClaimFailed(`${what}: it should have been refused with ${code}.`)
}
