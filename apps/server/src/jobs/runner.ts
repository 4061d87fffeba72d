import type { Deps } from '../deps.ts'
import { buildVectorIndexes } from './vector-indexes.ts'

type Job = { name: string; everyMs: number; run(): Promise<object | undefined> }

/** Deltas that may wait in a namespace before recall there gets slower than merging them is worth. */
const WAITING_DELTAS = 200
/** Replies kept for one secret: 12 writes a second, all day, and some 900 MB. What could be large in one is left out (db/once.ts). */
const MOST_REPLIES = 1_000_000

/**
 * What happens without a request. Every server runs these; each takes a lock or skips locked rows in the database, so
 * that several servers do not do the same work twice.
 */
export function startJobs({ database, accesses, usage, log }: Pick<Deps, 'database' | 'accesses' | 'usage' | 'log'>): { stop(): Promise<void> } {
  const { sql, maintain } = database
  const counted = async (name: string, query: Promise<{ count: number }[]>) => {
    const [row] = await query
    return row?.count ? { [name]: row.count } : undefined
  }
  const jobs: Job[] = [
    { name: 'merge statistics', everyMs: 1_000, run: () => counted('deltas', sql`select merge_all_statistics(${WAITING_DELTAS}) as count`) },
    {
      name: 'accesses',
      everyMs: 2_000,
      run: async () => {
        await accesses.flush()
        return undefined
      },
    },
    {
      name: 'key usage',
      everyMs: 2_000,
      run: async () => {
        await usage.flush()
        return undefined
      },
    },
    { name: 'expire', everyMs: 15_000, run: () => counted('memories', sql`select delete_expired(1000) as count`) },
    { name: 'old replies', everyMs: 10_000, run: () => counted('replies', sql`select delete_old_replies(5000) as count`) },
    { name: 'count replies', everyMs: 60_000, run: () => counted('keys', sql`select count_replies(${MOST_REPLIES}) as count`) },
    ...(maintain
      ? [
          {
            name: 'vector indexes',
            everyMs: 5_000,
            run: () =>
              maintain((owner, aside) =>
                buildVectorIndexes(owner, database.engine, { aside, say: (progress) => log.info({ job: 'vector indexes', ...progress }, 'building') }),
              ),
          },
        ]
      : []),
  ]

  const stopped = new AbortController()
  const loops = jobs.map(async ({ name, everyMs, run }) => {
    while (await pause(everyMs, stopped.signal)) {
      const started = performance.now()
      try {
        const done = await run()
        if (done) log.info({ job: name, ...done, ms: Math.round(performance.now() - started) }, 'job')
      } catch (error) {
        if (!stopped.signal.aborted)
          log.warn({ job: name, err: { message: (error as Error).message, code: (error as { code?: string }).code } }, 'a job failed; it will be tried again')
      }
    }
  })
  return {
    async stop() {
      stopped.abort()
      await Promise.all(loops)
      await accesses.flush().catch(() => {}) // a hint; the database may be gone already
      await usage.flush().catch(() => {})
    },
  }
}

/** False when the wait was cut short by the end. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false)
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end)
      resolve(true)
    }, ms)
    timer.unref()
    const end = () => {
      clearTimeout(timer)
      resolve(false)
    }
    signal.addEventListener('abort', end, { once: true })
  })
}
