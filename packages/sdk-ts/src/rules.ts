// @generated from packages/protocol by packages/codegen; do not edit.

/** Statuses after which an attempt is retried. */
export const RETRIED = new Set([408, 429, 500, 502, 503, 504])
export const FIRST_WAIT_MS = 500
export const LONGEST_WAIT_MS = 8000
export const MOST_WAIT_MS = 60000

/** The kind of error for a status. */
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

/** The fields of requests that contain a moment. */
export const MOMENTS = new Set([
  'expires_at',
  'created_after',
  'created_before',
  'before_timestamp',
  'since',
  'until',
  'valid_from',
])

/** The fields of replies that contain a new secret. */
export const SECRETS = ['key', 'new_key']
