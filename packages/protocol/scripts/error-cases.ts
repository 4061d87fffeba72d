import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { docsUrl, type Endpoint, ERRORS, type ErrorCode, endpoints, kindOf } from '../src/index.ts'

type Case = {
  operation: string
  call: object
  requests: Array<{ method: string; path: string }>
  replies: unknown[]
  result?: unknown
}

/**
 * conformance/errors.json: for every operation, each error it declares, after the operation's first success case.
 * An error that may pass is answered three times, so that the case also shows that the client tried three times.
 */
export function errorCases(): string {
  const successes = successCases()
  const cases = Object.values(endpoints)
    .flatMap((group): Endpoint[] => Object.values(group))
    .flatMap(({ id, errors }) => {
      const success = successes.find(({ operation }) => operation === id)
      const codes = [...errors, 'RATE_LIMITED', 'INTERNAL_ERROR', 'SERVICE_UNAVAILABLE'] as const
      return success ? codes.map((code) => failure(success, code)) : []
    })
  return `[\n  ${cases.map((one) => JSON.stringify(one)).join(',\n  ')}\n]`
}

/** Each resource's own file; requests.json is about calls in general. */
function successCases(): Case[] {
  const folder = join(import.meta.dirname, '../conformance')
  return globSync('*.json', { cwd: folder, exclude: ['errors.json', 'requests.json'] })
    .flatMap((file): Case[] => JSON.parse(readFileSync(join(folder, file), 'utf8')))
    .filter(({ result }) => result !== undefined)
}

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
    error: { kind: kindOf(status), status, code, request_id: 'req_1' },
    tries,
  }
}
