/** Waits. Returns false if the signal aborted before the time was over. */
export function pause(ms: number, signal: AbortSignal): Promise<boolean> {
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
