import { randomBytes } from 'node:crypto'
import type { CreateKeyRequest, Key, KeyUsage, NamespaceAccess, UpdateKeyRequest } from '@dakera-ai/protocol'
import type * as z from 'zod'
import { Fault } from '../../fault.ts'
import { hashSecret } from '../../principal.ts'
import { isPublished } from '../../published-secrets.ts'
import type { KeyChanges, NewKey, UsageRow } from './repo.ts'

type Create = z.output<typeof CreateKeyRequest>
type Update = z.output<typeof UpdateKeyRequest>

const newSecret = () => `dk-${randomBytes(24).toString('base64url')}`

export const makeSecret = (chosen?: string) => {
  const secret = chosen ?? newSecret()
  return { secret, hash: hashSecret(secret) }
}

/** Rejects a secret from the documentation, because everybody could use the key. */
export function refusePublished(secret: string | undefined): void {
  if (secret === undefined || !isPublished(secret)) return
  const message =
    'is printed in the documentation, so everybody knows it. Choose a long random one, or leave it out to get one'
  throw new Fault('INVALID_REQUEST', { issues: [{ path: 'secret', message }] }, { message: `secret: ${message}.` })
}

/** Turns both forms of a request, grants per namespace and a scope for a list of namespaces, into grants. */
export function planKey(body: Create): { key: NewKey; secret: string } {
  const { secret, hash } = makeSecret(body.secret)
  const scope = body.scope ?? widest(body.permissions)
  const isAdmin = scope === 'admin' || scope === 'super_admin'
  if (isAdmin) refuseLimits(body)
  const access: NamespaceAccess = scope === 'write' ? 'read_write' : 'read'
  const listed = (body.namespaces ?? []).map((name): [string, NamespaceAccess] => [name, access])
  const expiresAt =
    body.expires_at ??
    (body.expires_in_days == null ? undefined : new Date(Date.now() + body.expires_in_days * 86_400_000))
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    throw new Fault(
      'INVALID_REQUEST',
      { issues: [{ path: 'expires_at', message: 'is in the past' }] },
      { message: 'expires_at: is in the past.' },
    )
  }
  return {
    secret,
    key: {
      id: `key_${randomBytes(10).toString('hex')}`,
      name: body.name,
      hash,
      isAdmin,
      grants: { ...Object.fromEntries(listed), ...body.grants },
      expiresAt,
    },
  }
}

/** Rejects an "admin of my team", because an admin key may do everything. */
function refuseLimits({ namespaces = [], grants = {} }: Create): void {
  const path = namespaces.length > 0 ? 'namespaces' : 'grants'
  if (namespaces.length === 0 && Object.keys(grants).length === 0) return
  const message =
    'an admin key may do everything in every namespace, so it takes no grants. Leave them out, or leave out the ' +
    'scope admin'
  throw new Fault('INVALID_REQUEST', { issues: [{ path, message }] }, { message: `${path}: ${message}.` })
}

const widest = (permissions: Create['permissions']) =>
  (['super_admin', 'admin', 'write', 'read'] as const).find((scope) => permissions?.includes(scope))

/** `namespaces` keeps the grants it names, drops the others, and grants new ones the scope of the key. */
export function planChanges({ name, grants = {}, namespaces }: Update, existing: Key): KeyChanges {
  const access: NamespaceAccess = existing.scope === 'write' ? 'read_write' : 'read'
  const added = (namespaces ?? [])
    .filter((namespace) => !Object.hasOwn(existing.grants, namespace))
    .map((namespace) => [namespace, access])
  return {
    name,
    grants: { ...Object.fromEntries(added), ...grants },
    onlyNamespaces: namespaces && [...namespaces, ...Object.keys(grants)],
  }
}

export function warningFor(key: Key, sharesName = false): string {
  return [
    'Keep this secret now: it is stored hashed and cannot be shown again.',
    ...(key.scope !== 'admin' && key.namespaces.length === 0
      ? ['The key has no grants yet, so it gives access to nothing.']
      : []),
    ...(sharesName
      ? [`Another key is also called "${key.name}": author and exclude_author cannot distinguish what they store.`]
      : []),
  ].join(' ')
}

/** Returns its argument. Throws 404 if it is undefined. */
export function orNotFound<T>(found: T | undefined, id: string): T {
  if (found === undefined) throw new Fault('NOT_FOUND', { resource: id }, { message: 'No key with that id exists.' })
  return found
}

export function sumUsage(key_id: string, rows: UsageRow[]): KeyUsage {
  const total = sumOf(rows)
  return {
    key_id,
    total_requests: total.requests,
    successful_requests: total.requests - total.failed,
    failed_requests: total.failed,
    rate_limited_requests: total.rate_limited,
    bytes_transferred: total.bytes,
    avg_latency_ms: averageMs(total),
    last_used: rows.length === 0 ? null : Math.max(...rows.map(({ last_used }) => last_used)),
    by_endpoint: busiestFirst(Map.groupBy(rows, ({ endpoint }) => endpoint)).map(([endpoint, sum]) => ({
      endpoint,
      requests: sum.requests,
      avg_latency_ms: averageMs(sum),
    })),
    by_namespace: busiestFirst(Map.groupBy(rows, ({ namespace }) => namespace))
      .filter(([namespace]) => namespace !== '')
      .map(([namespace, { requests }]) => ({ namespace, requests })),
  }
}

type Sum = Pick<UsageRow, (typeof SUMMED)[number]>
const SUMMED = ['requests', 'failed', 'rate_limited', 'bytes', 'total_ms'] as const
const sumOf = (rows: UsageRow[]) =>
  Object.fromEntries(SUMMED.map((name) => [name, rows.reduce((sum, row) => sum + row[name], 0)])) as Sum
const averageMs = ({ total_ms, requests }: Sum) => (requests === 0 ? 0 : Math.round((total_ms / requests) * 100) / 100)
const busiestFirst = (groups: Map<string, UsageRow[]>) =>
  [...groups]
    .map(([name, rows]) => [name, sumOf(rows)] as const)
    .sort(([a, x], [b, y]) => y.requests - x.requests || (a < b ? -1 : 1))
