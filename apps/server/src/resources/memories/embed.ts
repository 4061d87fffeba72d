import type { KeyCaller } from '../../db/caller.ts'
import { toHalfvec } from '../../db/halfvec.ts'
import { resolveNamespace } from '../../db/tx.ts'
import type { Deps } from '../../deps.ts'
import { EmbedderUnavailable, TextRefused } from '../../embedding/embedder.ts'
import { Fault } from '../../fault.ts'
import type { Access } from '../../principal.ts'
import { nextTimeSlice } from '../../time-slices.ts'

/** `embedder` is the model that made the vectors: the database rejects those of a former one. */
export type Embedded = { vectors: (string | null)[]; embedder: string; ms: number }

/** Returns the name of a text in the request, for errors about it. */
export type FieldOf = (at: number) => string

/**
 * Embeds texts, outside any transaction. A remote embedder costs money and time, so it is only called if the caller may
 * use one of the namespaces. The built-in one is cheaper than that check, which the database makes anyway.
 */
export async function embedFor(
  { embedder }: Pick<Deps, 'embedder'>,
  { read, owner }: Pick<KeyCaller, 'read' | 'owner'>,
  namespaces: string[],
  access: Access,
  texts: string[],
  fieldOf: FieldOf,
  signal: AbortSignal,
): Promise<Embedded> {
  if (!embedder.isLocal) {
    const checks = namespaces.map((namespace) => read((tx) => resolveNamespace(tx, namespace, access)))
    await Promise.any(checks).catch((error: AggregateError) => Promise.reject(error.errors[0]))
  }
  const started = performance.now()
  const { model } = embedder // read first: if it is switched in between, the database rejects the vectors
  try {
    const vectors = await embedder.embed(texts, { owner, signal })
    const ms = round(performance.now() - started)
    return { vectors: await asText(vectors, owner), embedder: model, ms }
  } catch (error) {
    if (error instanceof TextRefused) throw refusal(error, fieldOf)
    if (!(error instanceof EmbedderUnavailable)) throw error
    const { retryAfterSeconds } = error
    throw new Fault(
      'SERVICE_UNAVAILABLE',
      { retryAfterSeconds },
      {
        message:
          'The embedder cannot respond right now, so nothing was stored or searched. Try again after the seconds ' +
          'in Retry-After.',
        cause: error,
      },
    )
  }
}

const VECTORS_PER_SLICE = 100

async function asText(vectors: (Float32Array | null)[], owner: string): Promise<(string | null)[]> {
  const texts: (string | null)[] = []
  for (const vector of vectors) {
    if (texts.length % VECTORS_PER_SLICE === VECTORS_PER_SLICE - 1) await nextTimeSlice(owner)
    texts.push(vector && toHalfvec(vector))
  }
  return texts
}

function refusal(cause: TextRefused, fieldOf: FieldOf): Fault {
  const issues = cause.at.map((at) => ({
    path: fieldOf(at),
    message: 'the embedding provider rejects this text and accepts others; change it or leave it out',
  }))
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  return new Fault(
    'INVALID_REQUEST',
    { issues },
    { message: `${issues[0]?.path}: ${issues[0]?.message}${more}.`, cause },
  )
}

export const round = (ms: number) => Math.round(ms * 1000) / 1000

/** Scales a caller's own vector to length 1: only its direction counts, and half floats overflow early. */
export function suppliedVector(embedding: number[] | null | undefined): string | null {
  if (embedding == null) return null
  const largest = embedding.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  if (largest === 0) throw new Fault('EMPTY_VECTOR')
  const scaled = embedding.map((value) => value / largest)
  const length = Math.hypot(...scaled)
  return toHalfvec(scaled.map((value) => value / length))
}
