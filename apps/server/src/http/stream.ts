import type { ServerResponse } from 'node:http'

type Options = {
  /** Ends the stream early: the client has hung up, or the server drains. */
  signal: AbortSignal
  /** Undefined in a call from within the process. */
  connection: ServerResponse | undefined
  /** Counts a chunk that is about to be sent. May throw. */
  hold(bytes: number): void
  /** Stops counting a chunk that the connection has taken. */
  release(bytes: number): void
  /** Reports why the chunks ended early. */
  onError(error: unknown): void
}

/**
 * Returns the chunks as the body of a response. The next chunk is requested only when the connection has taken the
 * previous one, so a slow client keeps one chunk in memory.
 */
export function streamBody(
  chunks: AsyncIterable<string | Uint8Array>,
  { signal, connection, hold, release, onError }: Options,
): { body: ReadableStream<Uint8Array>; ended: Promise<void> } {
  const iterator = chunks[Symbol.asyncIterator]()
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const encoder = new TextEncoder()
  let held = 0
  const end = () => {
    signal.removeEventListener('abort', end)
    iterator.return?.().catch(() => {})
    resolve()
  }
  signal.addEventListener('abort', end)
  if (signal.aborted) end()

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        release(held)
        held = 0
        try {
          const next = await Promise.race([iterator.next(), ended])
          if (!next || next.done || signal.aborted) {
            end()
            return controller.close()
          }
          const bytes = typeof next.value === 'string' ? encoder.encode(next.value) : next.value
          hold(bytes.length)
          held = bytes.length
          controller.enqueue(bytes)
        } catch (error) {
          end()
          if (signal.aborted) return controller.close()
          onError(error)
          // The client must not mistake a part for the whole.
          if (connection) connection.destroy()
          else controller.error(error)
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
  return { body, ended }
}
