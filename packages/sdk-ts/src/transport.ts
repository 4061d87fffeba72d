import { UsageError } from './errors.ts'

/**
 * The argument of a hook before an attempt. Headers set here are sent; the key is added later, so that no hook can log
 * it.
 */
export type RequestEvent = { operation: string; method: string; url: string; attempt: number; headers: Headers }

/** The argument of a hook after a response. */
export type ResponseEvent = {
  operation: string
  method: string
  url: string
  attempt: number
  status: number
  requestId: string | undefined
  durationMs: number
}

/** The options of a `DakeraClient`. All have a default except the key. */
export type ClientOptions = {
  /** The address of the server. Default: `DAKERA_URL`, otherwise `http://localhost:3300`. */
  baseUrl?: string | undefined
  /** The agent's key. Default: `DAKERA_API_KEY`. Health calls need none; any other call without a key rejects. */
  apiKey?: string | undefined
  /** The time limit of one attempt, in milliseconds. Default 30 000. */
  timeoutMs?: number | undefined
  /** The maximum number of retries of a failed attempt. Default 2, so three attempts in total. */
  maxRetries?: number | undefined
  /** A larger response is rejected while it arrives. Default 256 MiB. */
  maxResponseBytes?: number | undefined
  /** Replaces the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined
  /** Sent with every request. */
  headers?: Record<string, string> | undefined
  /** Called around every attempt. An error that a hook throws ends the call. */
  hooks?:
    | {
        onRequest?: (event: RequestEvent) => void | Promise<void>
        onResponse?: (event: ResponseEvent) => void | Promise<void>
      }
    | undefined
}

/** The options, checked and complete. */
export type Transport = {
  baseUrl: string
  apiKey: string | undefined
  timeoutMs: number
  maxRetries: number
  maxResponseBytes: number
  fetch: typeof globalThis.fetch
  headers: Record<string, string>
  hooks: NonNullable<ClientOptions['hooks']>
}

/** Checks the options now, so that a mistake is reported where it was made and not in the first call. */
export function createTransport(options: ClientOptions): Transport {
  const environment = readEnvironment()
  return {
    baseUrl: checkUrl(options.baseUrl ?? (environment['DAKERA_URL'] || 'http://localhost:3300')),
    apiKey: checkKey(options.apiKey ?? (environment['DAKERA_API_KEY'] || undefined)),
    timeoutMs: checkNumber('timeoutMs', options.timeoutMs ?? 30_000, 1),
    maxRetries: checkNumber('maxRetries', options.maxRetries ?? 2, 0),
    maxResponseBytes: checkNumber('maxResponseBytes', options.maxResponseBytes ?? 256 * 1024 * 1024, 1),
    fetch: checkFetch(options.fetch ?? globalThis.fetch),
    headers: checkHeaders(options.headers ?? {}),
    hooks: options.hooks ?? {},
  }
}

/** Browsers and workers have no `process`. */
function readEnvironment(): Record<string, string | undefined> {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } }
  return process?.env ?? {}
}

function checkUrl(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError(
      'baseUrl (or DAKERA_URL) is not an http or https URL. It should look like http://localhost:3300.',
    )
  }
  if (url.username || url.password)
    throw new UsageError('baseUrl must not contain a user name or password. Pass the key as apiKey.')
  if (url.search || url.hash) throw new UsageError('baseUrl must end with its path, without "?" or "#".')
  return url.href.replace(/\/+$/, '')
}

/** Checks the key. The message never repeats it. */
function checkKey(apiKey: string | undefined): string | undefined {
  if (apiKey === '') throw new UsageError('apiKey is empty. Leave it out to read DAKERA_API_KEY.')
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new UsageError(
      'apiKey has spaces, line breaks or other characters that no key has. Is there a line break at its end?',
    )
  }
  return apiKey
}

/** A timer takes at most 2³¹ − 1 ms; a longer one would fire at once. */
export function checkNumber(name: string, value: number, least: number): number {
  if (!(value >= least && value < 2 ** 31))
    throw new UsageError(`${name} must be a number from ${least} to ${2 ** 31 - 1}.`)
  return value
}

function checkFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  if (typeof fetch !== 'function') throw new UsageError('This runtime has no fetch. Pass one as { fetch }.')
  return (...args) => fetch(...args) // browsers reject a fetch with another `this`
}

function checkHeaders(headers: Record<string, string>): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers([[name, value]])
    } catch {
      throw new UsageError(`The header ${JSON.stringify(name)} has a name or value that HTTP does not allow.`)
    }
  }
  return headers
}
