/**
 * IN_USE: another process has the directory. UNUSABLE: it cannot be opened. STOPPED: the disk or the database failed
 * while running.
 */
export type PgliteErrorCode = 'IN_USE' | 'UNUSABLE' | 'STOPPED'

/** The error of an embedded database that cannot continue. The message tells the operator what to do. */
export class PgliteError extends Error {
  override readonly name = 'PgliteError'
  readonly code: PgliteErrorCode

  constructor(code: PgliteErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Returns whether the disk is full, according to the message of the file system or of Postgres. */
export const isFull = (error: Error): boolean => /ENOSPC|EDQUOT|No space left|quota|disk is full/i.test(error.message)
