import * as z from 'zod'

type Spec = { status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 429 | 500 | 503; retry: boolean; title: string }

/**
 * Every error this API can return. The server, openapi.json, the four SDKs and docs/errors/<CODE>.md are generated from
 * or checked against this table.
 */
export const ERRORS = {
  INVALID_REQUEST: { status: 400, retry: false, title: 'The request does not match the schema.' },
  DIMENSION_MISMATCH: {
    status: 400,
    retry: false,
    title: 'The embedding does not have the dimension of the namespace.',
  },
  EMPTY_VECTOR: {
    status: 400,
    retry: false,
    title: 'The embedding is empty or all zeros, so it has no direction to compare.',
  },
  AUTHENTICATION_REQUIRED: {
    status: 401,
    retry: false,
    title: 'No API key was sent. Send it as "Authorization: Bearer <key>".',
  },
  INVALID_API_KEY: { status: 401, retry: false, title: 'The API key is unknown or no longer active.' },
  API_KEY_EXPIRED: { status: 401, retry: false, title: 'The API key has expired. Ask an admin for a new one.' },
  INSUFFICIENT_SCOPE: {
    status: 403,
    retry: false,
    title: 'The API key has a grant here, but not the one this call needs.',
  },
  NAMESPACE_ACCESS_DENIED: { status: 403, retry: false, title: 'The API key has no grant on this namespace.' },
  NAMESPACE_NOT_FOUND: { status: 404, retry: false, title: 'No namespace with that name exists.' },
  NOT_FOUND: { status: 404, retry: false, title: 'No resource with that id or path is visible to this key.' },
  METHOD_NOT_ALLOWED: { status: 405, retry: false, title: 'This path does not support that method.' },
  CONFLICT: { status: 409, retry: false, title: 'The change conflicts with what is stored.' },
  PAYLOAD_TOO_LARGE: { status: 413, retry: false, title: 'The request body is larger than the server accepts.' },
  RATE_LIMITED: {
    status: 429,
    retry: true,
    title: 'Too many requests. Wait for the number of seconds in Retry-After.',
  },
  INTERNAL_ERROR: {
    status: 500,
    retry: true,
    title: 'An unexpected error on the server. The request id identifies the log entry.',
  },
  SERVICE_UNAVAILABLE: {
    status: 503,
    retry: true,
    title: 'The server cannot respond right now. Wait for the number of seconds in Retry-After.',
  },
} as const satisfies Record<string, Spec>

export type ErrorCode = keyof typeof ERRORS

/** The kind of failure behind a status; the SDKs have a class or a variant for each. Any other status is `api`. */
export const KINDS = {
  400: 'validation',
  401: 'authentication',
  403: 'authorization',
  404: 'not_found',
  409: 'conflict',
  413: 'validation',
  422: 'validation',
  429: 'rate_limit',
} as const
export type Kind = (typeof KINDS)[keyof typeof KINDS] | 'server' | 'api'

export const kindOf = (status: number): Kind =>
  KINDS[status as keyof typeof KINDS] ?? (status >= 500 ? 'server' : 'api')

/**
 * How every SDK repeats a try that failed: in one of these statuses, or without a whole answer. The wait doubles from
 * the first to the longest, less up to half of it. `Retry-After` wins, up to `mostWaitMs`.
 */
export const RETRY = {
  statuses: [408, 429, 500, 502, 503, 504],
  firstWaitMs: 500,
  longestWaitMs: 8000,
  mostWaitMs: 60_000,
} as const

/** The address of a server with default settings. */
export const DEFAULT_ORIGIN = 'http://localhost:3300'

/**
 * Returns the URL of the page about a code, on the server that responded: it works offline and describes that release.
 */
export const docsUrl = (code: ErrorCode, origin = DEFAULT_ORIGIN) => `${origin}/docs/errors/${code}`

const Issue = z.object({ path: z.string(), message: z.string() }).meta({ id: 'Issue' })

export const ErrorBody = z
  .object({
    error: z.string().meta({ description: 'Human-readable message.' }),
    code: z
      .enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]])
      .meta({ description: 'Machine-readable code. Its meaning never changes.' }),
    status: z.int().meta({ description: 'The HTTP status of the response.' }),
    resource: z.string().optional().meta({ description: 'The namespace or id the error is about.' }),
    issues: z.array(Issue).optional().meta({ description: 'Every invalid field, with its path.' }),
    docs: z.url().meta({ description: 'The page about this code.' }),
    request_id: z.string().meta({ description: 'Identifies the request in the log of the server.' }),
  })
  .meta({ id: 'Error', description: 'The body of every error response.' })
export type ErrorBody = z.output<typeof ErrorBody>
