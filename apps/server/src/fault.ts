import { docsUrl, ERRORS, type ErrorBody, type ErrorCode } from '@dakera-ai/protocol'

type Details = {
  resource?: string | undefined
  issues?: { path: string; message: string }[]
  retryAfterSeconds?: number
}

/**
 * An error of the API, thrown anywhere below a route. The message and details are sent to the caller; `cause` never is.
 */
export class Fault extends Error {
  readonly code: ErrorCode
  readonly details: Details
  constructor(code: ErrorCode, details: Details = {}, options: { message?: string | undefined; cause?: unknown } = {}) {
    super(options.message || ERRORS[code].title, { cause: options.cause })
    this.code = code
    this.details = details
  }
}

/**
 * The SQLSTATE of the errors that raise_api_error() raises: the message is the code, the detail the sentence, and the
 * hint the resource.
 */
const OURS = 'DK000'
/** Matches a sentence of such an error that begins with the field of the request it is about. */
const NAMED_PART = /^(?<path>[a-z_.]+): (?<message>.+)$/

const UNIQUE_VIOLATION = '23505'

/** Other errors of Postgres that the caller causes. */
const SQLSTATES: Record<string, [ErrorCode, string?]> = {
  [UNIQUE_VIOLATION]: ['CONFLICT', 'Something with this id or name exists already.'],
  '23503': ['CONFLICT', 'What this refers to has just been removed.'],
  '42501': ['NAMESPACE_ACCESS_DENIED'],
  '22021': ['INVALID_REQUEST', 'The text is not valid UTF-8.'],
  '22P05': ['INVALID_REQUEST', 'The text contains a character that cannot be stored.'],
  '22003': ['INVALID_REQUEST', 'A number is out of range.'],
  '22007': ['INVALID_REQUEST', 'A date cannot be read.'],
  '22008': ['INVALID_REQUEST', 'A date is out of range.'],
  '22009': ['INVALID_REQUEST', 'A date is out of range.'],
  '22P02': ['INVALID_REQUEST', 'A value in the request cannot be read: check for lone surrogates in names and values.'],
  '54001': ['INVALID_REQUEST', 'The request is nested too deeply for the database. Send less at once.'],
  '54000': [
    'INVALID_REQUEST',
    'The content has more distinct words than can be indexed. Split it into several memories.',
  ],
}

/**
 * Postgres is unreachable, restarting, full, or has ended the statement at its time limit: the same request may succeed
 * later. Classes come first, then single codes.
 */
const AWAY = /^(08|53|57P|58)|^(40001|40P01|55000|55P03|57014|25006)$/
/**
 * The error of pgvector for vectors of different lengths: the database switched to another embedder between the check
 * and the comparison.
 */
const DATA_EXCEPTION = '22000'
const MOVING = 'The database has just moved to another embedding model. Try again.'
const DISK_FULL = '53100'
const NO_ROOM = 'The disk of the database is full. Nothing was lost; its operator must make room. Try again later.'
/** The reason with which the embedded database ends if its disk is full. */
const ITS_DISK_IS_FULL = 'The disk is full'
const STATEMENT_TIMEOUT = '57014'
const TOO_LONG =
  'The database took longer than the server lets it (for searches: DAKERA_SEARCH_TIMEOUT_MS). Ask for fewer ' +
  'words or with a narrower filter, or try again when it is less busy.'
const DISCONNECTED = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'CONNECTION_CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOENT',
])

/** Errors of a database that is shutting down: the transaction may have been committed just before. */
const GOING_DOWN = /^(08|57P0[123])/

/** Returns whether the response to a statement was lost with its connection, whatever ended that. */
export function connectionIsLost(error: unknown): boolean {
  const found = databaseError(error)
  if (!found) return false
  const { code = '', cause } = found
  return DISCONNECTED.has(code) || GOING_DOWN.test(code) || connectionIsLost(cause)
}

export function diskIsFull(error: unknown): boolean {
  const { code = '', message = '' } = databaseError(error) ?? {}
  return code === DISK_FULL || (GOING_DOWN.test(code) && message.includes(ITS_DISK_IS_FULL))
}

/** Returns whether an id or a name is taken. With row-level security Postgres does not say which. */
export const isTaken = (error: unknown) => databaseError(error)?.code === UNIQUE_VIOLATION

/** Returns the error for an id that the caller chose and that exists already; `path` is its field in the request. */
export function taken(what: string, id: string, path: string, cause: unknown): Fault {
  const message = `a ${what} with the id "${id}" exists already`
  return new Fault(
    'CONFLICT',
    { resource: id, issues: [{ path, message }] },
    { message: `${path}: ${message}.`, cause },
  )
}

const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(ERRORS, code)

/** Returns the error for an id of which nothing is visible to the key. */
export const absent = (what: string, id: string) =>
  new Fault('NOT_FOUND', { resource: id }, { message: `No ${what} with that id is visible to this key.` })

type DatabaseError = { code?: string; message?: string; detail?: string; hint?: string; cause?: unknown }

export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const found = databaseError(error)
  const state = found?.code ?? ''
  const code = found?.message
  if (state === OURS && isErrorCode(code)) {
    const { path, message = '' } = NAMED_PART.exec(found?.detail ?? '')?.groups ?? {}
    const details = {
      resource: found?.hint || undefined,
      ...(path && { issues: [{ path, message }] }),
      ...(code === 'RATE_LIMITED' && { retryAfterSeconds: 60 }), // when replies are counted again
    }
    return new Fault(code, details, { message: found?.detail, cause: error })
  }
  if (state === DATA_EXCEPTION && found?.message?.includes('dimensions'))
    return new Fault('SERVICE_UNAVAILABLE', {}, { message: MOVING, cause: error })
  if (diskIsFull(error))
    return new Fault('SERVICE_UNAVAILABLE', { retryAfterSeconds: 10 }, { message: NO_ROOM, cause: error })
  if (state === STATEMENT_TIMEOUT) return new Fault('SERVICE_UNAVAILABLE', {}, { message: TOO_LONG, cause: error })
  const known = SQLSTATES[state]
  if (known) return new Fault(known[0], {}, { message: known[1], cause: error })
  if (AWAY.test(state) || DISCONNECTED.has(state)) {
    return new Fault(
      'SERVICE_UNAVAILABLE',
      { retryAfterSeconds: 1 },
      { message: 'The database does not answer right now. Try again in a moment.', cause: error },
    )
  }
  return new Fault('INTERNAL_ERROR', {}, { cause: error })
}

/** Returns the error of the driver, which drizzle wraps as a cause. */
function databaseError(error: unknown): DatabaseError | undefined {
  for (let at = error as DatabaseError | undefined; at; at = at.cause as DatabaseError | undefined)
    if (typeof at.code === 'string') return at
  return undefined
}

/**
 * Returns the body of an error response. `origin` is the address at which the caller reaches this server, which has the
 * page about the code.
 */
export function toBody({ code, message, details }: Fault, requestId: string, origin?: string): ErrorBody {
  const { resource, issues } = details
  return {
    error: message,
    code,
    status: ERRORS[code].status,
    ...(resource && { resource }),
    ...(issues && { issues }),
    docs: docsUrl(code, origin),
    request_id: requestId,
  }
}
