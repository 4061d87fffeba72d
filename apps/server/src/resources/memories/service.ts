import type { Memory, NewMemory, UpdateMemoryRequest } from '@dakera-ai/protocol'
import type * as z from 'zod'
import type { KeyCaller } from '../../db/caller.ts'
import { withoutLarge } from '../../db/idempotency.ts'
import { type NamespaceRef, resolveNamespace, type Tx, type WriteTx } from '../../db/tx.ts'
import type { Deps } from '../../deps.ts'
import { absent, Fault, isTaken, taken } from '../../fault.ts'
import { locating } from '../locate.ts'
import { embedFor, type FieldOf, suppliedVector } from './embed.ts'
import {
  findIds,
  findMemories,
  listMemories,
  requireEmbedder,
  setImportance,
  toStoredMemory,
  updateMemory,
} from './repo.ts'
import { storeMemories } from './store-query.ts'

type New = z.output<typeof NewMemory>
type Call = KeyCaller & { warn: (message: string) => void; signal: AbortSignal }

/** Stores all memories or none, in the given order. */
export async function storeAll(
  deps: Pick<Deps, 'embedder'>,
  { warn, signal, ...caller }: Call,
  namespace: string,
  incoming: New[],
  fieldOf: FieldOf,
): Promise<{ memories: Memory[]; ms: number }> {
  const supplied = incoming.map(({ embedding }) => suppliedVector(embedding))
  const texts = incoming.map(({ content }) => content)
  const { vectors, embedder, ms } = await embedFor(deps, caller, [namespace], 'write', texts, fieldOf, signal)
  const rows = await storeMemories(caller, {
    namespace,
    memories: incoming.map(({ embedding: _vector, ...memory }) => memory),
    vectors,
    supplied,
    embedder,
  }).catch(async (error: unknown) => {
    throw isTaken(error) ? await whichIsTaken(caller, namespace, incoming, fieldOf, error) : error
  })
  if (rows[0]?.created) warn(`The namespace "${namespace}" did not exist and was created.`)
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

/** Finds the chosen id that was sent twice or exists already, which the error of the database does not name. */
async function whichIsTaken(
  { read }: KeyCaller,
  namespace: string,
  incoming: New[],
  fieldOf: FieldOf,
  cause: unknown,
): Promise<unknown> {
  const chosen = incoming.flatMap(({ id }, at) => (id == null ? [] : [{ id, at }]))
  const ids = chosen.map(({ id }) => id)
  const there = await read(async (tx): Promise<string[]> => {
    const place = await resolveNamespace(tx, namespace, 'read')
    return place ? findIds(tx, place.id, ids) : []
  })
  const first = chosen.find(({ id }, i) => there.includes(id) || ids.indexOf(id) < i)
  return first ? taken('memory', first.id, fieldOf(first.at).replace(/content$/, 'id'), cause) : cause
}

export const locate = locating('memory', findMemories)

type Update = {
  id: string
  agentId: string | null | undefined
  ifVersion: number | undefined
  body: z.output<typeof UpdateMemoryRequest>
}

export async function update(
  deps: Pick<Deps, 'embedder'>,
  { signal, ...caller }: Call,
  { id, agentId, ifVersion, body }: Update,
): Promise<Memory> {
  const { content, metadata, memory_type: memoryType, importance, tags, session_id: sessionId, embedding } = body
  const { expires_at: expiresAt, ttl_seconds: ttlSeconds, valid_from: validFrom } = body
  const supplied = embedding === undefined ? undefined : suppliedVector(embedding)
  let vector: string | null | undefined
  let embedder: string | undefined
  if (content !== undefined) {
    const { namespace } = await caller.read((tx) => locate(tx, id, agentId, 'edit'))
    const embedded = await embedFor(deps, caller, [namespace.name], 'edit', [content], () => 'content', signal)
    vector = embedded.vectors[0] ?? null
    embedder = embedded.embedder
  }
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
  const read = async (tx: Tx, namespaceId: number) => {
    const [found] = await findMemories(tx, id, namespaceId)
    if (!found) throw absent('memory', id)
    return found.memory
  }
  return caller.write(
    async (tx) => {
      if (embedder !== undefined) await requireEmbedder(tx, embedder)
      const { namespace } = await locate(tx, id, agentId, 'edit')
      if (embedding && embedding.length !== namespace.dimension) throw otherDimension(embedding.length, namespace)
      return { namespace }
    },
    async (tx, { namespace }) => {
      const updated = isChange ? await updateMemory(tx, namespace.id, id, changes, ifVersion) : true
      const memory = await read(tx, namespace.id)
      if (!updated || (ifVersion !== undefined && !isChange && memory.version !== ifVersion)) {
        throw otherVersion(memory, ifVersion)
      }
      return memory
    },
    (tx, { namespace }) => withoutLarge(['content', 'metadata'], () => read(tx, namespace.id)),
  )
}

function otherVersion({ id, version }: Memory, expected: number | undefined): Fault {
  const message = `The memory is at version ${version}, not ${expected}. Read it again and retry your change.`
  return new Fault('CONFLICT', { resource: id }, { message })
}

/** Returns the error that store() in SQL raises. */
function otherDimension(length: number, { name, dimension }: NamespaceRef): Fault {
  const message = `The embedding has ${length} numbers; the namespace "${name}" declares ${dimension}.`
  return new Fault('DIMENSION_MISMATCH', { resource: name }, { message })
}

/** Sets the importance of all the memories, or of none. */
export async function setImportanceOf(
  tx: WriteTx,
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

/** Lists the memories of a session in the order they were stored. */
export const memoriesOfSession = (tx: Tx, namespace: NamespaceRef, session_id: string, page: Page): Promise<Memory[]> =>
  pageOf(tx, namespace, { session_id }, { order: 'as stored in the session', ...page })

/** Lists the memories of a namespace, newest first. */
export const memoriesOfAgent = (
  tx: Tx,
  namespace: NamespaceRef,
  memory_type: string | undefined,
  page: Page,
): Promise<Memory[]> => pageOf(tx, namespace, { ...(memory_type !== undefined && { memory_type }) }, page)

const pageOf = async (...which: Parameters<typeof listMemories>) =>
  (await listMemories(...which)).found.map(({ memory }) => memory)
