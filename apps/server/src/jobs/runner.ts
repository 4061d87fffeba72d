import type { Deps } from '../deps.ts'
import { ClockWatch } from './clock-watch.ts'
import { pause } from './pause.ts'
import { callJob, type Turns, takeTurns } from './turns.ts'
import { buildVectorIndexes } from './vector-indexes.ts'

type Done = Record<string, number> | undefined
/** limitMs: a run that takes longer is given up, and the job tried again; undefined for what takes as long as it takes. */
type Job = { name: string; everyMs: number; limitMs?: number; run(signal: AbortSignal): Promise<Done> }

/** Words that one turn of merging moves, some 15 µs each on Postgres and 30 µs on the embedded database. */
const WORDS = { postgres: 2_000, pglite: 1_000 }
/** Memories that one turn moves, puts back or erases. */
const MEMORIES = { postgres: 200, pglite: 50 }
const LIMIT_MS = 60_000
/** A job that fails again and again is tried so often at least. */
const LONGEST_WAIT_MS = 300_000
/** At the end of the server no job is waited for longer. */
const FAREWELL_MS = 5_000

/**
 * What happens without a request. Every server runs these; each takes a lock or skips locked rows in the database, so
 * that several servers do not do the same work twice. Each job has a loop of its own: one that fails or hangs delays no other.
 */
export function startJobs({ database, accesses, usage, log }: Pick<Deps, 'database' | 'accesses' | 'usage' | 'log'>): { stop(): Promise<void> } {
  const { sql, maintain, engine } = database
  const clock = new ClockWatch()

  const told = async (name: string, { done, failures }: Turns): Promise<Done> => {
    if (failures > 0) log.warn({ job: name, failures, namespaces: await listFailures() }, 'a job failed in some namespaces; they are tried again later')
    return done > 0 ? { done } : undefined
  }
  const listFailures = () =>
    maintain?.((owner) => owner`select namespace_id, job, failures, reason from upkeep where failures > 0 order by retry_at desc limit 5`)

  const jobs: Job[] = [
    {
      name: 'merge statistics',
      everyMs: 1_000,
      limitMs: LIMIT_MS,
      run: async (signal) => told('merge statistics', await takeTurns(database, `merge_next(${WORDS[engine]})`, signal)),
    },
    {
      name: 'expire',
      everyMs: 1_000,
      limitMs: LIMIT_MS,
      async run(signal) {
        const back = await callJob<{ now: number; restored: number }>(
          database,
          `(select extract(epoch from now())::float8 * 1000 as now, restore_expired(${MEMORIES[engine]}) as restored) back`,
        )
        if (back && clock.look(back.now, performance.now()) === 'jumped')
          log.warn({ job: 'expire' }, 'the clock of the database went ahead at once: until it has stayed there for ten minutes, nothing is moved or erased')
        const moved = clock.isHeld ? undefined : await told('expire', await takeTurns(database, `sweep_next(${MEMORIES[engine]})`, signal))
        return back?.restored ? { ...moved, restored: back.restored } : moved
      },
    },
    {
      name: 'erase',
      everyMs: 60_000,
      limitMs: LIMIT_MS,
      run: async (signal) =>
        clock.isHeld ? undefined : told('erase', await takeTurns(database, `(select nullif(erase_expired(${MEMORIES[engine]}), 0) as done, false as failed) erased`, signal)),
    },
    {
      name: 'accesses',
      everyMs: 2_000,
      limitMs: LIMIT_MS,
      async run() {
        await accesses.flush()
        return undefined
      },
    },
    {
      name: 'key usage',
      everyMs: 2_000,
      limitMs: LIMIT_MS,
      async run() {
        await usage.flush()
        return undefined
      },
    },
    {
      name: 'old replies',
      everyMs: 600_000,
      limitMs: LIMIT_MS,
      run: async (signal) =>
        clock.isHeld ? undefined : told('old replies', await takeTurns(database, '(select nullif(delete_old_replies(1000), 0) as done, false as failed) deleted', signal)),
    },
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
  const loops = jobs.map(async (job) => {
    let failures = 0
    while (await pause(waitOf(job, failures), stopped.signal)) {
      const started = performance.now()
      try {
        const done = await within(job, stopped.signal)
        failures = 0
        if (done) log.info({ job: job.name, ...done, ms: Math.round(performance.now() - started) }, 'job')
      } catch (error) {
        failures++
        if (!stopped.signal.aborted)
          log.warn(
            { job: job.name, failures, err: { message: (error as Error).message, code: (error as { code?: string }).code } },
            'a job failed; it will be tried again',
          )
      }
    }
  })
  return {
    async stop() {
      stopped.abort()
      await Promise.race([Promise.all(loops), sleep(FAREWELL_MS)])
      await accesses.flush().catch(() => {}) // a hint; the database may be gone already
      await usage.flush().catch(() => {})
    },
  }
}

/** After a failure twice as long each time, and not at the same moment as other servers. */
const waitOf = ({ everyMs }: Job, failures: number) =>
  failures === 0 ? everyMs : Math.min(everyMs * 2 ** failures, Math.max(everyMs, LONGEST_WAIT_MS)) * (0.5 + Math.random())

/** One run, given up when it takes too long: what it waits for may never come. */
async function within({ run, limitMs }: Job, stopped: AbortSignal): Promise<Done> {
  if (limitMs === undefined) return run(stopped)
  const over = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not done after ${limitMs / 1000} s`)), limitMs).unref()
  })
  try {
    return await Promise.race([run(AbortSignal.any([stopped, over.signal])), limit])
  } finally {
    clearTimeout(timer)
    over.abort() // a run that is still at it ends with its turn
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
