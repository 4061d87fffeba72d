import type { Memory, NewMemory, UpdateMemoryRequest } from '@dakera-ai/protocol'
import type * as z from 'zod'
import { once, type Repeat, withoutLarge } from '../../db/once.ts'
import { type NamespaceRef, resolveNamespace, type Tx, withPrincipal } from '../../db/tx.ts'
import type { Deps } from '../../deps.ts'
import { Fault, isTaken, taken } from '../../fault.ts'
import type { Principal } from '../../principal.ts'
import { storeMemories } from './hot.ts'
import {
  findIds,
  findMemories,
  type Located,
  listMemories,
  requireEmbedder,
  setImportance,
  toStoredMemory,
  updateMemory,
} from './repo.ts'
import { embedFor, type FieldOf, suppliedVector } from './vectors.ts'

type New = z.output<typeof NewMemory>
type Call = { principal: Principal; repeat: Repeat; warn: (message: string) => void; signal: AbortSignal }

/** Stores all or none; in the order given. */
export async function storeAll(
  deps: Deps,
  { principal, repeat, warn, signal }: Call,
  namespace: string,
  incoming: New[],
  fieldOf: FieldOf,
): Promise<{ memories: Memory[]; ms: number }> {
  const supplied = incoming.map(({ embedding }) => suppliedVector(embedding))
  const { vectors, embedder, ms } = await embedFor(
    deps,
    principal,
    [namespace],
    'write',
    incoming.map(({ content }) => content),
    fieldOf,
    signal,
  )
  const rows = await storeMemories(deps.database, principal, {
    namespace,
    memories: incoming.map(({ embedding: _vector, ...memory }) => memory),
    vectors,
    supplied,
    embedder,
    idempotencyKey: repeat.key,
    fingerprint: repeat.fingerprint,
  }).catch(async (error: unknown) => {
    throw isTaken(error) ? await whichIsTaken(deps, principal, namespace, incoming, fieldOf, error) : error
  })
  if (rows[0]?.created) warn(`The namespace "${namespace}" was not there, and was created.`)
  const memories = rows.map(({ created: _told, ...row }, i) => {
    const { content, memory_type, importance, tags, metadata, session_id = null, valid_from } = incoming[i] as New
    const sent = {
      content,
      memory_type,
      importance: Math.fround(importance),
      tags,
      metadata,
      session_id,
      valid_from: valid_from?.getTime() ?? null,
    }
    return toStoredMemory({ ...sent, ...row, importance, updated_at: row.created_at, version: 1 }, namespace)
  })
  return { memories, ms }
}

/** Which of the chosen ids stands twice, or was there before: the error itself says neither. */
async function whichIsTaken(
  deps: Deps,
  principal: Principal,
  namespace: string,
  incoming: New[],
  fieldOf: FieldOf,
  cause: unknown,
): Promise<unknown> {
  const chosen = incoming.flatMap(({ id }, at) => (id == null ? [] : [{ id, at }]))
  const ids = chosen.map(({ id }) => id)
  const there = await withPrincipal(deps.database, principal, 'read', async (tx): Promise<string[]> => {
    const place = await resolveNamespace(tx, namespace, 'read')
    return place ? findIds(tx, place.id, ids) : []
  })
  const first = chosen.find(({ id }, i) => there.includes(id) || ids.indexOf(id) < i)
  return first ? taken('memory', first.id, fieldOf(first.at).replace(/content$/, 'id'), cause) : cause
}

const absent = (id: string) =>
  new Fault('NOT_FOUND', { resource: id }, { message: 'There is no memory by that id that this key may see.' })

/** The one memory of that id, in the namespace named or wherever the caller may read. */
export async function locate(
  tx: Tx,
  id: string,
  agentId: string | null | undefined,
  access: 'read' | 'edit',
): Promise<Located> {
  if (agentId != null) {
    const namespace = await resolveNamespace(tx, agentId, access)
    const [found] = namespace ? await findMemories(tx, id, namespace.id) : []
    if (!found) throw absent(id)
    return found
  }
  const [found, another] = await findMemories(tx, id)
  if (!found) throw absent(id)
  if (another)
    throw new Fault(
      'CONFLICT',
      { resource: id },
      { message: 'More than one namespace has a memory of that id. Send agent_id.' },
    )
  if (access === 'edit') await resolveNamespace(tx, found.namespace.name, access)
  return found
}

type Update = {
  id: string
  agentId: string | null | undefined
  ifVersion: number | undefined
  body: z.output<typeof UpdateMemoryRequest>
}

export async function update(
  deps: Deps,
  { principal, repeat, signal }: Call,
  { id, agentId, ifVersion, body }: Update,
): Promise<Memory> {
  const { content, metadata, memory_type: memoryType, importance, tags, session_id: sessionId, embedding } = body
  const { expires_at: expiresAt, ttl_seconds: ttlSeconds, valid_from: validFrom } = body
  const supplied = embedding === undefined ? undefined : suppliedVector(embedding)
  let vector: string | null | undefined
  let embedder: string | undefined
  if (content !== undefined) {
    const { namespace } = await withPrincipal(deps.database, principal, 'read', (tx) => locate(tx, id, agentId, 'edit'))
    const embedded = await embedFor(deps, principal, [namespace.name], 'edit', [content], () => 'content', signal)
    vector = embedded.vectors[0] ?? null
    embedder = embedded.embedder
  }
  return withPrincipal(deps.database, principal, 'write', async (tx) => {
    if (embedder !== undefined) await requireEmbedder(tx, embedder)
    const { namespace } = await locate(tx, id, agentId, 'edit')
    if (embedding && embedding.length !== namespace.dimension) throw otherDimension(embedding.length, namespace)
    const read = async () => {
      const [found] = await findMemories(tx, id, namespace.id)
      if (!found) throw absent(id)
      return found.memory
    }
    const write = async () => {
      const changes = {
        content,
        metadata,
        memoryType,
        importance,
        tags,
        sessionId,
        expiresAt,
        ttlSeconds: ttlSeconds ?? undefined,
        validFrom,
        vector,
        supplied,
      }
      const isChange = Object.values(changes).some((value) => value !== undefined)
      const updated = isChange ? await updateMemory(tx, namespace.id, id, changes, ifVersion) : true
      const memory = await read()
      if (!updated || (ifVersion !== undefined && !isChange && memory.version !== ifVersion)) {
        throw new Fault(
          'CONFLICT',
          { resource: id },
          {
            message: `The memory has version ${memory.version} by now, not ${ifVersion}. Read it again, then change it.`,
          },
        )
      }
      return memory
    }
    return once(tx, repeat, [namespace], write, withoutLarge(['content', 'metadata'], read))
  })
}

/** As store() in SQL says it. */
function otherDimension(length: number, { name, dimension }: NamespaceRef): Fault {
  const message = `The embedding has ${length} numbers; the namespace "${name}" declares ${dimension}.`
  return new Fault('DIMENSION_MISMATCH', { resource: name }, { message })
}

/** All of the ids, or none. */
export async function setImportanceOf(
  tx: Tx,
  namespace: NamespaceRef | undefined,
  ids: string[],
  importance: number,
): Promise<number> {
  const distinct = [...new Set(ids)]
  const count = namespace ? await setImportance(tx, namespace.id, distinct, importance) : 0
  if (count < distinct.length)
    throw new Fault(
      'NOT_FOUND',
      {},
      { message: `${distinct.length - count} of these ids are not in this namespace, so nothing was changed.` },
    )
  return count
}

type Page = { limit: number; offset: number }

/** The memories of a session in the order they were stored. */
export const memoriesOfSession = (tx: Tx, namespace: NamespaceRef, session_id: string, page: Page): Promise<Memory[]> =>
  pageOf(tx, namespace, { session_id }, { order: 'as stored in the session', ...page })

/** The memories of a namespace, newest first. */
export const memoriesOfAgent = (
  tx: Tx,
  namespace: NamespaceRef,
  memory_type: string | undefined,
  page: Page,
): Promise<Memory[]> => pageOf(tx, namespace, { ...(memory_type !== undefined && { memory_type }) }, page)

const pageOf = async (...which: Parameters<typeof listMemories>) =>
  (await listMemories(...which)).found.map(({ memory }) => memory)
