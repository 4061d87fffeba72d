/** The owners whose slices wait, in the order of their turns. */
const waiting = new Map<string, (() => void)[]>()

/**
 * Resolves when the caller may compute for some milliseconds in the server's only thread. Long work waits here between
 * its slices. One slice runs per turn of the event loop, so requests are served in between, and owners take turns,
 * however many slices one of them has waiting.
 */
export function nextTimeSlice(owner: string): Promise<void> {
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
