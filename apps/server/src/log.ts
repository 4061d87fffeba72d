import { type Logger, pino } from 'pino'

/** The maximum number of bytes of the log that wait in memory while its reader does not read. */
const MAX_WAITING_BYTES = 1024 * 1024

/**
 * Writes structured lines to standard error; standard output is for what a person asked to see. A reader that stops
 * must not stop the server: the waiting lines are bounded, further ones are dropped, and their number is logged once
 * the reader continues.
 */
export function createLog(level: string, stream: NodeJS.WriteStream = process.stderr): Logger {
  let lines = ''
  let dropped = 0
  const flush = () => {
    if (lines !== '') stream.write(lines)
    lines = ''
    if (dropped === 0 || stream.writableLength > 0) return
    const missing = dropped
    dropped = 0
    log.warn({ dropped: missing }, 'the log was not read for a while: this many lines before this one are missing')
  }
  const destination = {
    write(line: string): void {
      if (stream.writableLength + lines.length > MAX_WAITING_BYTES) {
        dropped++
        return
      }
      if (lines === '') setImmediate(flush) // writes all lines of one turn of the event loop together
      lines += line
    },
  }
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  process.on('exit', flush)
  return log
}
