const TICK_MS = 100

/**
 * Returns the response, or `late()` if none came in time. Only time in which this process could have received it
 * counts: a busy event loop is not the database's fault.
 */
export function withTimeout<T>(answer: Promise<T>, ms: number, late: () => T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>()
  let ticks = ms / TICK_MS
  const timer = setInterval(() => --ticks > 0 || resolve(late()), TICK_MS).unref()
  return Promise.race([answer, promise]).finally(() => clearInterval(timer))
}
