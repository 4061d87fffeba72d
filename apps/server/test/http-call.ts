import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { docsUrl, ERRORS, ErrorBody, type ErrorCode } from '@dakera-ai/protocol'
import { expect } from 'vitest'

export type Call = {
  method?: string
  /** Sent as the bearer's secret. */
  key?: string | undefined
  headers?: Record<string, string | string[]>
  /** Text and bytes are sent unchanged, anything else as JSON. */
  body?: unknown
  /** Without Content-Length. */
  chunked?: boolean
}
export type Answer = { status: number; headers: IncomingHttpHeaders; text: string; json: unknown; requestId: string }

/**
 * Sends a request unchanged: no client repairs its path, headers or body. The path may contain characters that are
 * invalid in a URL.
 */
export function send(url: string, path: string, how: Call = {}): Promise<Answer> {
  const { method = 'GET', key, headers = {}, body, chunked = false } = how
  const { hostname, port } = new URL(url)
  const requestId = `req_test_${crypto.randomUUID()}`
  const bytes =
    body === undefined
      ? undefined
      : typeof body === 'string' || body instanceof Uint8Array
        ? body
        : JSON.stringify(body)
  const length = chunked
    ? { 'transfer-encoding': 'chunked' }
    : bytes === undefined
      ? {}
      : { 'content-length': String(Buffer.byteLength(bytes)) }
  const credential = key === undefined ? {} : { authorization: `Bearer ${key}` }
  return new Promise((resolve, reject) => {
    const call = request(
      {
        hostname,
        port,
        path,
        method,
        agent,
        headers: { 'x-request-id': requestId, ...length, ...credential, ...headers },
      },
      (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => chunks.push(chunk)).once('error', reject)
        reply.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text, json: parsed(text), requestId })
        })
      },
    )
    call.once('error', (error: NodeJS.ErrnoException) => {
      // The server closes a connection that was idle, perhaps at the moment it is used again. On a new connection the
      // same failure counts.
      if (call.reusedSocket && error.code === 'ECONNRESET') resolve(send(url, path, how))
      else reject(error)
    })
    call.end(bytes)
  })
}

const agent = new Agent({ keepAlive: true, maxSockets: 100 })

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Returns the problems of an error response, in words; empty if it has the documented shape. */
export function flawsOf({ status, headers, text, json, requestId }: Answer): string[] {
  const result = ErrorBody.strict().safeParse(json)
  if (!result.success) return [`not the error shape: ${text.slice(0, 300)}`]
  const { error, code, docs, request_id } = result.data
  const rules: [boolean, string][] = [
    [
      result.data.status === status && ERRORS[code].status === status,
      `the status of ${code} is ${ERRORS[code].status}, not ${status}`,
    ],
    [docs === docsUrl(code, new URL(docs).origin), `docs: ${docs}`],
    [
      request_id === requestId && headers['x-request-id'] === requestId,
      `request id: ${request_id}, header ${String(headers['x-request-id'])}, sent ${requestId}`,
    ],
    [headers['content-type']?.startsWith('application/json') === true, `content type: ${headers['content-type']}`],
    [error.length >= 10, `says nothing: ${error}`],
    [
      !/\n\s+at |node_modules|\.[tj]s:\d|select |insert into|postgres/i.test(text.replaceAll(docs, '')),
      `shows the inside: ${text}`,
    ],
    [status !== 401 || headers['www-authenticate'] === 'Bearer', '401 without WWW-Authenticate'],
    [status !== 503 || /^[1-9]\d*$/.test(String(headers['retry-after'])), '503 without Retry-After'],
  ]
  return rules.filter(([holds]) => !holds).map(([, flaw]) => flaw)
}

/** Expects the error shape with this code; `says` must match the message or the path of an issue. */
export function expectError(answer: Answer, code: ErrorCode, says?: string | RegExp): void {
  expect([answer.status, (answer.json as { code?: string } | undefined)?.code ?? answer.text.slice(0, 200)]).toEqual([
    ERRORS[code].status,
    code,
  ])
  expect(flawsOf(answer)).toEqual([])
  if (says !== undefined) expect((answer.json as ErrorBody).error).toMatch(says)
}

const SIGNS: Record<string, string> = { '&#39;': "'", '&quot;': '"', '&lt;': '<', '&gt;': '>', '&amp;': '&' }
export const unescapeHtml = (html: string) => html.replaceAll(/&[^;]+;/g, (sign) => SIGNS[sign] ?? sign)
