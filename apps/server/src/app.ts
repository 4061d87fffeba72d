import { createHash } from 'node:crypto'
import { DEFAULT_ORIGIN, ERRORS, type ErrorCode, shortened } from '@dakera-ai/protocol'
import { openapi } from '@dakera-ai/protocol/openapi'
import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import { requireAdmin, withPrincipal } from './db/tx.ts'
import type { Deps } from './deps.ts'
import { Fault, toBody, toFault } from './fault.ts'
import { apiPage, toHtml } from './http/api-page.ts'
import { addressOf, isLoopbackHost, originOf } from './http/client.ts'
import { Door } from './http/door.ts'
import { errorPage } from './http/error-page.ts'
import { newRequestId } from './http/request-id.ts'
import { addresses, type Call, mount, type Route } from './http/route.ts'
import type { Principal } from './principal.ts'
import { agents } from './resources/agents/routes.ts'
import { health } from './resources/health/routes.ts'
import { namespaceKeys } from './resources/keys/namespace-keys.ts'
import { keys } from './resources/keys/routes.ts'
import { memories } from './resources/memories/routes.ts'
import { namespaces } from './resources/namespaces/routes.ts'
import { sessions } from './resources/sessions/routes.ts'

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/
type Variables = { requestId: string; fault?: Fault; call?: Call }

/** The whole server as a value: no port, no environment, no global. */
export function createApp(deps: Deps) {
  const app = new Hono<{ Variables: Variables }>()

  app.use(async (c, next) => {
    const started = performance.now()
    const given = c.req.header('x-request-id')
    const requestId = given && REQUEST_ID.test(given) ? given : newRequestId()
    c.set('requestId', requestId)
    await next()
    const { headers } = c.res // c.header() would copy the finished response each time
    headers.set('x-request-id', requestId)
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
    headers.append('vary', 'Authorization, X-API-Key')
    headers.set('x-content-type-options', 'nosniff')
    if (deps.isDraining()) headers.set('connection', 'close')
    const fault = c.get('fault')
    const status = c.res.status
    const ms = performance.now() - started
    const call = c.get('call')
    if (call) deps.usage.record({ ...call, status, ms })
    // The path without its query string: a query is memory content, and on event streams it can hold a key.
    const entry = {
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      status,
      ms: Math.round(ms * 100) / 100,
      ...(call && { key_id: call.keyId }),
      ...(call?.namespace && { namespace: call.namespace }),
      client: addressOf(c, deps.trustedProxies),
      user_agent: c.req.header('user-agent')?.slice(0, 200),
      ...(fault && { code: fault.code }),
    }
    if (fault && c.req.raw.signal.aborted) deps.log.info({ ...entry, hung_up: true }, 'request')
    else if (fault && status >= 500)
      deps.log.error({ ...entry, err: withoutContent(fault.cause ?? fault) }, 'request failed')
    else deps.log[c.req.path.startsWith('/health') ? 'debug' : 'info'](entry, 'request')
  })

  app.use(async (c, next) => {
    if (deps.loopbackOnly && !isLoopbackHost(c.req.header('host'))) {
      const message =
        'This server listens on loopback and answers requests to localhost, 127.0.0.1 and [::1] only. Behind a ' +
        'proxy, set DAKERA_TRUST_PROXY.'
      throw new Fault('INVALID_REQUEST', {}, { message })
    }
    await next()
  })

  app.onError((error, c) => {
    const fault = toFault(error)
    c.set('fault', fault)
    const { retryAfterSeconds } = fault.details
    if (retryAfterSeconds !== undefined || fault.code === 'SERVICE_UNAVAILABLE')
      c.header('retry-after', String(Math.ceil(retryAfterSeconds ?? 1)))
    if (ERRORS[fault.code].status === 401) c.header('www-authenticate', 'Bearer')
    return c.json(toBody(fault, c.get('requestId'), originOf(c, deps.trustedProxies)), ERRORS[fault.code].status)
  })

  if (deps.corsOrigins.length > 0) {
    app.use(
      cors({
        origin: deps.corsOrigins,
        allowHeaders: [
          'authorization',
          'content-type',
          'x-api-key',
          'x-request-id',
          'idempotency-key',
          'if-match',
          'x-dakera-client',
        ],
        exposeHeaders: ['x-request-id', 'retry-after', 'dakera-warning'],
      }),
    )
  }

  const routes = [health, namespaces, keys, namespaceKeys, memories, sessions, agents].flatMap((resource) =>
    resource(deps),
  )
  const { database, maxBodyBytes, trustedProxies } = deps
  const isAlive = () => database.check().then(({ ok }) => ok)
  const askAdmin = (principal: Principal) => withPrincipal(database, principal, 'read', async (tx) => requireAdmin(tx))
  mount(
    app as unknown as Hono,
    { maxBodyBytes, trustedProxies, isAlive, requireAdmin: askAdmin, door: new Door(database, deps) },
    routes,
  )
  app.get(
    '/openapi.json',
    page('application/json', () => JSON.stringify(openapi())),
  )
  const docs = page(
    HTML,
    () => apiPage(openapi()),
    (text, c) => text.replaceAll(DEFAULT_ORIGIN, () => toHtml(originOf(c, trustedProxies))),
  )
  for (const path of ['/docs', '/docs/']) app.get(path, docs)
  for (const code of Object.keys(ERRORS) as ErrorCode[])
    app.get(
      `/docs/errors/${code}`,
      page(HTML, () => errorPage(code)),
    )
  refuseTheRest(app as unknown as Hono, routes)
  return app
}

const HTML = 'text/html; charset=UTF-8'

/**
 * A page that stays the same as long as the server runs: made when it is first asked for. `fill` puts in what depends
 * on the caller.
 */
function page(type: string, make: () => string, fill?: (text: string, c: Context) => string) {
  let made: string | undefined
  return (c: Context) => {
    made ??= make()
    const text = fill ? fill(made, c) : made
    const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
    const headers = { 'cache-control': 'no-cache', etag }
    return c.req.header('if-none-match') === etag
      ? c.body(null, 304, headers)
      : c.body(text, 200, { ...headers, 'content-type': type })
  }
}

/** What exists under another method answers 405 and says which; everything else 404. */
function refuseTheRest(app: Hono, routes: Route[]): void {
  const methods = new Map<string, string[]>()
  for (const [method, path] of routes.flatMap(({ endpoint }) => addresses(endpoint))) {
    const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1')
    methods.set(pattern, [...(methods.get(pattern) ?? []), method, ...(method === 'GET' ? ['HEAD'] : [])])
  }
  for (const pattern of methods.keys()) {
    // Also those of a pattern that this path fits into: /v1/sessions/start could be the id of a session.
    const allowed = [...methods].flatMap(([other, own]) => (fits(pattern, other) ? own : []))
    app.all(pattern, (c) => {
      const allow = [...new Set([...allowed, 'OPTIONS'])].join(', ')
      if (c.req.method === 'OPTIONS') return c.body(null, 204, { allow })
      c.header('allow', allow)
      throw new Fault('METHOD_NOT_ALLOWED', {}, { message: `${c.req.path} takes ${allow}.` })
    })
  }
  // A route and not app.notFound(): what that throws passes by the log and the request id above.
  app.all('*', (c) => {
    const meant = meantBy(c.req.path, [...methods.keys()])
    const hint = meant
      ? ` Did you mean ${shortened(meant)}? The base URL of a client is the address of the server, without /v1.`
      : ''
    throw new Fault('NOT_FOUND', {}, { message: `There is no such path.${hint} GET /docs lists them all.` })
  })
}

/**
 * The path that a client with another base URL wanted: with /v1 twice, with none, behind something else, or with a
 * slash at its end.
 */
function meantBy(path: string, patterns: string[]): string | undefined {
  const trimmed = path.replace(/\/$/, '')
  const candidates = [trimmed, trimmed.slice(Math.max(0, trimmed.lastIndexOf('/v1/'))), `/v1${trimmed}`]
  return candidates.find((candidate) => patterns.some((pattern) => fits(candidate, pattern)))
}

function fits(path: string, pattern: string): boolean {
  const [own, other] = [path.split('/'), pattern.split('/')]
  return own.length === other.length && other.every((segment, i) => segment === own[i] || segment.startsWith(':'))
}

/** Postgres repeats values in `detail` and `parameters`, and those are memory content. */
function withoutContent(error: unknown): object {
  const cause = (error as { cause?: unknown }).cause
  const { name, message, code, stack, routine, constraint_name } = error as Record<string, unknown>
  const quoted = /^(Failed query|duplicate key|invalid input)/.test(String(message))
  return {
    type: name,
    message: quoted ? undefined : message,
    code,
    routine,
    constraint: constraint_name,
    stack: quoted ? undefined : stack,
    ...(cause ? { cause: withoutContent(cause) } : {}),
  }
}

/** Answers while the database opens. */
export function createStartingApp() {
  const app = new Hono()
  app.all('*', (c) => {
    const requestId = newRequestId()
    const fault = new Fault('SERVICE_UNAVAILABLE', {}, { message: 'The server is starting. Try again in a moment.' })
    return c.json(toBody(fault, requestId, originOf(c, 0)), 503, { 'retry-after': '1', 'x-request-id': requestId })
  })
  return app
}
