import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { parseExactly } from '@dakera-ai/protocol'
import { sql } from 'drizzle-orm'
import type { Principal } from '../principal.ts'
import type { NamespaceRef, Tx } from './tx.ts'

/** A request that a client may repeat: its Idempotency-Key, if it sent one, and the fingerprint of the request. */
export type IdempotentRequest = { key: string | undefined; fingerprint: Buffer }

/** The part of a large reply that is kept, and how a repeat completes it. */
export type Kept<T, K> = { keep(reply: T): K; restore(kept: K): Promise<T> }

/**
 * Runs a write once per Idempotency-Key, within its transaction: a repeat gets the first reply. It is called after the
 * access check, with the namespaces that were checked: a reply that came from another one is rejected. So neither a key
 * that has lost its grant nor a request by id that now finds another namespace sees a kept reply. Replies are encrypted
 * with the presented secret, because they may contain a new key's secret or content that was forgotten since, and the
 * database alone must not be able to read them.
 */
export async function runOnce<T, K = T>(
  tx: Tx,
  { secret }: Pick<Principal, 'secret'>,
  { key, fingerprint }: IdempotentRequest,
  checked: (NamespaceRef | undefined)[],
  write: () => Promise<T>,
  kept?: Kept<T, K>,
): Promise<T> {
  if (key === undefined) return write()
  const places = sql.param(checked.flatMap((namespace) => namespace?.id ?? []))
  const [claim] = await tx.execute<{ saved: { sealed: string } | null }>(
    sql`select claim_reply(${key}, ${fingerprint}, ${places}::int[]) as saved`,
  )
  if (claim?.saved) {
    const saved = unseal(claim.saved.sealed, secret, key)
    return kept ? kept.restore(saved as K) : (saved as T)
  }
  const reply = await write()
  const sealed = seal(kept ? kept.keep(reply) : reply, secret, key)
  await tx.execute(sql`select save_reply(${key}, ${JSON.stringify({ sealed })}::jsonb)`)
  return reply
}

type Slim<T> = { rest: Partial<T>; digest: string }

/**
 * Keeps a row without its large fields, which the database still has. If they have changed since, a repeat gets the
 * current row, because the first one no longer exists.
 */
export const withoutLarge = <T extends object>(large: (keyof T)[], readNow: () => Promise<T>): Kept<T, Slim<T>> => {
  const digest = (row: T) =>
    createHash('sha256')
      .update(JSON.stringify(large.map((name) => row[name])))
      .digest('base64')
  return {
    keep: (row) => ({
      rest: Object.fromEntries(Object.entries(row).filter(([name]) => !large.includes(name as keyof T))) as Partial<T>,
      digest: digest(row),
    }),
    async restore(kept) {
      const now = await readNow()
      return digest(now) === kept.digest ? { ...now, ...kept.rest } : now
    },
  }
}

const sealingKey = (secret: string, key: string) => Buffer.from(hkdfSync('sha256', secret, key, 'dakera reply', 32))

function seal(reply: unknown, secret: string, key: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', sealingKey(secret, key), nonce)
  const text = Buffer.concat([cipher.update(JSON.stringify(reply)), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64')
}

function unseal(sealed: string, secret: string, key: string): unknown {
  const bytes = Buffer.from(sealed, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(secret, key), bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(12, 28))
  return parseExactly(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8'))
}
