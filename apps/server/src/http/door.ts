import type { ServerResponse } from 'node:http'
import type { Database } from '../db/database.ts'
import { findKeyId } from '../db/tx.ts'
import { Fault, toFault } from '../fault.ts'
import { NEVER, type Principal, principalOf, strangerLane } from '../principal.ts'
import { Room } from './room.ts'

export type DoorBounds = {
  /** Requests of one key that may be under way at once. */
  keyConcurrency: number
  /** Bytes of request bodies that are held at once, of all keys; a quarter of it of one key. */
  openBodyBytes: number
  /** Bytes of replies that are not yet sent, of all keys; half of it of one key. */
  openReplyBytes: number
}
/** A caller who was let in. */
export type Guest = {
  principal: Principal
  keyId: string
  /** Counts bytes of the body, until the call is answered. */
  hold(bytes: number): void
  /** Counts the reply, until it is sent. One to a call that changed nothing may be refused. */
  holdReply(bytes: number): void
  /**
   * To be called once, when the call is answered: what is not yet sent counts until it is, or until its connection
   * ends.
   */
  leave(outgoing: ServerResponse | undefined): void
}

/** Secrets whose key is remembered. */
const MOST_KNOWN = 10_000
/** Unknown secrets that one address may try in a row, and how many a second after that. */
const TRIES = 100
const TRIES_PER_SECOND = 10
const MOST_ADDRESSES = 10_000

/**
 * Lets requests in before their body is read. A secret that this server has not yet seen open anything is looked up
 * first, in a lane that its address shares, so that who has no key costs one indexed look-up and takes nobody's turn.
 * Afterwards its key's id is remembered: for the log, and for whose turn it is. It opens nothing: each statement asks
 * the database for the key again, and a key that was refused there is looked up first from then on.
 */
export class Door {
  readonly #database: Pick<Database, 'turns'>
  readonly #bounds: DoorBounds
  readonly #ids = new Map<string, string>()
  /** Look-ups under way: one for all requests that present the same secret. */
  readonly #asked = new Map<string, Promise<string>>()
  readonly #underWay = new Map<string, number>()
  readonly #bodies: Room
  readonly #replies: Room
  readonly #tries = new Map<string, { left: number; at: number }>()

  constructor(database: Pick<Database, 'turns'>, bounds: DoorBounds) {
    this.#database = database
    this.#bounds = bounds
    this.#bodies = new Room('request bodies', bounds.openBodyBytes, bounds.openBodyBytes / 4)
    this.#replies = new Room('replies', bounds.openReplyBytes, bounds.openReplyBytes / 2)
  }

  /** Who presents this secret; the error of the API when nobody does. */
  async recognise(
    secret: string,
    signal: AbortSignal,
    address: string,
  ): Promise<{ principal: Principal; keyId: string }> {
    const stranger = principalOf(secret, { signal, lane: strangerLane(networkOf(address)) })
    const hash = stranger.keyHash.toString('hex')
    const keyId = this.#ids.get(hash) ?? (await this.#lookUp(stranger, hash, address))
    return { principal: { ...stranger, lane: keyId }, keyId }
  }

  /** Counts a request of this key as under way, until its reply is sent. */
  enter(principal: Principal, keyId: string): Guest {
    const underWay = this.#underWay.get(keyId) ?? 0
    if (underWay >= this.#bounds.keyConcurrency) {
      const message =
        `This API key has ${underWay} requests under way, which is as many as it may. Send fewer ` +
        'at once, or wait for the seconds in Retry-After.'
      throw new Fault('RATE_LIMITED', { retryAfterSeconds: 1 }, { message })
    }
    this.#underWay.set(keyId, underWay + 1)
    const [body, reply] = [this.#bodies.enter(keyId), this.#replies.enter(keyId)]
    const sent = () => {
      reply.leave()
      const left = (this.#underWay.get(keyId) ?? 0) - 1
      if (left > 0) this.#underWay.set(keyId, left)
      else this.#underWay.delete(keyId)
    }
    return {
      principal,
      keyId,
      hold: body.take,
      holdReply: (bytes) => reply.take(bytes, principal.mayHaveWritten),
      leave: (outgoing) => {
        body.leave()
        if (!outgoing || outgoing.destroyed) sent()
        else outgoing.once('close', sent)
      },
    }
  }

  /** The database knows this secret no longer. */
  forget({ keyHash }: Principal, address: string): void {
    this.#ids.delete(keyHash.toString('hex'))
    this.#countTry(networkOf(address))
  }

  async #lookUp(stranger: Principal, hash: string, address: string): Promise<string> {
    const network = networkOf(address)
    const waitSeconds = this.#waitOf(network)
    if (waitSeconds > 0) {
      const message =
        'Too many unknown API keys came from this address. Wait for the seconds in Retry-After; keys that are in ' +
        'use here already are served meanwhile.'
      throw new Fault('RATE_LIMITED', { retryAfterSeconds: waitSeconds }, { message })
    }
    try {
      const asked =
        this.#asked.get(hash) ??
        findKeyId(this.#database, { ...stranger, signal: NEVER }).finally(() => this.#asked.delete(hash))
      this.#asked.set(hash, asked)
      const id = await asked
      if (this.#ids.size >= MOST_KNOWN) dropOldest(this.#ids)
      this.#ids.set(hash, id)
      return id
    } catch (error) {
      if (isUnknown(error)) this.#countTry(network)
      throw error
    }
  }

  /** Seconds until this network may try another unknown secret. */
  #waitOf(network: string): number {
    const tries = this.#tries.get(network)
    if (!tries) return 0
    const left = tries.left + ((performance.now() - tries.at) / 1000) * TRIES_PER_SECOND
    return left >= 1 ? 0 : (1 - left) / TRIES_PER_SECOND
  }

  #countTry(network: string): void {
    const now = performance.now()
    const tries = this.#tries.get(network) ?? { left: TRIES, at: now }
    this.#tries.delete(network) // and in again at the end, so that the oldest goes first
    if (this.#tries.size >= MOST_ADDRESSES) dropOldest(this.#tries)
    const left = Math.min(TRIES, tries.left + ((now - tries.at) / 1000) * TRIES_PER_SECOND)
    this.#tries.set(network, { left: Math.max(0, left - 1), at: now })
  }
}

export const isUnknown = (error: unknown) => ['INVALID_API_KEY', 'API_KEY_EXPIRED'].includes(toFault(error).code)

function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

/** Who has an IPv6 address usually has the whole /64 around it. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) while (groups.length + (tail === '' ? 0 : tail.split(':').length) < 8) groups.push('0')
  return groups.slice(0, 4).join(':')
}
