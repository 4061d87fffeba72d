import type { Deps } from '../deps.ts'
import { BatchSize, callJob, runBatches } from './batches.ts'
import { ClockWatch } from './clock-watch.ts'
import { pause } from './pause.ts'
import { buildVectorIndexes } from './vector-indexes.ts'

type Done = Record<string, number> | undefined
type Run = (signal: AbortSignal) => Promise<Done>
/** `limitMs`: a run that takes longer is abandoned, and the job is retried; undefined for no limit. */
type Job = { name: string; everyMs: number; limitMs?: number; run: Run }

/**
 * Words that one call merges, or a quarter of those of a long memory. A word that is new to its namespace takes 15 µs,
 * one that many memories contain far less.
 */
const WORDS = [500, 16_000] as const
/** Rows that one call moves, restores or erases. */
const ROWS = [32, 1_000] as const
/** Kept replies that one call counts, but at least those of one secret. */
const REPLIES = [1_000, 1_000_000] as const
/** Memories that one call indexes again: the first 32 take about 20 ms. */
const RENEWED = [8, 256] as const
/**
 * The maximum number of replies kept for one secret: 12 writes a second all day, about 900 MB. Large fields are not
 * kept (db/idempotency.ts).
 */
const MAX_REPLIES = 1_000_000
const LIMIT_MS = 60_000
/** The longest wait before a failed job is tried again. */
const LONGEST_WAIT_MS = 300_000
/** How long the shutdown waits for jobs. */
const FAREWELL_MS = 5_000

/**
 * Starts the work that happens without a request. Every server runs all jobs; each takes a lock or skips locked rows in
 * the database, so that no work is done twice. Each job has its own loop, so one that fails or hangs delays no other.
 */
export function startJobs({ database, accesses, usage, log }: Pick<Deps, 'database' | 'accesses' | 'usage' | 'log'>): {
  stop(): Promise<void>
} {
  const { asOwner } = database

  const inBatches = (
    name: string,
    [least, most]: readonly [number, number],
    call: (size: number, look: boolean) => string,
  ): Run => {
    const batch = new BatchSize(least, most)
    return async (signal) => {
      const { done, failures } = await runBatches(database, call, batch, signal)
      if (failures > 0)
        log.warn(
          { job: name, failures, namespaces: await listFailures() },
          'a job failed in some namespaces; it will be retried later',
        )
      return done > 0 ? { done } : undefined
    }
  }
  const listFailures = () =>
    asOwner?.(
      (owner) =>
        owner`select namespace_id, job, failures, reason from upkeep where failures > 0 order by retry_at desc limit 5`,
      LIMIT_MS,
    )

  // Jobs that remove expired rows wait while the clock may be wrong; the job that restores rows does not.
  const clock = new ClockWatch()
  const look = async () => {
    const told = await callJob<{ now: number }>(
      database,
      '(select extract(epoch from now())::float8 * 1000 as now) clock',
    )
    if (told && clock.look(told.now, performance.now()) === 'jumped')
      log.warn(
        { job: 'expire' },
        'the clock of the database jumped ahead: until it has stayed there for ten minutes, nothing is ' +
          'moved or erased',
      )
  }
  const unlessHeld =
    (run: Run): Run =>
    async (signal) =>
      clock.isHeld ? undefined : run(signal)
  const putBack = inBatches('expire', ROWS, (rows) => counted(`restore_expired(${rows})`))
  const move = unlessHeld(inBatches('expire', ROWS, (rows, look) => `sweep_next(${rows}, ${look})`))

  const renew = inBatches('index words anew', RENEWED, (rows) => `renew_next(${rows})`)

  const jobs: Job[] = [
    {
      name: 'merge statistics',
      everyMs: 1_000,
      limitMs: LIMIT_MS,
      run: inBatches('merge statistics', WORDS, (words, look) => `merge_next(${words}, ${look})`),
    },
    {
      name: 'expire',
      everyMs: 1_000,
      limitMs: LIMIT_MS,
      async run(signal) {
        await look()
        const restored = await putBack(signal)
        const moved = await move(signal)
        return restored ? { ...moved, restored: restored['done'] as number } : moved
      },
    },
    {
      name: 'erase',
      everyMs: 60_000,
      limitMs: LIMIT_MS,
      run: unlessHeld(inBatches('erase', ROWS, (rows) => counted(`erase_expired(${rows})`))),
    },
    {
      name: 'old replies',
      everyMs: 10_000,
      limitMs: LIMIT_MS,
      run: unlessHeld(inBatches('old replies', ROWS, (rows) => counted(`delete_old_replies(${rows})`))),
    },
    {
      name: 'count replies',
      everyMs: 60_000,
      limitMs: LIMIT_MS,
      run: inBatches(
        'count replies',
        REPLIES,
        (rows) => `(select count_replies(${MAX_REPLIES}, ${rows}) as done, false as failed) counted`,
      ),
    },
    {
      name: 'index words anew',
      everyMs: 5_000,
      limitMs: LIMIT_MS,
      async run(signal) {
        const renewed = await renew(signal)
        return (
          renewed && {
            ...renewed,
            ...(await callJob<{ left: number }>(database, '(select words_left() as left) counted')),
          }
        )
      },
    },
    { name: 'accesses', everyMs: 2_000, limitMs: LIMIT_MS, run: () => accesses.flush().then(nothing) },
    { name: 'key usage', everyMs: 2_000, limitMs: LIMIT_MS, run: () => usage.flush().then(nothing) },
    ...(asOwner
      ? [
          {
            name: 'vector indexes',
            everyMs: 5_000,
            run: () =>
              asOwner((owner, observer) =>
                buildVectorIndexes(owner, database.engine, {
                  observer,
                  say: (progress) => log.info({ job: 'vector indexes', ...progress }, 'building'),
                }),
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
        void database.check().catch(nothing) // it may have waited for a dead connection
        if (!stopped.signal.aborted)
          log.warn(
            {
              job: job.name,
              failures,
              err: { message: (error as Error).message, code: (error as { code?: string }).code },
            },
            'a job failed; it will be retried',
          )
      }
    }
  })
  return {
    async stop() {
      stopped.abort()
      await Promise.race([Promise.all(loops), sleep(FAREWELL_MS)])
      // The counts are not essential, and the database may be gone already.
      await Promise.race([Promise.allSettled([accesses.flush(), usage.flush()]), sleep(FAREWELL_MS)])
    },
  }
}

const nothing = () => undefined

/** Returns SQL that gives a function that returns a count the result columns of a batch function. */
const counted = (call: string) => `(select nullif(${call}, 0) as done, false as failed) counted`

/** Doubles the wait after each failure, with jitter between servers. */
const waitOf = ({ everyMs }: Job, failures: number) =>
  failures === 0
    ? everyMs
    : Math.min(everyMs * 2 ** failures, Math.max(everyMs, LONGEST_WAIT_MS)) * (0.5 + Math.random())

/** Runs a job once, and abandons it at its limit, because it may wait for something that never comes. */
async function within({ run, limitMs }: Job, stopped: AbortSignal): Promise<Done> {
  if (limitMs === undefined) return run(stopped)
  const over = new AbortController()
  const end = () => over.abort()
  stopped.addEventListener('abort', end, { once: true })
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not done after ${limitMs / 1000} s`)), limitMs).unref()
  })
  try {
    return await Promise.race([run(over.signal), limit])
  } finally {
    clearTimeout(timer)
    stopped.removeEventListener('abort', end)
    end() // an abandoned run ends after its current turn
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
