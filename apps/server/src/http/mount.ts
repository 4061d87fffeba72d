import {
  type Endpoint,
  explained,
  ignoredNames,
  NamespaceName,
  NOTHING,
  parsePlainly,
  sentence,
} from '@dakera-ai/protocol'
import type { Context, Hono } from 'hono'
import * as z from 'zod'
import { adminCaller, keyCaller } from '../db/caller.ts'
import type { IdempotentRequest } from '../db/idempotency.ts'
import { requireAdmin, withPrincipal } from '../db/tx.ts'
import type { Deps } from '../deps.ts'
import { Fault, toFault } from '../fault.ts'
import { ownerOf, type Principal } from '../principal.ts'
import { nextTimeSlice } from '../time-slices.ts'
import type { Admitted } from './admission.ts'
import { acceptAliases, refuseTwoNamespaces } from './aliases.ts'
import { type AnswerKey, connectionOf, HUNG_UP } from './answer-key.ts'
import { fingerprint } from './fingerprint.ts'
import type { AppEnv } from './observe.ts'
import { readQuery } from './query.ts'
import { parseJson, readBody } from './read-body.ts'
import { addresses, Reply, type Route, StreamReply, toPattern } from './route.ts'
import { streamBody } from './stream.ts'

type C = Context<AppEnv>
type Parsed = {
  input: Record<string, unknown>
  request: IdempotentRequest
  warnings: string[]
  ignored: () => string[]
}

/** A body of at most this size is parsed in less than a millisecond. */
const QUICK_BYTES = 16_384
/** The maximum number of mistakes that a response lists; the others are only counted. */
const MAX_ISSUES = 20
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

const DRAINING = new Fault('SERVICE_UNAVAILABLE', { retryAfterSeconds: 1 }, { message: 'The server is shutting down.' })

/** Serves the routes: admits the caller, parses the request, calls the handler and sends its reply. */
export function mount(app: Hono<AppEnv>, deps: Deps, routes: Route[], answerKey: AnswerKey): void {
  const { database, draining, maxBodyBytes } = deps
  const checkAdmin = (principal: Principal) =>
    withPrincipal(database, principal, 'read', async (tx) => {
      requireAdmin(tx)
    })

  const answer = async (c: C, { endpoint, handle }: Route, admitted: Admitted | undefined, giveUp: AbortController) => {
    // First: if the caller is not an admin, nothing else of the request is read or checked.
    if (admitted && endpoint.access === 'admin') await checkAdmin(admitted.principal)
    const limit = Math.min(maxBodyBytes, endpoint.maxBodyBytes ?? maxBodyBytes)
    const { input, request, warnings, ignored } = await readInput(c, endpoint, limit, admitted)
    const callerOf = endpoint.access === 'admin' ? adminCaller : keyCaller
    const caller = admitted && callerOf(database, admitted.principal, request)
    const result = await handle({ ...input, ...caller, signal: giveUp.signal } as never)
    if (result instanceof StreamReply) return stream(c, result, admitted, giveUp)

    const reply = result instanceof Reply ? result : new Reply(endpoint.status ?? 200, result)
    warnings.push(...ignored())
    const { status, value, headers } = reply
    const text = JSON.stringify(warnings.length > 0 && isObject(value) ? { ...value, warnings } : value)
    const size = Buffer.byteLength(text)
    admitted?.holdReply(size)
    if (c.var.call) c.var.call.bytes += size
    return c.body(text, status, {
      'content-type': 'application/json',
      ...headers,
      ...(warnings.length > 0 && { 'dakera-warning': asHeader(warnings) }),
    })
  }

  const stream = (
    c: C,
    { contentType, chunks }: StreamReply,
    admitted: Admitted | undefined,
    giveUp: AbortController,
  ) => {
    const connection = connectionOf(c)
    const [drain, hangUp] = [() => giveUp.abort(DRAINING), () => giveUp.abort(HUNG_UP)]
    draining.addEventListener('abort', drain)
    connection?.once('close', hangUp)
    if (draining.aborted) drain()
    if (connection?.destroyed) hangUp()
    const { body, ended } = streamBody(chunks, {
      signal: giveUp.signal,
      connection,
      hold(bytes) {
        admitted?.holdReply(bytes)
        if (c.var.call) c.var.call.bytes += bytes
      },
      release: (bytes) => admitted?.releaseReply(bytes),
      onError: (error) => c.set('fault', toFault(error)),
    })
    c.set(
      'streamed',
      ended.then(() => draining.removeEventListener('abort', drain)),
    )
    // Set explicitly, because the adapter would otherwise wait for chunks to find out the length of the reply.
    return c.body(body, 200, { 'content-type': contentType, 'transfer-encoding': 'chunked' })
  }

  for (const route of routes) {
    const { endpoint } = route
    for (const [method, path] of addresses(endpoint))
      app.on(method, toPattern(path), (c) =>
        endpoint.access === 'public'
          ? answer(c, route, undefined, new AbortController())
          : answerKey(c, endpoint.id, (admitted, giveUp) => answer(c, route, admitted, giveUp)),
      )
  }
}

async function readInput(c: C, endpoint: Endpoint, limit: number, admitted: Admitted | undefined): Promise<Parsed> {
  const { headers } = c.req.raw
  const schemas = schemasOf(endpoint)
  const bytes = schemas.body ? await readBody(c.req.raw, limit, (size) => admitted?.holdBody(size)) : Buffer.alloc(0)
  if (admitted && bytes.length > QUICK_BYTES) await nextTimeSlice(ownerOf(admitted.principal))
  const query = schemas.query && acceptAliases(schemas.query, readQuery(schemas.query, c.req.queries()))
  const body = schemas.body && acceptAliases(schemas.body, parseJson(bytes))
  const warnings: string[] = []
  const request = {
    key: readIdempotencyKey(headers),
    fingerprint: fingerprint(endpoint.id, c.req.url, headers.get('if-match'), bytes),
  }
  const input = {
    params: c.req.param() as Record<string, string>,
    query: schemas.query && parse(schemas.query, query),
    body: schemas.body && parse(schemas.body, body),
    ifVersion: readVersion(headers.get('if-match')),
    warn: (message: string) => warnings.push(message),
  }
  refuseTwoNamespaces(input.query, input.body)
  const { call } = c.var
  if (call) Object.assign(call, { namespace: namedIn(input), bytes: bytes.length })
  const ignored = () => [...ignoredIn(schemas.query, query), ...ignoredIn(schemas.body, body)]
  return { input, request, warnings, ignored }
}

const UNREAD = z.object({})

/**
 * Returns the schemas that a request is parsed with. A strict call rejects an unexpected query or body; any other call
 * only warns of such a query.
 */
function schemasOf({ query, body, isStrict, method, access }: Endpoint): {
  query: z.ZodObject | undefined
  body: z.ZodType | undefined
} {
  if (!isStrict) return { query: query ?? (access === 'public' ? undefined : UNREAD), body }
  return { query: query ?? NOTHING, body: body ?? (method === 'GET' ? undefined : NOTHING) }
}

const ignoredIn = (schema: z.ZodType | undefined, value: unknown) => (schema ? ignoredNames(schema, value) : [])
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
/** Headers contain printable ASCII only; the body has the names as they were sent. */
const asHeader = (warnings: string[]) => warnings.join(', ').replaceAll(/[^\x20-\x7e]/g, '?')

/** Returns the one namespace that a request names; '' if it names none or several. */
function namedIn({ params, query, body }: { params: Record<string, string>; query: unknown; body: unknown }): string {
  const inPath = params['namespace'] ?? params['agent_id']
  if (inPath !== undefined) return NamespaceName.safeParse(inPath).data ?? ''
  const { agent_id, namespaces } = { ...(body as object), ...(query as object) } as {
    agent_id?: string | null
    namespaces?: string[] | null
  }
  const [only, ...others] = agent_id == null ? (namespaces ?? []) : [agent_id]
  return only === undefined || others.length > 0 ? '' : only
}

function readIdempotencyKey(headers: Headers): string | undefined {
  const key = headers.get('idempotency-key') ?? undefined
  if (key !== undefined && !IDEMPOTENCY_KEY.test(key))
    throw new Fault('INVALID_REQUEST', {}, { message: 'Idempotency-Key must be 1 to 255 printable ASCII characters.' })
  return key
}

function readVersion(header: string | null): number | undefined {
  if (header === null || header === '*') return undefined
  const version = /^(?:W\/)?("?)(\d{1,9})\1$/.exec(header)?.[2]
  if (!version)
    throw new Fault(
      'INVALID_REQUEST',
      {},
      { message: 'If-Match must contain the version that you have read, as in If-Match: "3".' },
    )
  return Number(version)
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = parsePlainly(schema, value)
  if (result.success) return result.data
  const issues = explained(result.error, MAX_ISSUES)
  const [first] = issues
  const others = result.error.issues.length - 1
  throw new Fault(
    'INVALID_REQUEST',
    { issues },
    { message: first && `${sentence(first)}${others > 0 ? ` (and ${others} more)` : ''}` },
  )
}
