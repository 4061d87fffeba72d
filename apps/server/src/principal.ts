import { createHash } from 'node:crypto'

/** The state that work for a caller shares with the request that waits for it. */
export type Work = {
  /** Aborts when no request waits any more; the work then fails with its reason. */
  readonly signal: AbortSignal
  /** The queue of the work: work of one lane waits only for work of the same lane. */
  readonly lane: string
  /** True as soon as the database may have committed a write. */
  mayHaveWritten: boolean
}

/**
 * The caller: the secret they presented and its SHA-256. The server does not decide what the caller may do: every
 * transaction has this hash as its identity, and the database finds the key behind it.
 */
export type Principal = Work & { readonly keyHash: Buffer; readonly secret: string }

/**
 * The access that a call needs in a namespace: `read`; `write`, which appends; `edit`, which changes or removes and so
 * needs both grants; or `any` grant.
 */
export type Access = 'read' | 'write' | 'edit' | 'any'

export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest()

const STRANGER = 'stranger '
/** Returns the lane for secrets that this server has not recognised yet: one per network. */
export const strangerLane = (network: string) => STRANGER + network
export const isStranger = (lane: string) => lane.startsWith(STRANGER)

/** Returns the owner of work, for the fair shares that the server gives its callers. */
export const ownerOf = ({ keyHash }: Principal): string => keyHash.toString('base64')

/** The signal of work that is never abandoned. */
export const NEVER = new AbortController().signal

export function principalOf(
  secret: string,
  { signal = NEVER, lane }: { signal?: AbortSignal; lane?: string } = {},
): Principal {
  const keyHash = hashSecret(secret)
  return { keyHash, secret, signal, lane: lane ?? keyHash.toString('hex'), mayHaveWritten: false }
}
