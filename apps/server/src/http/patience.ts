import { outcomeUnknown } from '../db/session.ts'
import { Fault } from '../fault.ts'
import type { Work } from '../principal.ts'

/** If a handler has not replied after this long, check whether the database responds; then keep waiting, or fail. */
const PATIENCE_MS = 4_000
/** The time that abandoned work has to report how it ended. */
const LAST_WORD_MS = 1_000

const unavailable = () =>
  new Fault(
    'SERVICE_UNAVAILABLE',
    { retryAfterSeconds: 1 },
    { message: 'The database does not answer right now. Try again in a moment.' },
  )

/**
 * Waits for the reply as long as the database responds. If it does not, the work is abandoned. A write that may have
 * happened is never reported as refused.
 */
export async function patiently<T>(
  reply: Promise<T>,
  work: () => Work | undefined,
  giveUp: AbortController,
  isAlive: () => Promise<boolean>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const silence = new Promise<never>((_resolve, reject) => {
    const look = async () => {
      const alive = await isAlive()
      if (isOver) return
      if (alive) {
        timer = setTimeout(look, PATIENCE_MS)
        return
      }
      giveUp.abort(unavailable())
      timer = setTimeout(() => reject(work()?.mayHaveWritten ? outcomeUnknown() : giveUp.signal.reason), LAST_WORD_MS)
    }
    timer = setTimeout(look, PATIENCE_MS)
  })
  try {
    return await Promise.race([reply, silence])
  } finally {
    isOver = true
    clearTimeout(timer)
  }
}
