import type { Principal } from '../principal.ts'
import { ownerOf } from '../principal.ts'
import type { Database, Sql } from './database.ts'
import { type IdempotentRequest, type Kept, runOnce } from './idempotency.ts'
import {
  type AdminTx,
  callFunction,
  type NamespaceRef,
  requireAdmin,
  type Tx,
  type WriteTx,
  withPrincipal,
} from './tx.ts'

/** The result of an access check. A repeat of the write must find the same namespace. */
export type Place = { namespace: NamespaceRef | undefined }

/** The arguments of a function that sets the identity itself. */
export type Identity = IdempotentRequest & { keyHash: Buffer }

type Base = {
  keyHash: Buffer
  /** Identifies the caller where the server itself shares out work. */
  owner: string
  /** Calls a SQL function that sets the identity, checks the grant and claims the idempotency key by itself. */
  call<T>(
    pool: 'calls' | 'searches',
    mode: 'read' | 'write',
    fn: (sql: Sql, identity: Identity) => Promise<T>,
  ): Promise<T>
}

/**
 * The operations that a handler has in the database. All of them act as the caller. A write runs only after its access
 * check, and once per idempotency key.
 */
export type KeyCaller = Base & {
  read<T>(fn: (tx: Tx) => Promise<T>): Promise<T>
  /** Reads a result that may be very many rows, with the time limit of a search. */
  scan<T>(fn: (tx: Tx) => Promise<T>): Promise<T>
  /** `kept` defines which part of a large reply is kept. */
  write<P extends Place, T, K = T>(
    check: (tx: Tx) => Promise<P>,
    write: (tx: WriteTx, place: P) => Promise<T>,
    kept?: (tx: Tx, place: P) => Kept<T, K>,
  ): Promise<T>
}

/** The same for an admin operation: each transaction checks that its caller is an admin. */
export type AdminCaller = Base & {
  read<T>(fn: (tx: AdminTx) => Promise<T>): Promise<T>
  write<T>(write: (tx: WriteTx<AdminTx>) => Promise<T>): Promise<T>
}

const baseOf = (
  { pools }: Pick<Database, 'pools'>,
  principal: Principal,
  { key, fingerprint }: IdempotentRequest,
): Base => ({
  keyHash: principal.keyHash,
  owner: ownerOf(principal),
  call: (pool, mode, fn) =>
    callFunction(pools[pool], principal, mode, (sql) => fn(sql, { keyHash: principal.keyHash, key, fingerprint })),
})

export const keyCaller = (
  database: Pick<Database, 'pools'>,
  principal: Principal,
  request: IdempotentRequest,
): KeyCaller => ({
  ...baseOf(database, principal, request),
  read: (fn) => withPrincipal(database, principal, 'read', fn),
  scan: (fn) => withPrincipal(database, principal, 'scan', fn),
  write: (check, write, kept) =>
    withPrincipal(database, principal, 'write', async (tx) => {
      const place = await check(tx)
      const run = () => write(tx as WriteTx, place)
      return runOnce(tx, principal, request, [place.namespace], run, kept?.(tx, place))
    }),
})

export const adminCaller = (
  database: Pick<Database, 'pools'>,
  principal: Principal,
  request: IdempotentRequest,
): AdminCaller => ({
  ...baseOf(database, principal, request),
  read: (fn) =>
    withPrincipal(database, principal, 'read', async (tx) => {
      requireAdmin(tx)
      return fn(tx)
    }),
  write: (write) =>
    withPrincipal(database, principal, 'write', async (tx) => {
      requireAdmin(tx)
      return runOnce(tx, principal, request, [], () => write(tx as WriteTx<AdminTx>))
    }),
})
