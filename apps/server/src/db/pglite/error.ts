/**
 * IN_USE: another process has the directory. UNUSABLE: it cannot be opened. STOPPED: the disk or the database failed
 * while running.
 */
export type PgliteErrorCode = 'IN_USE' | 'UNUSABLE' | 'STOPPED'

/** What the embedded database says when it cannot go on. The message is for the operator and says what to do. */
export class PgliteError extends Error {
  override readonly name = 'PgliteError'
  readonly code: PgliteErrorCode

  constructor(code: PgliteErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Whether the disk has no room, by what the file system or Postgres says of it. */
export const isFull = (error: Error): boolean => /ENOSPC|EDQUOT|No space left|quota|disk is full/i.test(error.message)
