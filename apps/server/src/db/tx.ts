import { sql } from 'drizzle-orm'
import { Fault } from '../fault.ts'
import type { Access, Principal } from '../principal.ts'
import type { Database, Db, Pool, Sql } from './database.ts'

declare const bound: unique symbol
/** A transaction that already carries a caller's identity. Repositories accept nothing else. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0] & { readonly [bound]: true; readonly isAdmin: boolean }

/** `scan` reads what may be very many rows, and so has the time limit of a search. */
export type Mode = 'read' | 'scan' | 'write'

/**
 * The only door to guarded rows. The identity is local to the transaction, so a pooled
 * connection cannot carry one caller into the next request. An unknown key gets no further.
 */
export function withPrincipal<T>(
  { turns }: Pick<Database, 'turns'>,
  principal: Principal,
  mode: Mode,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  const pool = mode === 'scan' ? turns.searches : turns.calls
  return pool.run(principal.lane, principal.signal, (session) =>
    session.transaction(principal, mode === 'write' ? 'write' : 'read', async (tx) => {
      // In one statement, as drizzle would set the mode with another round trip.
      const readOnly = mode === 'write' ? 'off' : 'on'
      const [caller] = await tx.execute<{ is_admin: boolean }>(
        sql`select identify(${principal.keyHash}) as is_admin, set_config('transaction_read_only', ${readOnly}, true)`,
      )
      return fn(Object.assign(tx, { isAdmin: caller?.is_admin === true }) as unknown as Tx)
    }),
  )
}

/** One of the hot functions, which set the identity themselves: a single statement, and so a single round trip. */
export const callFunction = <T>(
  pool: Pool,
  principal: Principal,
  mode: 'read' | 'write',
  fn: (sql: Sql) => Promise<T>,
): Promise<T> => pool.run(principal.lane, principal.signal, (session) => session.statement(principal, mode, fn))

/** The id of the key that is presented; the error of the API where there is none. */
export async function findKeyId({ turns }: Pick<Database, 'turns'>, principal: Principal): Promise<string> {
  const [row] = await callFunction(
    turns.calls,
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

/** Checks the grant, and finds the namespace: undefined when the caller may use that name and nothing is there yet. */
export async function resolveNamespace(tx: Tx, name: string, access: Access): Promise<NamespaceRef | undefined> {
  const [row] = await tx.execute<{ id: number | null; name: string; dimension: number }>(
    sql`select id, name, dimension from resolve_namespace(${name}, ${access})`,
  )
  return row?.id == null ? undefined : { id: row.id, name: row.name, dimension: row.dimension }
}

/** The same for a write, which creates the namespace on its first use. */
export async function openNamespace(tx: Tx, name: string): Promise<NamespaceRef> {
  const [row] = await tx.execute<NamespaceRef>(sql`select id, name, dimension from open_namespace(${name})`)
  if (!row) throw new Error('open_namespace returned nothing')
  return { id: row.id, name: row.name, dimension: row.dimension }
}

export function requireAdmin(tx: Tx): void {
  if (!tx.isAdmin) throw new Fault('INSUFFICIENT_SCOPE', {}, { message: 'This call needs an admin key.' })
}
