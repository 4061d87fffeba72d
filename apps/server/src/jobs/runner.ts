import type { Deps } from '../deps.ts'
import { ClockWatch } from './clock-watch.ts'
import { pause } from './pause.ts'
import { callJob, Portion, takeTurns } from './turns.ts'
import { buildVectorIndexes } from './vector-indexes.ts'

type Done = Record<string, number> | undefined
type Run = (signal: AbortSignal) => Promise<Done>
/**
 * limitMs: a run that takes longer is given up, and the job tried again; undefined for what takes as long as it takes.
 */
type Job = { name: string; everyMs: number; limitMs?: number; run: Run }

/**
 * Words that one call merges, or a quarter of a long memory's: 15 µs for one that is new to its namespace, far less for
 * one that many memories hold.
 */
const WORDS = [500, 16_000] as const
/** Rows that one call moves, puts back or erases. */
const ROWS = [32, 1_000] as const
/** Kept replies that one call counts; those of one secret in any case. */
const REPLIES = [1_000, 1_000_000] as const
/** Memories indexed anew by one call: the first 32 take some 20 ms. */
const RENEWED = [8, 256] as const
/**
 * Replies kept for one secret: 12 writes a second, all day, and some 900 MB. What could be large in one is left out
 * (db/once.ts).
 */
const MOST_REPLIES = 1_000_000
const LIMIT_MS = 60_000
/** A job that fails again and again is tried so often at least. */
const LONGEST_WAIT_MS = 300_000
/** At the end of the server no job is waited for longer. */
const FAREWELL_MS = 5_000

/**
 * What happens without a request. Every server runs these; each takes a lock or skips locked rows in the database, so
 * that several servers do not do the same work twice. Each job has a loop of its own: one that fails or hangs delays no
 * other.
 */
export function startJobs({ database, accesses, usage, log }: Pick<Deps, 'database' | 'accesses' | 'usage' | 'log'>): {
  stop(): Promise<void>
} {
  const { maintain } = database

  const inTurns = (
    name: string,
    [least, most]: readonly [number, number],
    call: (portion: number, look: boolean) => string,
  ): Run => {
    const portion = new Portion(least, most)
    return async (signal) => {
      const { done, failures } = await takeTurns(database, call, portion, signal)
      if (failures > 0)
        log.warn(
          { job: name, failures, namespaces: await listFailures() },
          'a job failed in some namespaces; they are tried again later',
        )
      return done > 0 ? { done } : undefined
    }
  }
  const listFailures = () =>
    maintain?.(
      (owner) =>
        owner`select namespace_id, job, failures, reason from upkeep where failures > 0 order by retry_at desc limit 5`,
      LIMIT_MS,
    )

  // What takes something away because its time is over waits while the clock may be wrong; what puts it back does not.
  const clock = new ClockWatch()
  const look = async () => {
    const told = await callJob<{ now: number }>(
      database,
      '(select extract(epoch from now())::float8 * 1000 as now) clock',
    )
    if (told && clock.look(told.now, performance.now()) === 'jumped')
      log.warn(
        { job: 'expire' },
        'the clock of the database went ahead at once: until it has stayed there for ten minutes, nothing is ' +
          'moved or erased',
      )
  }
  const unlessHeld =
    (run: Run): Run =>
    async (signal) =>
      clock.isHeld ? undefined : run(signal)
  const putBack = inTurns('expire', ROWS, (rows) => counted(`restore_expired(${rows})`))
  const move = unlessHeld(inTurns('expire', ROWS, (rows, look) => `sweep_next(${rows}, ${look})`))

  const renew = inTurns('index words anew', RENEWED, (rows) => `renew_next(${rows})`)

  const jobs: Job[] = [
    {
      name: 'merge statistics',
      everyMs: 1_000,
      limitMs: LIMIT_MS,
      run: inTurns('merge statistics', WORDS, (words, look) => `merge_next(${words}, ${look})`),
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
      run: unlessHeld(inTurns('erase', ROWS, (rows) => counted(`erase_expired(${rows})`))),
    },
    {
      name: 'old replies',
      everyMs: 10_000,
      limitMs: LIMIT_MS,
      run: unlessHeld(inTurns('old replies', ROWS, (rows) => counted(`delete_old_replies(${rows})`))),
    },
    {
      name: 'count replies',
      everyMs: 60_000,
      limitMs: LIMIT_MS,
      run: inTurns(
        'count replies',
        REPLIES,
        (rows) => `(select count_replies(${MOST_REPLIES}, ${rows}) as done, false as failed) counted`,
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
    ...(maintain
      ? [
          {
            name: 'vector indexes',
            everyMs: 5_000,
            run: () =>
              maintain((owner, aside) =>
                buildVectorIndexes(owner, database.engine, {
                  aside,
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
        void database.check().catch(nothing) // what it waited for may be a connection that is silent
        if (!stopped.signal.aborted)
          log.warn(
            {
              job: job.name,
              failures,
              err: { message: (error as Error).message, code: (error as { code?: string }).code },
            },
            'a job failed; it will be tried again',
          )
      }
    }
  })
  return {
    async stop() {
      stopped.abort()
      await Promise.race([Promise.all(loops), sleep(FAREWELL_MS)])
      // Hints, not records; the database may be gone already.
      await Promise.race([Promise.allSettled([accesses.flush(), usage.flush()]), sleep(FAREWELL_MS)])
    },
  }
}

const nothing = () => undefined

/** A function that returns how much it did, as one that has turns. */
const counted = (call: string) => `(select nullif(${call}, 0) as done, false as failed) counted`

/** After a failure twice as long each time, and not at the same moment as other servers. */
const waitOf = ({ everyMs }: Job, failures: number) =>
  failures === 0
    ? everyMs
    : Math.min(everyMs * 2 ** failures, Math.max(everyMs, LONGEST_WAIT_MS)) * (0.5 + Math.random())

/** One run, given up when it takes too long: what it waits for may never come. */
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
    end() // a run that is still at it ends with its turn
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
