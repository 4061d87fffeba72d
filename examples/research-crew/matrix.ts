import { AuthorizationError, DakeraClient } from '@dakera-ai/dakera'
import { ACCESS, namespacesOf, ROLES, type Role } from './crew.ts'

/** The grants of a role, by the names that the namespaces have on the server. */
export function grantsOf(team: string, role: Role): Record<string, 'read' | 'read_write'> {
  const namespaces = namespacesOf(team)
  return Object.fromEntries(
    Object.entries(ACCESS[role]).map(([name, access]) => [namespaces[name as keyof typeof namespaces], access]),
  )
}

/** Returns the matrix as a table. */
export function describeAccess(): string {
  const columns = Object.keys(namespacesOf(''))
  const row = (title: string, cells: string[]) =>
    [title.padEnd(16), ...cells.map((cell) => cell.padEnd(12))].join('').trimEnd()
  const letters = (role: Role) => columns.map((name) => ({ read: 'R', read_write: 'RW', none: '-' })[cell(role, name)])
  return [row('One key each:', columns), ...ROLES.map((role) => row(`  ${role}`, letters(role)))].join('\n')
}

type Try = { verb: string; isAllowed: boolean; call: () => Promise<unknown> }

/**
 * Tries every cell with the keys themselves, and returns those in which the server differs from the matrix.
 */
export async function tryEveryCell(
  team: string,
  baseUrl: string,
  keys: Map<Role, string>,
): Promise<{ refused: number; wrong: string[] }> {
  let refused = 0
  const wrong: string[] = []
  for (const role of ROLES) {
    const dakera = new DakeraClient({ baseUrl, apiKey: keys.get(role) ?? '' })
    for (const [name, namespace] of Object.entries(namespacesOf(team))) {
      const access = cell(role, name)
      const tries: Try[] = [
        { verb: 'read', isAllowed: access !== 'none', call: async () => dakera.listMemories(namespace, { limit: 1 }) },
      ]
      // A write that is allowed has been seen at work; only the others are tried, so that nothing is left behind.
      if (access !== 'read_write')
        tries.push({
          verb: 'write',
          isAllowed: false,
          call: () => dakera.storeMemory(namespace, { content: 'To be refused.' }),
        })
      for (const { verb, isAllowed, call } of tries) {
        const wasAllowed = await succeeds(call)
        if (!wasAllowed) refused++
        if (wasAllowed !== isAllowed) wrong.push(`the ${role} ${wasAllowed ? 'can' : 'cannot'} ${verb} ${name}`)
      }
    }
  }
  return { refused, wrong }
}

const cell = (role: Role, name: string): 'read' | 'read_write' | 'none' =>
  (ACCESS[role] as Record<string, 'read' | 'read_write'>)[name] ?? 'none'

async function succeeds(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call()
    return true
  } catch (error) {
    if (error instanceof AuthorizationError) return false
    throw error
  }
}
