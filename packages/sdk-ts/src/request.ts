import { apiError, ConnectionError, DakeraError, ResponseError, TimeoutError, UsageError } from './errors.ts'
import { toJson } from './json.ts'
import { FIRST_WAIT_MS, LONGEST_WAIT_MS, MOST_WAIT_MS, RETRIED } from './rules.ts'
import { checkNumber, type Transport } from './transport.ts'
import { VERSION } from './version.ts'

/** The options of one call. */
export type RequestOptions = {
  /** Ends the call when it aborts; the call then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
  /** The time limit of one attempt, in milliseconds. */
  timeoutMs?: number | undefined
  /** The maximum number of retries of a failed attempt. */
  maxRetries?: number | undefined
  /** Sent with a write, so that a retry is not stored twice. The client generates one by default. */
  idempotencyKey?: string | undefined
}

/** Ids are unique per namespace. Without `namespace` the server looks in every namespace that the key may read. */
export type OwnerOptions = RequestOptions & { namespace?: string | undefined }

/** One operation, ready to be sent. */
export type Call<T> = {
  operation: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string | number | boolean | null | undefined>
  body?: unknown
  headers?: Record<string, string> | undefined
  /** Health calls: no key is needed, and none is sent. */
  isPublic?: boolean
  /** A POST that changes nothing needs no idempotency key. */
  isRead?: boolean
  options?: RequestOptions | undefined
  /** Makes the result from the decoded reply. */
  decode?: (reply: never) => T
}

/** Sends a call by HTTP: authentication, retries, time-outs, decoding of replies and errors. */
export async function request<T>(transport: Transport, call: Call<T>): Promise<T> {
  const { options = {} } = call
  const prepared = prepare(transport, call)
  const attempts = 1 + checkNumber('maxRetries', options.maxRetries ?? transport.maxRetries, 0)
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted()
    const outcome = await tryOnce(transport, call, prepared, attempt)
    if ('value' in outcome) return outcome.value
    const waitMs = outcome.retryAfterMs ?? backoffMs(attempt)
    if (attempt >= attempts || !outcome.isTransient || waitMs > MOST_WAIT_MS) throw outcome.error
    await pause(waitMs, options.signal)
  }
}

/** A browser sends its own user agent, and needs a preflight request to send another one. */
const USER_AGENT = globalThis.navigator?.userAgent?.startsWith('Mozilla/')
  ? {}
  : { 'user-agent': `dakera-typescript/${VERSION}` }

type Prepared = { url: string; headers: Headers; body: string | undefined }
type Outcome<T> = { value: T } | { error: DakeraError; isTransient: boolean; retryAfterMs?: number | undefined }

/** Called once, before the first attempt: all attempts have the same idempotency key. */
function prepare(
  transport: Transport,
  { operation, method, path, query = {}, body, headers, isPublic, isRead, options = {} }: Call<unknown>,
): Prepared {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value != null) search.set(name, String(value))
  const all = new Headers(transport.headers)
  const ours = { ...headers, ...USER_AGENT, accept: 'application/json', 'x-dakera-client': `sdk-ts/${VERSION}` }
  for (const [name, value] of Object.entries(ours)) all.set(name, value)
  if (body !== undefined) all.set('content-type', 'application/json')
  if (method !== 'GET' && !isRead) all.set('idempotency-key', options.idempotencyKey ?? randomId())
  if (!isPublic && !transport.apiKey)
    throw new UsageError(`${operation} needs an API key. Pass { apiKey } to the client or set DAKERA_API_KEY.`)
  return {
    url: transport.baseUrl + path + (search.size > 0 ? `?${search}` : ''),
    headers: all,
    body: body === undefined ? undefined : toJson(operation, body),
  }
}

async function tryOnce<T>(
  transport: Transport,
  call: Call<T>,
  { url, headers: prepared, body }: Prepared,
  attempt: number,
): Promise<Outcome<T>> {
  const { operation, method, options = {} } = call
  const about = { operation, method, url, attempt }
  const open = new Headers(prepared)
  await transport.hooks.onRequest?.({ ...about, headers: open })
  const headers = new Headers(open) // a copy: a hook that keeps its headers never sees the key
  if (!call.isPublic) headers.set('authorization', `Bearer ${transport.apiKey}`)

  const timeoutMs = checkNumber('timeoutMs', options.timeoutMs ?? transport.timeoutMs, 1)
  const deadline = abortAfter(timeoutMs, options.signal)
  const startedAt = Date.now()
  let response: Response
  let text: string
  try {
    // Redirects are not followed: the key would be sent wherever they lead.
    response = await transport.fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal: deadline.signal,
      ...(body === undefined ? {} : { body }),
    })
    text = await readText(response, transport.maxResponseBytes, operation)
  } catch (cause) {
    if (options.signal?.aborted) throw options.signal.reason
    if (deadline.hasPassed)
      return {
        error: new TimeoutError(`${operation}: no answer from ${new URL(url).host} within ${timeoutMs} ms.`),
        isTransient: true,
      }
    if (cause instanceof DakeraError) throw cause
    return {
      error: new ConnectionError(`${operation}: no whole answer from ${new URL(url).host}${describe(cause)}.`, cause),
      isTransient: true,
    }
  } finally {
    deadline.end()
  }
  await transport.hooks.onResponse?.({
    ...about,
    status: response.status,
    requestId: requestIdOf(response),
    durationMs: Date.now() - startedAt,
  })
  return judge(transport, call, response, text)
}

/** Returns the outcome of a response. */
function judge<T>(transport: Transport, { operation, decode }: Call<T>, response: Response, text: string): Outcome<T> {
  const { status, headers } = response
  const requestId = requestIdOf(response)
  const unusable = (problem: string, cause?: unknown): Outcome<T> => {
    const tail = requestId ? ` (request ${requestId})` : ''
    return {
      error: new ResponseError(
        `${operation}: ${status} ${problem}. Is baseUrl the address of a Dakera server?${tail}`,
        { status, requestId, cause },
      ),
      isTransient: false,
    }
  }
  // A browser hides the target of a redirect, and its status.
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400))
    return unusable('is a redirect, which is not followed because the key would go with it')

  if (!response.ok) {
    const safe = withoutKey(text, transport.apiKey)
    const retryAfter = secondsOf(headers.get('retry-after'))
    const error = apiError({ operation, status, body: parse(safe) ?? safe.slice(0, 1000), requestId, retryAfter })
    return {
      error,
      isTransient: RETRIED.has(status),
      retryAfterMs: retryAfter === undefined ? undefined : retryAfter * 1000,
    }
  }
  if (status === 204) return { value: undefined as T }
  const body = parse(text)
  if (typeof body !== 'object' || body === null)
    return unusable(`came with ${headers.get('content-type') ?? 'a body'} that is no JSON object`)
  try {
    return { value: decode ? decode(body as never) : (body as T) }
  } catch (cause) {
    return unusable('came with JSON of another shape than the API has', cause)
  }
}

/** Removes the key, which a proxy may echo. (A key shorter than any server issues could be a part of any word.) */
const withoutKey = (text: string, apiKey = '') => (apiKey.length < 8 ? text : text.replaceAll(apiKey, '[key]'))

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Reads in pieces, so that an endless response ends at the limit and not when memory is full. */
async function readText(response: Response, maxBytes: number, operation: string): Promise<string> {
  if (!response.body) return response.text()
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    bytes += piece.value.byteLength
    if (bytes > maxBytes) {
      void reader.cancel().catch(() => {})
      throw new ResponseError(`${operation}: the answer is larger than ${maxBytes} bytes.`, { status: response.status })
    }
    text += decoder.decode(piece.value, { stream: true })
  }
  return text + decoder.decode()
}

/** Aborts after a time or with the caller's signal, and leaves no timer and no listener behind. */
function abortAfter(ms: number, signal: AbortSignal | undefined) {
  const controller = new AbortController()
  const state = { signal: controller.signal, hasPassed: false, end: () => {} }
  const follow = () => controller.abort(signal?.reason)
  const timer = setTimeout(() => {
    state.hasPassed = true
    controller.abort()
  }, ms)
  signal?.addEventListener('abort', follow)
  state.end = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', follow)
  }
  return state
}

/** Doubles up to the longest wait, minus a jitter of up to half: clients that failed together do not retry together. */
const backoffMs = (attempt: number) =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1)) * (1 - Math.random() / 2)

/** Parses Retry-After, which is seconds or a date. */
function secondsOf(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined
  if (/^\d+(\.\d+)?$/.test(retryAfter)) return Number(retryAfter)
  const at = Date.parse(retryAfter)
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1000)
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end)
      resolve()
    }, ms)
    signal?.addEventListener('abort', end, { once: true })
  })
}

/** `crypto.randomUUID` is missing on pages without https; `crypto.getRandomValues` is not. */
const randomId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')

const requestIdOf = (response: Response) => response.headers.get('x-request-id') ?? undefined

/** Returns the innermost reason: fetch itself only reports "fetch failed". */
function describe(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message?: string }
  const reason = cause?.code ?? cause?.message ?? message
  return reason ? ` (${reason})` : ''
}

/** Builds a path from ids; each is escaped, and one that could leave its segment is rejected. */
export function path(parts: TemplateStringsArray, ...ids: string[]): string {
  return ids.reduce((built, id, i) => {
    if (typeof id !== 'string' || id === '' || id === '.' || id === '..' || !id.isWellFormed())
      throw new UsageError(`Not a usable id or name: ${JSON.stringify(id)}.`)
    return built + encodeURIComponent(id) + parts[i + 1]
  }, parts[0] ?? '')
}
