import { createHash } from 'node:crypto'
import { DEFAULT_ORIGIN, ERRORS, type ErrorCode, shortened } from '@dakera-ai/protocol'
import { openapi } from '@dakera-ai/protocol/openapi'
import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import { html } from 'hono/html'
import { methodNotAllowed } from 'hono/method-not-allowed'
import type { Deps } from './deps.ts'
import { Fault, toBody, toFault } from './fault.ts'
import { answerKeys } from './http/answer-key.ts'
import { apiPage } from './http/api-page.ts'
import { isLoopbackHost, originOf } from './http/client.ts'
import { errorPage } from './http/error-page.ts'
import { mountMcp } from './http/mcp.ts'
import { mount } from './http/mount.ts'
import { type AppEnv, observe } from './http/observe.ts'
import { newRequestId } from './http/request-id.ts'
import { addresses, type Route, toPattern } from './http/route.ts'
import { agents } from './resources/agents/routes.ts'
import { health } from './resources/health/routes.ts'
import { namespaceKeys } from './resources/keys/namespace-keys.ts'
import { keys } from './resources/keys/routes.ts'
import { recalls } from './resources/memories/recall/routes.ts'
import { memories } from './resources/memories/routes.ts'
import { namespaces } from './resources/namespaces/routes.ts'
import { sessions } from './resources/sessions/routes.ts'

type Resource = (deps: Deps) => Route[]
const RESOURCES: Resource[] = [health, namespaces, keys, namespaceKeys, memories, recalls, sessions, agents]

/** Returns the HTTP interface as a value: it needs no port, no environment variable and no global. */
export function createApp(deps: Deps, resources = RESOURCES) {
  const { corsOrigins, loopbackOnly, trustedProxies } = deps
  const app = new Hono<AppEnv>()
  const routes = resources.flatMap((resource) => resource(deps))
  const patterns = routes.flatMap(({ endpoint }) => addresses(endpoint).map(([, path]) => toPattern(path)))

  const refuse = (c: Context<AppEnv>, fault: Fault) => {
    const { status } = ERRORS[fault.code]
    c.set('fault', fault)
    const { retryAfterSeconds } = fault.details
    if (retryAfterSeconds !== undefined || fault.code === 'SERVICE_UNAVAILABLE')
      c.header('retry-after', String(Math.ceil(retryAfterSeconds ?? 1)))
    if (status === 401) c.header('www-authenticate', 'Bearer')
    return c.json(toBody(fault, c.get('requestId'), originOf(c, trustedProxies)), status)
  }
  app.onError((error, c) => refuse(c, toFault(error)))
  app.notFound((c) => refuse(c, noSuchPath(c.req.path, patterns)))

  app.use(observe(deps))
  app.use(async (c, next) => {
    if (loopbackOnly && !c.env?.within && !isLoopbackHost(c.req.header('host'))) {
      const message =
        'This server listens on loopback and accepts requests to localhost, 127.0.0.1 and [::1] only. Behind a ' +
        'proxy, set DAKERA_TRUST_PROXY.'
      throw new Fault('INVALID_REQUEST', {}, { message })
    }
    await next()
  })
  if (corsOrigins.length > 0)
    app.use(
      cors({
        origin: corsOrigins,
        allowHeaders: [
          'authorization',
          'content-type',
          'x-api-key',
          'x-request-id',
          'idempotency-key',
          'if-match',
          'x-dakera-client',
          'mcp-protocol-version',
          'mcp-method',
          'mcp-name',
        ],
        exposeHeaders: ['x-request-id', 'retry-after', 'dakera-warning'],
      }),
    )
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed(c, methods) {
        const allow = [...methods, 'OPTIONS'].join(', ')
        if (c.req.method === 'OPTIONS') return c.body(null, 204, { allow })
        c.header('allow', allow)
        return refuse(c, new Fault('METHOD_NOT_ALLOWED', {}, { message: `${c.req.path} takes ${allow}.` }))
      },
    }),
  )

  const answerKey = answerKeys(deps)
  mount(app, deps, routes, answerKey)
  mountMcp(app, deps, deps.serveMcp, answerKey)
  app.get(
    '/openapi.json',
    page('application/json', () => JSON.stringify(openapi())),
  )
  const docs = page(
    HTML,
    () => apiPage(openapi()),
    (text, c) => text.replaceAll(DEFAULT_ORIGIN, () => String(html`${originOf(c, trustedProxies)}`)),
  )
  for (const path of ['/docs', '/docs/']) app.get(path, docs)
  for (const code of Object.keys(ERRORS) as ErrorCode[])
    app.get(
      `/docs/errors/${code}`,
      page(HTML, () => errorPage(code)),
    )
  return app
}

const HTML = 'text/html; charset=UTF-8'

/**
 * Serves a page that does not change while the server runs. It is rendered on the first request. `fill` inserts the
 * parts that depend on the caller.
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

function noSuchPath(path: string, patterns: string[]): Fault {
  const meant = meantBy(path, patterns)
  const hint = meant
    ? ` Did you mean ${shortened(meant)}? The base URL of a client is the address of the server, without /v1.`
    : ''
  return new Fault('NOT_FOUND', {}, { message: `This path does not exist.${hint} GET /docs lists all paths.` })
}

/**
 * Returns the path that a client with a wrong base URL meant: the requested path has a missing or repeated /v1, a
 * prefix, or a trailing slash.
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

/** Returns the app that responds with 503 while the database opens. */
export function createStartingApp() {
  const app = new Hono()
  app.all('*', (c) => {
    const requestId = newRequestId()
    const fault = new Fault('SERVICE_UNAVAILABLE', {}, { message: 'The server is starting. Try again in a moment.' })
    return c.json(toBody(fault, requestId, originOf(c, 0)), 503, { 'retry-after': '1', 'x-request-id': requestId })
  })
  return app
}
