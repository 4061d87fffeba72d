/** Whose slices wait, in the order of their turns. */
const waiting = new Map<string, (() => void)[]>()

/**
 * Resolves when it is the caller's turn to compute for some milliseconds in the server's one thread. Long work waits
 * here between its slices: one slice of all that wait runs at each turn of the event loop, so that everybody else's
 * requests are served in between, and owners take turns, however many slices one of them has waiting.
 */
export function nextSlice(owner: string): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.size === 0) setImmediate(begin)
    const own = waiting.get(owner)
    if (own) own.push(resolve)
    else waiting.set(owner, [resolve])
  })
}

function begin(): void {
  for (const [owner, own] of waiting) {
    waiting.delete(owner)
    own.shift()?.()
    if (own.length > 0) waiting.set(owner, own)
    break
  }
  if (waiting.size > 0) setImmediate(begin)
}
