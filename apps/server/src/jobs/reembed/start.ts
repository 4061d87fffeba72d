import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database } from '../../db/database.ts'
import { embedderOf } from '../../embedding/choose.ts'
import type { Embedder } from '../../embedding/embedder.ts'
import { type Env, SettingsError } from '../../env.ts'
import { type ReembedProgress, reembed } from './reembed.ts'
import { type SwitchingEmbedder, wordsOnly } from './switching-embedder.ts'

/**
 * Returns the embedder that made the stored vectors. If it cannot be used, recall is keyword-only until the move is
 * done.
 */
export async function reopenEmbedder(
  { model, dimension }: { model: string; dimension: number },
  provider: Env['provider'],
  log: Logger,
): Promise<Embedder> {
  try {
    return await embedderOf(model, provider)
  } catch (error) {
    log.warn(
      { model, reason: (error as Error).message },
      'the old embedding model can no longer be used: recall is keyword-only until the move is done',
    )
    return wordsOnly(model, dimension)
  }
}

const RETRY_MOVE_MS = 10_000

/**
 * Moves the database to another embedder in the background, and returns a function that stops it. If the provider
 * fails, the move is retried later.
 */
export function startReembedding(
  database: Database,
  serving: SwitchingEmbedder,
  wanted: Embedder,
  log: Logger,
): () => Promise<void> {
  const { engine, asOwner } = database
  if (!asOwner)
    throw new SettingsError(
      'This login may not change the database, so it cannot be moved to another model. Start once with ' +
        'DAKERA_MIGRATION_URL.',
    )
  const stopping = new AbortController()
  const { signal } = stopping
  const say = (progress: ReembedProgress) =>
    log.info({ job: 're-embed', model: wanted.model, ...progress }, 're-embedding')
  const running = (async () => {
    while (!signal.aborted) {
      try {
        await reembed({ engine, asOwner }, wanted, () => serving.switchTo(wanted), { say, signal })
        log.info(
          { job: 're-embed', model: wanted.model },
          'the database has moved to this model; start without --reembed from now on',
        )
        return
      } catch (error) {
        if (signal.aborted) return
        log.warn(
          { job: 're-embed', reason: (error as Error).message },
          're-embedding stopped; it continues in a moment',
        )
        await sleep(RETRY_MOVE_MS, undefined, { signal }).catch(() => {})
      }
    }
  })()
  return async () => {
    stopping.abort()
    await running
  }
}
