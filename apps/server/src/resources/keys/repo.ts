import type { Key, NamespaceAccess } from '@dakera-ai/protocol'
import { type SQL, sql } from 'drizzle-orm'
import { unixSeconds } from '../../db/time.ts'
import type { AdminTx, Tx, WriteTx } from '../../db/tx.ts'

type AdminWriteTx = WriteTx<AdminTx>

/** A key as describe_key() in db/functions/keys.sql returns it. */
type Description = {
  id: string
  name: string
  is_admin: boolean
  active: boolean
  created_at: number
  expires_at: number | null
  grants: Record<string, NamespaceAccess>
}

function toKey({ id, name, is_admin, active, created_at, expires_at, grants }: Description): Key {
  const accesses = Object.values(grants)
  const canWrite = is_admin || accesses.some((access) => access !== 'read')
  const canRead = is_admin || accesses.length === 0 || accesses.some((access) => access !== 'write')
  return {
    key_id: id,
    id,
    name,
    scope: is_admin ? 'admin' : canWrite ? 'write' : 'read',
    grants,
    namespaces: Object.keys(grants),
    permissions: [...(canRead ? ['read'] : []), ...(canWrite ? ['write'] : []), ...(is_admin ? ['admin'] : [])],
    active,
    created_at,
    expires_at,
  }
}

async function describe(tx: Tx, call: SQL): Promise<Description | undefined> {
  const [row] = await tx.execute<{ key: Description | null }>(sql`select ${call} as key`)
  return row?.key ?? undefined
}
const one = async (tx: Tx, call: SQL) => {
  const found = await describe(tx, call)
  return found && toKey(found)
}

export type NewKey = {
  id: string
  name: string
  hash: Buffer
  isAdmin: boolean
  grants: Record<string, NamespaceAccess>
  expiresAt: Date | undefined
}

export async function insertKey(
  tx: AdminWriteTx,
  { id, name, hash, isAdmin, grants, expiresAt }: NewKey,
): Promise<Key> {
  const key = await one(
    tx,
    sql`create_key(
      ${id}, ${name}, ${hash}, ${isAdmin}, ${JSON.stringify(grants)}::jsonb,
      ${expiresAt?.toISOString() ?? null}::timestamptz)`,
  )
  if (!key) throw new Error('create_key returned nothing')
  return key
}

/** Returns whether another key that is still in use has the same name. */
export async function sharesName(tx: AdminTx, { id, name }: Key): Promise<boolean> {
  const [row] = await tx.execute<{ taken: boolean }>(sql`select name_is_taken(${name}, ${id}) as taken`)
  return row?.taken === true
}

export const findKey = (tx: AdminTx, id: string) => one(tx, sql`find_key(${id})`)
export const findCaller = (tx: Tx) => one(tx, sql`whoami()`)
export const deactivateKey = (tx: AdminWriteTx, id: string) => one(tx, sql`deactivate_key(${id})`)
export const deleteKey = (tx: AdminWriteTx, id: string) => one(tx, sql`delete_key(${id})`)

/** Lists the keys with a grant on the namespace, oldest first. */
export async function listNamespaceKeys(tx: AdminTx, namespace: string): Promise<Key[]> {
  const rows = await tx.execute<{ key: Description }>(sql`select * from list_namespace_keys(${namespace}) as key`)
  return rows.map(({ key }) => toKey(key))
}

/** Returns whether the key itself was deleted; undefined if it has no grant on the namespace. */
export async function deleteNamespaceKey(
  tx: AdminWriteTx,
  id: string,
  namespace: string,
): Promise<boolean | undefined> {
  const [row] = await tx.execute<{ went: boolean | null }>(
    sql`select delete_namespace_key(${id}, ${namespace}) as went`,
  )
  return row?.went ?? undefined
}

export type UsageRow = {
  endpoint: string
  /** '' if a request named no namespace, or several. */
  namespace: string
  requests: number
  failed: number
  rate_limited: number
  bytes: number
  total_ms: number
  last_used: number
}

/** Returns a row per endpoint and namespace; with `namespace`, only its rows. */
export async function listKeyUsage(tx: AdminTx, id: string, namespace?: string): Promise<UsageRow[]> {
  return tx.execute<UsageRow>(sql`
    select endpoint, namespace, requests::float8, failed::float8, rate_limited::float8, bytes::float8, total_ms,
      ${sql.raw(unixSeconds('last_used'))} as last_used
    from list_key_usage(${id}) where ${namespace ?? null}::text is null or namespace = ${namespace ?? null}`)
}

export type KeyChanges = {
  name: string | undefined
  grants: Record<string, NamespaceAccess | 'none'>
  onlyNamespaces: string[] | undefined
}

export const updateKey = (tx: AdminWriteTx, id: string, { name, grants, onlyNamespaces }: KeyChanges) =>
  one(
    tx,
    sql`update_key(
      ${id}, ${name ?? null}::text, ${JSON.stringify(grants)}::jsonb,
      ${onlyNamespaces === undefined ? null : sql.param(onlyNamespaces)}::text[])`,
  )

/** Returns the key, and when its old secrets expire. */
export async function rotateKey(
  tx: AdminWriteTx,
  id: string,
  hash: Buffer,
  graceSeconds: number,
): Promise<{ key: Key; oldExpiresAt: number } | undefined> {
  const found = (await describe(tx, sql`rotate_key(${id}, ${hash}, ${graceSeconds}::int)`)) as
    | (Description & { old_expires_at: number })
    | undefined
  return found && { key: toKey(found), oldExpiresAt: found.old_expires_at }
}

/** Lists keys, oldest first, after the key `after`, and counts all keys. */
export async function listKeys(
  tx: AdminTx,
  after: string | undefined,
  limit: number | undefined,
): Promise<{ keys: Key[]; total: number }> {
  const rows = await tx.execute<{ key: Description }>(
    sql`select * from list_keys(${after ?? null}::text, ${limit ?? null}::int) as key`,
  )
  const [count] = await tx.execute<{ total: string }>(sql`select count_keys() as total`)
  return { keys: rows.map(({ key }) => toKey(key)), total: Number(count?.total) }
}
