import { createHash } from 'node:crypto'

/** What a piece of work for a caller shares with whoever waits for its answer. */
export type Work = {
  /** Aborts when nobody waits any more; its reason is what the work then fails with. */
  readonly signal: AbortSignal
  /** Whose turn it takes: work of one lane waits for its own kind, and not for that of another. */
  readonly lane: string
  /** True from the moment in which the database may have kept what was written. */
  mayHaveWritten: boolean
}

/**
 * The caller: the secret they presented and its SHA-256. The server does not decide what the caller may do: every
 * transaction has this hash as its identity, and the database finds the key behind it.
 */
export type Principal = Work & { readonly keyHash: Buffer; readonly secret: string }

/**
 * What a call does in a namespace: read, write (append), edit, which changes or removes and so needs both grants; `any`
 * grant will do.
 */
export type Access = 'read' | 'write' | 'edit' | 'any'

export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest()

const STRANGER = 'stranger '
/** The lane of whoever presents a secret that this server has not yet seen open anything: one for each network. */
export const strangerLane = (network: string) => STRANGER + network
export const isStranger = (lane: string) => lane.startsWith(STRANGER)

/** Whose work it is, where the server itself divides what it has between callers. */
export const ownerOf = ({ keyHash }: Principal): string => keyHash.toString('base64')

/** Of work that nobody can give up. */
export const NEVER = new AbortController().signal

export function principalOf(
  secret: string,
  { signal = NEVER, lane }: { signal?: AbortSignal; lane?: string } = {},
): Principal {
  const keyHash = hashSecret(secret)
  return { keyHash, secret, signal, lane: lane ?? keyHash.toString('hex'), mayHaveWritten: false }
}
