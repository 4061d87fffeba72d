const waiting: (() => void)[] = []

/**
 * Resolves when it is the caller's turn to compute for some milliseconds in the server's one thread. Long work waits here between
 * its slices: one slice of all that wait runs at each turn of the event loop, so that everybody else's requests are served in between.
 */
export function nextSlice(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(begin)
  })
}

function begin(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(begin)
}
