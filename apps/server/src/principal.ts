import { createHash } from 'node:crypto'

/**
 * Who is calling: the SHA-256 of the secret they presented, and nothing else. The server does not decide what it may do:
 * every transaction carries this hash, and the database recognises the key behind it.
 */
export type Principal = { readonly keyHash: Buffer; readonly secret: string }

/** What a call does in a namespace: read, write (append), edit, which changes or removes and so needs both grants; `any` grant will do. */
export type Access = 'read' | 'write' | 'edit' | 'any'

export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest()

export const principalOf = (secret: string): Principal => ({ keyHash: hashSecret(secret), secret })
