import type { ErrorBody, ErrorCode } from './models.ts'
import { KINDS } from './rules.ts'

/*
 * DakeraError                    base of all errors of this package; switch on `code`
 * ├── ApiError                   the server responded with an error: status, requestId, body, docs
 * │   ├── ValidationError        400 413 422   issues
 * │   ├── AuthenticationError    401
 * │   ├── AuthorizationError     403
 * │   ├── NotFoundError          404
 * │   ├── ConflictError          409
 * │   ├── RateLimitError         429           retryAfter
 * │   └── ServerError            5xx           retryAfter
 * ├── ConnectionError            no complete response arrived
 * ├── TimeoutError               no response arrived in time
 * ├── ResponseError              the response is not from a Dakera server: HTML, a redirect, invalid JSON
 * └── UsageError                 the client was configured or called incorrectly; nothing was sent
 */

/** Codes of failures that the server had no part in. */
export type ClientErrorCode = 'CONNECTION_FAILED' | 'TIMEOUT' | 'INVALID_RESPONSE' | 'INVALID_USAGE'

/** Base of all errors that this package throws. Switch on `code`. */
export class DakeraError extends Error {
  override name = 'DakeraError'
  /** An `ErrorCode` of the server or a `ClientErrorCode`; `HTTP_<status>` if a proxy responded without a code. */
  readonly code: ErrorCode | ClientErrorCode | (string & {})
  /** The HTTP status, if there was a response. */
  readonly status: number | undefined
  /** Identifies the log entry of the server, if the response had an id. */
  readonly requestId: string | undefined
  constructor(
    message: string,
    details: { code: string; status?: number; requestId?: string | undefined; cause?: unknown },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.status = details.status
    this.requestId = details.requestId
  }
}

/** The parts of an `ApiError`. */
export type ApiErrorDetails = {
  operation: string
  status: number
  body: unknown
  requestId?: string | undefined
  retryAfter?: number | undefined
}

/** The server responded with an error. */
export class ApiError extends DakeraError {
  override name = 'ApiError'
  declare readonly status: number
  /** The decoded reply; its text if it is not JSON. */
  readonly body: unknown
  /** The page about this code. */
  readonly docs: string | undefined
  /** The namespace or id the error is about. */
  readonly resource: string | undefined
  constructor({ operation, status, body, requestId }: ApiErrorDetails) {
    const said: Partial<ErrorBody> = isErrorBody(body) ? body : {}
    const code = said.code ?? `HTTP_${status}`
    const id = said.request_id ?? requestId
    super(
      `${operation}: ${status} ${code}: ` +
        `${said.error ?? 'no error body of Dakera came with it'}${id ? ` (request ${id})` : ''}`,
      {
        code,
        status,
        requestId: id,
      },
    )
    this.body = body
    this.docs = said.docs
    this.resource = said.resource
  }
}

/** The server does not accept the request: 400, 413 or 422. */
export class ValidationError extends ApiError {
  override name = 'ValidationError'
  /** Each invalid field, with its path. */
  readonly issues: ReadonlyArray<{ path: string; message: string }>
  constructor(details: ApiErrorDetails) {
    super(details)
    this.issues = (isErrorBody(details.body) && details.body.issues) || []
  }
}

/** The key is missing, unknown, inactive or expired: 401. */
export class AuthenticationError extends ApiError {
  override name = 'AuthenticationError'
}

/** The key is valid but may not do this: 403. */
export class AuthorizationError extends ApiError {
  override name = 'AuthorizationError'
}

/** No resource with that id or name is visible to this key: 404. */
export class NotFoundError extends ApiError {
  override name = 'NotFoundError'
}

/** The change conflicts with what is stored: 409. */
export class ConflictError extends ApiError {
  override name = 'ConflictError'
}

/** Too many requests: 429. */
export class RateLimitError extends ApiError {
  override name = 'RateLimitError'
  /** Seconds to wait, if the server sent them. */
  readonly retryAfter: number | undefined
  constructor(details: ApiErrorDetails) {
    super(details)
    this.retryAfter = details.retryAfter
  }
}

/** The server failed: 5xx. */
export class ServerError extends ApiError {
  override name = 'ServerError'
  /** Seconds to wait, if the server sent them. */
  readonly retryAfter: number | undefined
  constructor(details: ApiErrorDetails) {
    super(details)
    this.retryAfter = details.retryAfter
  }
}

/** The server could not be reached, or the connection ended before the complete response arrived. */
export class ConnectionError extends DakeraError {
  override name = 'ConnectionError'
  constructor(message: string, cause?: unknown) {
    super(message, { code: 'CONNECTION_FAILED', cause })
  }
}

/** No response arrived within `timeoutMs`. */
export class TimeoutError extends DakeraError {
  override name = 'TimeoutError'
  constructor(message: string) {
    super(message, { code: 'TIMEOUT' })
  }
}

/** The response is not from a Dakera server. Most often another program listens at `baseUrl`. */
export class ResponseError extends DakeraError {
  override name = 'ResponseError'
  constructor(message: string, details: { status: number; requestId?: string | undefined; cause?: unknown }) {
    super(message, { ...details, code: 'INVALID_RESPONSE' })
  }
}

/** The client was configured or called incorrectly. Nothing was sent. */
export class UsageError extends DakeraError {
  override name = 'UsageError'
  constructor(message: string, cause?: unknown) {
    super(message, { code: 'INVALID_USAGE', cause })
  }
}

/** Returns the error of the class for a status. */
export function apiError(details: ApiErrorDetails): ApiError {
  const kind = KINDS[details.status as keyof typeof KINDS]
  if (kind) return new CLASSES[kind](details)
  return details.status >= 500 ? new ServerError(details) : new ApiError(details)
}

const CLASSES = {
  validation: ValidationError,
  authentication: AuthenticationError,
  authorization: AuthorizationError,
  not_found: NotFoundError,
  conflict: ConflictError,
  rate_limit: RateLimitError,
} satisfies Record<(typeof KINDS)[keyof typeof KINDS], typeof ApiError>

const isErrorBody = (body: unknown): body is ErrorBody =>
  typeof body === 'object' &&
  body !== null &&
  typeof (body as ErrorBody).error === 'string' &&
  typeof (body as ErrorBody).code === 'string'
