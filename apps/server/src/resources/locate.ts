import { type NamespaceRef, resolveNamespace, type Tx } from '../db/tx.ts'
import { absent, Fault } from '../fault.ts'

/** Returns the rows of an id that the caller may read, in one namespace or in all. */
type Find<T> = (tx: Tx, id: string, namespaceId?: number) => Promise<T[]>

/**
 * Finds the only row of an id, in the given namespace or in all that the caller may read, and checks that the caller
 * has this access there. Ids are unique within a namespace only.
 */
export const locating =
  <T extends { namespace: NamespaceRef }>(what: string, find: Find<T>) =>
  async (tx: Tx, id: string, agentId: string | null | undefined, access: 'read' | 'edit'): Promise<T> => {
    if (agentId != null) {
      const namespace = await resolveNamespace(tx, agentId, access)
      const [found] = namespace ? await find(tx, id, namespace.id) : []
      if (!found) throw absent(what, id)
      return found
    }
    const [found, another] = await find(tx, id)
    if (!found) throw absent(what, id)
    if (another)
      throw new Fault(
        'CONFLICT',
        { resource: id },
        { message: `More than one namespace has a ${what} with that id. Send agent_id.` },
      )
    if (access === 'edit') await resolveNamespace(tx, found.namespace.name, access)
    return found
  }
