import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Principal } from '../principal.ts'
import type { Tx } from './tx.ts'

/** What makes a repeated write recognisable: the client's Idempotency-Key, and the request it stands for. */
export type Repeat = { principal: Principal; key: string | undefined; fingerprint: Buffer }

export function fingerprint(...parts: (string | Buffer)[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(String(part.length)).update(':').update(part)
  return hash.digest()
}

/**
 * Runs a write once per Idempotency-Key, within its transaction: a repeat gets the first reply. Call it after the access
 * check, so that no reply goes to a key which has lost its grant. Replies are kept sealed with the presented secret: they
 * may hold a new key's secret or a content that is forgotten since, and the database alone cannot read them.
 */
export async function once<T>(tx: Tx, { principal, key, fingerprint: request }: Repeat, write: () => Promise<T>): Promise<T> {
  if (key === undefined) return write()
  const [claim] = await tx.execute<{ saved: { sealed: string } | null }>(sql`select claim_reply(${key}, ${request}) as saved`)
  if (claim?.saved) return unseal(claim.saved.sealed, principal.secret, key) as T
  const reply = await write()
  await tx.execute(sql`select save_reply(${key}, ${JSON.stringify({ sealed: seal(reply, principal.secret, key) })}::jsonb)`)
  return reply
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
  return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8'))
}
