import { randomBytes } from 'node:crypto'
import type { CreateKeyRequest, Key, NamespaceAccess, UpdateKeyRequest } from '@dakera-ai/protocol'
import type * as z from 'zod'
import { Fault } from '../../fault.ts'
import { hashSecret } from '../../principal.ts'
import type { KeyChanges, NewKey } from './repo.ts'

type Create = z.output<typeof CreateKeyRequest>
type Update = z.output<typeof UpdateKeyRequest>

const newSecret = () => `dk-${randomBytes(24).toString('base64url')}`

export const makeSecret = (chosen?: string) => {
  const secret = chosen ?? newSecret()
  return { secret, hash: hashSecret(secret) }
}

/** Turns either way of asking for a key (grants per namespace, or a scope over a list of them) into grants. */
export function planKey(body: Create): { key: NewKey; secret: string } {
  const { secret, hash } = makeSecret(body.secret)
  const scope = body.scope ?? widest(body.permissions)
  const isAdmin = scope === 'admin' || scope === 'super_admin'
  const access: NamespaceAccess = scope === 'write' ? 'read_write' : 'read'
  const listed = isAdmin ? [] : (body.namespaces ?? []).map((name): [string, NamespaceAccess] => [name, access])
  const expiresAt = body.expires_at ?? (body.expires_in_days == null ? undefined : new Date(Date.now() + body.expires_in_days * 86_400_000))
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    throw new Fault('INVALID_REQUEST', { issues: [{ path: 'expires_at', message: 'lies in the past' }] }, { message: 'expires_at: lies in the past.' })
  }
  return {
    secret,
    key: { id: `key_${randomBytes(10).toString('hex')}`, name: body.name, hash, isAdmin, grants: { ...Object.fromEntries(listed), ...body.grants }, expiresAt },
  }
}

const widest = (permissions: Create['permissions']) => (['super_admin', 'admin', 'write', 'read'] as const).find((scope) => permissions?.includes(scope))

/** `namespaces` keeps the grants it names, drops the others, and gives those that are new what the key's scope says. */
export function planChanges({ name, grants = {}, namespaces }: Update, existing: Key): KeyChanges {
  const access: NamespaceAccess = existing.scope === 'write' ? 'read_write' : 'read'
  const added = (namespaces ?? []).filter((namespace) => !Object.hasOwn(existing.grants, namespace)).map((namespace) => [namespace, access])
  return { name, grants: { ...Object.fromEntries(added), ...grants }, onlyNamespaces: namespaces && [...namespaces, ...Object.keys(grants)] }
}

export function warningFor(key: Key): string {
  const shown = 'Keep this secret now: it is stored hashed and cannot be shown again.'
  return key.scope !== 'admin' && key.namespaces.length === 0 ? `${shown} The key has no grants yet, so it opens nothing.` : shown
}
