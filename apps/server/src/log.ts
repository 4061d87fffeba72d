import { type Logger, pino } from 'pino'

/** So much of the log waits in memory when whoever reads it does not. */
const MAX_WAITING_BYTES = 1024 * 1024

/**
 * Structured lines on standard error; standard output is for what a person asked to see. A reader that stops must not
 * stop the server: what it leaves waiting is bounded, lines beyond are dropped, and once it reads on it is told how
 * many.
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
    log.warn({ dropped: missing }, 'nobody read the log for a while: so many lines are missing before this one')
  }
  const destination = {
    write(line: string): void {
      if (stream.writableLength + lines.length > MAX_WAITING_BYTES) {
        dropped++
        return
      }
      if (lines === '') setImmediate(flush) // all lines of one turn of the event loop together
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
