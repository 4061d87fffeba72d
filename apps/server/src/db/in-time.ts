const TICK_MS = 100

/**
 * The answer, or what is said when none came within so long in which this process could have heard it: a busy event
 * loop is not the database's fault.
 */
export function inTime<T>(answer: Promise<T>, ms: number, late: () => T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>()
  let ticks = ms / TICK_MS
  const timer = setInterval(() => --ticks > 0 || resolve(late()), TICK_MS).unref()
  return Promise.race([answer, promise]).finally(() => clearInterval(timer))
}
