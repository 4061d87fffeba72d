import { sql } from 'drizzle-orm'
import { Fault } from '../fault.ts'
import type { Access, Principal } from '../principal.ts'
import type { Database, Db, Pool, Sql } from './database.ts'

declare const bound: unique symbol
declare const admin: unique symbol
declare const writable: unique symbol
/** A transaction with a caller's identity. Repositories accept nothing else. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0] & { readonly [bound]: true; readonly isAdmin: boolean }
/** A transaction whose caller is an admin. */
export type AdminTx = Tx & { readonly [admin]: true }
/** A transaction that may write: its access was checked, and the request's idempotency key was claimed. */
export type WriteTx<T extends Tx = Tx> = T & { readonly [writable]: true }

/** `scan` reads a result that may be very many rows, and so has the time limit of a search. */
export type Mode = 'read' | 'scan' | 'write'

/**
 * Opens a transaction that acts as the caller: the only access to guarded rows besides the functions that set the
 * identity themselves. The identity is local to the transaction, so a pooled connection cannot carry it into the next
 * request. Rejects for an unknown key.
 */
export function withPrincipal<T>(
  { pools }: Pick<Database, 'pools'>,
  principal: Principal,
  mode: Mode,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  const pool = mode === 'scan' ? pools.searches : pools.calls
  return pool.run(principal.lane, principal.signal, (session) =>
    session.transaction(principal, mode === 'write' ? 'write' : 'read', async (tx) => {
      // One statement, because drizzle would set the mode with another round trip.
      const readOnly = mode === 'write' ? 'off' : 'on'
      const [caller] = await tx.execute<{ is_admin: boolean }>(
        sql`select identify(${principal.keyHash}) as is_admin, set_config('transaction_read_only', ${readOnly}, true)`,
      )
      return fn(Object.assign(tx, { isAdmin: caller?.is_admin === true }) as unknown as Tx)
    }),
  )
}

/** Calls a function that sets the identity itself: a single statement, and so a single round trip. */
export const callFunction = <T>(
  pool: Pool,
  principal: Principal,
  mode: 'read' | 'write',
  fn: (sql: Sql) => Promise<T>,
): Promise<T> => pool.run(principal.lane, principal.signal, (session) => session.statement(principal, mode, fn))

/** Returns the id of the presented key. Rejects for an unknown key. */
export async function findKeyId({ pools }: Pick<Database, 'pools'>, principal: Principal): Promise<string> {
  const [row] = await callFunction(
    pools.calls,
    principal,
    'read',
    async (sql) =>
      sql<
        { id: string }[]
      >`select case when identify(${principal.keyHash}) is not null then whoami() ->> 'id' end as id`,
  )
  return row?.id ?? ''
}

export type NamespaceRef = { id: number; name: string; dimension: number }

/** Checks the grant and finds the namespace; undefined if the caller may use the name and no such namespace exists. */
export async function resolveNamespace(tx: Tx, name: string, access: Access): Promise<NamespaceRef | undefined> {
  const [row] = await tx.execute<{ id: number | null; name: string; dimension: number }>(
    sql`select id, name, dimension from resolve_namespace(${name}, ${access})`,
  )
  return row?.id == null ? undefined : { id: row.id, name: row.name, dimension: row.dimension }
}

/** Checks the grant to write and finds the namespace, which its first use creates. */
export async function openNamespace(tx: Tx, name: string): Promise<NamespaceRef> {
  const [row] = await tx.execute<NamespaceRef>(sql`select id, name, dimension from open_namespace(${name})`)
  if (!row) throw new Error('open_namespace returned nothing')
  return { id: row.id, name: row.name, dimension: row.dimension }
}

export function requireAdmin(tx: Tx): asserts tx is AdminTx {
  if (!tx.isAdmin) throw new Fault('INSUFFICIENT_SCOPE', {}, { message: 'This call needs an admin key.' })
}
