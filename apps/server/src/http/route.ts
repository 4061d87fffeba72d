import type { ServerResponse } from 'node:http'
import {
  type Endpoint,
  explained,
  ignoredNames,
  type Method,
  NamespaceName,
  NOTHING,
  parsePlainly,
  sentence,
} from '@dakera-ai/protocol'
import type { Context, Hono } from 'hono'
import * as z from 'zod'
import type { Repeat } from '../db/once.ts'
import { outcomeUnknown } from '../db/session.ts'
import { Fault } from '../fault.ts'
import { ownerOf, type Principal, type Work } from '../principal.ts'
import { nextSlice } from '../slices.ts'
import { acceptAliases, refuseTwoNamespaces } from './aliases.ts'
import { readSecret } from './auth.ts'
import { addressOf } from './client.ts'
import { type Door, type Guest, isUnknown } from './door.ts'
import { fingerprint } from './fingerprint.ts'
import { readQuery } from './query.ts'
import { parseJson, readBody } from './read-body.ts'

type Out<S> = S extends z.ZodType ? z.output<S> : undefined
type Params<P extends string> = P extends `${string}{${infer K}}${infer Rest}`
  ? { [k in K]: string } & Params<Rest>
  : {}
export type Input<E extends Endpoint> = {
  principal: E['access'] extends 'public' ? undefined : Principal
  params: Params<E['path']>
  query: Out<E['query']>
  body: Out<E['body']>
  /** The version in If-Match, where the caller sent one. */
  ifVersion: number | undefined
  /** Makes a repeated write recognisable; pass it to once(). */
  repeat: Repeat
  /** Says something beside the reply. */
  warn(message: string): void
  signal: AbortSignal
}
/** A handler answers with the value alone, or with a status of its own beside it. */
export class Reply<T> {
  readonly status: 200 | 201 | 503
  readonly value: T
  readonly headers: Record<string, string>
  constructor(status: 200 | 201 | 503, value: T, headers: Record<string, string> = {}) {
    this.status = status
    this.value = value
    this.headers = headers
  }
}
/** What a request turned out to be, for the log and the count of its key; app.ts reads it when the reply is there. */
export type Call = { keyHash: Buffer; keyId: string; endpoint: string; namespace: string; bytes: number }
export type Route = { endpoint: Endpoint; handle(input: never): Promise<unknown> }

/** Binds a handler to its endpoint. The handler gets parsed values and returns the response value. */
export const route = <E extends Endpoint>(
  endpoint: E,
  handle: (input: Input<E>) => Promise<z.input<E['response']> | Reply<z.input<E['response']>>>,
): Route => ({
  endpoint,
  handle,
})

/** A body that is read and checked in less than a millisecond. */
const QUICK_BYTES = 16_384
/** What is wrong beyond so many things is counted. */
const MOST_ISSUES = 20
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

/** After so long without a reply a request asks whether the database is still there; then it waits on, or is told. */
const PATIENCE_MS = 4_000
/** What was given up has this long to say how it ended. */
const LAST_WORD_MS = 1_000

const HUNG_UP = new Fault('SERVICE_UNAVAILABLE', {}, { message: 'The client hung up.' })
const away = () =>
  new Fault(
    'SERVICE_UNAVAILABLE',
    { retryAfterSeconds: 1 },
    { message: 'The database does not answer right now. Try again in a moment.' },
  )

/**
 * Waits for the reply as long as the database is there. When it is not, the work is given up, and a write that may have
 * happened is never called refused.
 */
async function patiently<T>(
  reply: Promise<T>,
  work: () => Work | undefined,
  giveUp: AbortController,
  isAlive: () => Promise<boolean>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const silence = new Promise<never>((_resolve, reject) => {
    const look = async () => {
      const alive = await isAlive()
      if (isOver) return
      if (alive) {
        timer = setTimeout(look, PATIENCE_MS)
        return
      }
      giveUp.abort(away())
      timer = setTimeout(() => reject(work()?.mayHaveWritten ? outcomeUnknown() : giveUp.signal.reason), LAST_WORD_MS)
    }
    timer = setTimeout(look, PATIENCE_MS)
  })
  try {
    return await Promise.race([reply, silence])
  } finally {
    isOver = true
    clearTimeout(timer)
  }
}

type Surroundings = {
  maxBodyBytes: number
  trustedProxies: number
  isAlive: () => Promise<boolean>
  requireAdmin: (principal: Principal) => Promise<void>
  door: Door
}

export function mount(
  app: Hono,
  { maxBodyBytes, trustedProxies, isAlive, requireAdmin, door }: Surroundings,
  routes: Route[],
): void {
  for (const { endpoint, handle } of routes) {
    const answerGuest = async (c: Context, guest: Guest | undefined, signal: AbortSignal) => {
      const call: Call | undefined = c.get('call')
      const headers = c.req.raw.headers
      // First: whoever is not an admin has nothing read, checked or written here.
      if (guest && endpoint.access === 'admin') await requireAdmin(guest.principal)
      const limit = Math.min(maxBodyBytes, endpoint.maxBodyBytes ?? maxBodyBytes)
      const schemas = schemasOf(endpoint)
      const bytes = schemas.body ? await readBody(c.req.raw, limit, (size) => guest?.hold(size)) : Buffer.alloc(0)
      if (guest && bytes.length > QUICK_BYTES) await nextSlice(ownerOf(guest.principal))
      const principal = guest?.principal
      const query = schemas.query && acceptAliases(schemas.query, readQuery(schemas.query, c.req.queries()))
      const body = schemas.body && acceptAliases(schemas.body, parseJson(bytes))
      const warnings: string[] = []
      const input = {
        principal,
        params: c.req.param(),
        query: schemas.query && parse(schemas.query, query),
        body: schemas.body && parse(schemas.body, body),
        ifVersion: readVersion(headers.get('if-match')),
        repeat: {
          principal,
          key: readIdempotencyKey(headers),
          fingerprint: fingerprint(endpoint.id, c.req.url, headers.get('if-match'), bytes),
        },
        warn: (message: string) => warnings.push(message),
        signal,
      }
      refuseTwoNamespaces(input.query, input.body)
      if (call) Object.assign(call, { namespace: namedIn(input), bytes: bytes.length })
      const result = await handle(input as never)
      const {
        status,
        value,
        headers: extra,
      } = result instanceof Reply ? result : new Reply(endpoint.status ?? 200, result)
      warnings.push(...ignoredIn(schemas.query, query), ...ignoredIn(schemas.body, body))
      const text = JSON.stringify(warnings.length > 0 && isObject(value) ? { ...value, warnings } : value)
      const size = Buffer.byteLength(text)
      guest?.holdReply(size)
      if (call) call.bytes += size
      return c.body(text, status, {
        'content-type': 'application/json',
        ...extra,
        ...(warnings.length > 0 && { 'dakera-warning': asHeader(warnings) }),
      })
    }

    const answerKey = (c: Context) => {
      const secret = readSecret(c.req.raw.headers)
      const giveUp = new AbortController()
      const { signal } = c.req.raw
      const hangUp = () => giveUp.abort(HUNG_UP)
      signal.addEventListener('abort', hangUp)
      const address = addressOf(c, trustedProxies)
      let guest: Guest | undefined
      const reply = async () => {
        const { principal, keyId } = await door.recognise(secret, giveUp.signal, address)
        c.set('call', {
          keyHash: principal.keyHash,
          keyId,
          endpoint: endpoint.id,
          namespace: '',
          bytes: 0,
        } satisfies Call)
        guest = door.enter(principal, keyId)
        try {
          return await answerGuest(c, guest, giveUp.signal)
        } catch (error) {
          if (isUnknown(error)) door.forget(principal, address)
          throw error
        } finally {
          guest.leave((c.env as { outgoing?: ServerResponse } | undefined)?.outgoing)
        }
      }
      // Node keeps a request's signal until the request is collected; a listener that leads back to the request would
      // keep both, and the reply.
      return patiently(reply(), () => guest?.principal, giveUp, isAlive).finally(() =>
        signal.removeEventListener('abort', hangUp),
      )
    }
    const answer = (c: Context) =>
      endpoint.access === 'public' ? answerGuest(c, undefined, c.req.raw.signal) : answerKey(c)
    for (const [method, path] of addresses(endpoint)) app.on(method, path.replaceAll(/\{(\w+)\}/g, ':$1'), answer)
  }
}

const UNREAD = z.object({})

/**
 * What is parsed of a request. A strict call also refuses a query or a body where it takes none; any other tells such a
 * query.
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
/** A header holds printable ASCII; the body has the names as they were sent. */
const asHeader = (warnings: string[]) => warnings.join(', ').replaceAll(/[^\x20-\x7e]/g, '?')

/** The one namespace a request names; '' where it names none or several. */
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

/** Method and path of an endpoint and of its aliases. */
export const addresses = ({ method, path, aliases = [] }: Endpoint): [Method, string][] => [
  [method, path],
  ...aliases.map((alias) => alias.split(' ') as [Method, string]),
]

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
      { message: 'If-Match must hold the version you have seen, as in If-Match: "3".' },
    )
  return Number(version)
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = parsePlainly(schema, value)
  if (result.success) return result.data
  const issues = explained(result.error, MOST_ISSUES)
  const [first] = issues
  const others = result.error.issues.length - 1
  throw new Fault(
    'INVALID_REQUEST',
    { issues },
    { message: first && `${sentence(first)}${others > 0 ? ` (and ${others} more)` : ''}` },
  )
}
