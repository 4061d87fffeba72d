import type { ErrorBody, ErrorCode } from './models.ts'
import { KINDS } from './rules.ts'

/*
 * DakeraError                    everything this package throws on purpose; switch on `code`
 * ├── ApiError                   the server answered with an error: status, requestId, body, docs
 * │   ├── ValidationError        400 413 422   issues
 * │   ├── AuthenticationError    401
 * │   ├── AuthorizationError     403
 * │   ├── NotFoundError          404
 * │   ├── ConflictError          409
 * │   ├── RateLimitError         429           retryAfter
 * │   └── ServerError            5xx           retryAfter
 * ├── ConnectionError            no whole answer arrived
 * ├── TimeoutError               none arrived in time
 * ├── ResponseError              an answer arrived that no Dakera server gives: HTML, a redirect, broken JSON
 * └── UsageError                 the client was set up or called in a way that cannot work; nothing was sent
 */

/** What `code` says when the server had no part in the failure. */
export type ClientErrorCode = 'CONNECTION_FAILED' | 'TIMEOUT' | 'INVALID_RESPONSE' | 'INVALID_USAGE'

/** Base of everything this package throws on purpose. Switch on `code`. */
export class DakeraError extends Error {
  override name = 'DakeraError'
  /** An `ErrorCode` of the server or a `ClientErrorCode`; `HTTP_<status>` when a proxy answered without either. */
  readonly code: ErrorCode | ClientErrorCode | (string & {})
  /** The HTTP status, if there was an answer. */
  readonly status: number | undefined
  /** Leads to the log entry of the server, if there was an answer that had one. */
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

/** What an `ApiError` is made from. */
export type ApiErrorDetails = {
  operation: string
  status: number
  body: unknown
  requestId?: string | undefined
  retryAfter?: number | undefined
}

/** The server answered with an error. */
export class ApiError extends DakeraError {
  override name = 'ApiError'
  declare readonly status: number
  /** The decoded reply; the text of it when it was no JSON. */
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

/** The request is not one the server takes: 400, 413 or 422. */
export class ValidationError extends ApiError {
  override name = 'ValidationError'
  /** Each field that is wrong, with its path. */
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

/** The key is known and may not do this: 403. */
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
  /** Seconds to wait, if the server said so. */
  readonly retryAfter: number | undefined
  constructor(details: ApiErrorDetails) {
    super(details)
    this.retryAfter = details.retryAfter
  }
}

/** Something broke on the server's side: 5xx. */
export class ServerError extends ApiError {
  override name = 'ServerError'
  /** Seconds to wait, if the server said so. */
  readonly retryAfter: number | undefined
  constructor(details: ApiErrorDetails) {
    super(details)
    this.retryAfter = details.retryAfter
  }
}

/** The server could not be reached, or the connection ended before the whole answer was there. */
export class ConnectionError extends DakeraError {
  override name = 'ConnectionError'
  constructor(message: string, cause?: unknown) {
    super(message, { code: 'CONNECTION_FAILED', cause })
  }
}

/** No answer arrived within `timeoutMs`. */
export class TimeoutError extends DakeraError {
  override name = 'TimeoutError'
  constructor(message: string) {
    super(message, { code: 'TIMEOUT' })
  }
}

/** An answer arrived that no Dakera server gives. Most often something else listens at `baseUrl`. */
export class ResponseError extends DakeraError {
  override name = 'ResponseError'
  constructor(message: string, details: { status: number; requestId?: string | undefined; cause?: unknown }) {
    super(message, { ...details, code: 'INVALID_RESPONSE' })
  }
}

/** The client was set up or called in a way that cannot work. Nothing was sent. */
export class UsageError extends DakeraError {
  override name = 'UsageError'
  constructor(message: string, cause?: unknown) {
    super(message, { code: 'INVALID_USAGE', cause })
  }
}

/** The class for a status. */
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
