import { readFileSync, writeFileSync } from 'node:fs'
import { docsUrl, type Endpoint, ERRORS, type ErrorCode, endpoints } from '../src/index.ts'

/**
 * Writes errors.json: for every operation, each error it declares, after the operation's first success case.
 * An error that may pass is answered three times, so that the case also shows that the client tried three times.
 */
type Case = {
  operation: string
  call: object
  requests: Array<{ method: string; path: string }>
  replies: unknown[]
  result?: unknown
}

const KINDS: Record<number, string> = {
  400: 'validation',
  401: 'authentication',
  403: 'authorization',
  404: 'not_found',
  409: 'conflict',
  413: 'validation',
  429: 'rate_limit',
}
const read = (name: string): Case[] => JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'))
const successes = ['health', 'namespaces', 'keys', 'namespace-keys', 'memories', 'sessions', 'agents']
  .flatMap(read)
  .filter(({ result }) => result !== undefined)

const cases = Object.values(endpoints)
  .flatMap((group): Endpoint[] => Object.values(group))
  .flatMap(({ id, errors }) => {
    const success = successes.find(({ operation }) => operation === id)
    return success
      ? [...errors, 'RATE_LIMITED' as const, 'INTERNAL_ERROR' as const, 'SERVICE_UNAVAILABLE' as const].map((code) =>
          failure(success, code),
        )
      : []
  })

function failure({ operation, call, requests: [request] }: Case, code: ErrorCode) {
  const { status, retry, title } = ERRORS[code]
  const tries = retry && operation !== 'health.ready' ? 3 : 1
  const body = { error: title, code, status, docs: docsUrl(code), request_id: 'req_1' }
  const headers = { 'content-type': 'application/json', 'x-request-id': 'req_1', ...(retry && { 'retry-after': '0' }) }
  return {
    name: `${operation} answers ${code}`,
    operation,
    call,
    replies: Array.from({ length: tries }, () => ({ status, headers, body })),
    requests: Array.from({ length: tries }, () => ({ method: request?.method, path: request?.path })),
    error: { kind: KINDS[status] ?? 'server', status, code, request_id: 'req_1' },
    tries,
  }
}

writeFileSync(
  new URL('errors.json', import.meta.url),
  `[\n  ${cases.map((one) => JSON.stringify(one)).join(',\n  ')}\n]\n`,
)
