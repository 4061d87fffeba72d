import type { ServerResponse } from 'node:http'
import type { Database } from '../db/database.ts'
import { findKeyId } from '../db/tx.ts'
import { Fault, toFault } from '../fault.ts'
import { NEVER, type Principal, principalOf, strangerLane } from '../principal.ts'
import { ByteQuota } from './byte-quota.ts'

export type AdmissionBounds = {
  /** The maximum number of concurrent requests of one key. */
  keyConcurrency: number
  /** The maximum number of bytes of request bodies in memory, of all keys; one key may use a quarter of them. */
  openBodyBytes: number
  /** The maximum number of bytes of replies that are not yet sent, of all keys; one key may use half of them. */
  openReplyBytes: number
}

/** A request that was admitted. */
export type Admitted = {
  principal: Principal
  keyId: string
  /** Counts bytes of the body, until the request is answered. */
  holdBody(bytes: number): void
  /**
   * Counts bytes of the reply, until they are sent. Throws if they exceed the quota, unless the request may have
   * written.
   */
  holdReply(bytes: number): void
  /** Stops counting bytes of the reply that were sent before its end. */
  releaseReply(bytes: number): void
  /** Called once, when the request is answered. The reply counts until it is sent or its connection ends. */
  leave(outgoing: ServerResponse | undefined): void
}

/** The maximum number of secrets whose key is cached. */
const MAX_KNOWN = 10_000
/** The number of unknown secrets that one network may try in a row, and per second after that. */
const TRIES = 100
const TRIES_PER_SECOND = 10
const MAX_NETWORKS = 10_000

/**
 * Admits requests before their body is read. A secret that this server has not yet recognised is looked up first, in a
 * lane that its network shares, so a caller without a key costs one indexed look-up and takes nobody's turn. Afterwards
 * the id of the key is cached for the log and for fair queueing. The id grants nothing: each statement asks the
 * database for the key again, and a key that the database refuses is looked up first from then on.
 */
export class Admission {
  readonly #database: Pick<Database, 'pools'>
  readonly #bounds: AdmissionBounds
  readonly #ids = new Map<string, string>()
  /** Look-ups under way: requests that present the same secret share one. */
  readonly #lookups = new Map<string, Promise<string>>()
  readonly #underWay = new Map<string, number>()
  readonly #bodies: ByteQuota
  readonly #replies: ByteQuota
  readonly #tries = new Map<string, { left: number; at: number }>()

  constructor(database: Pick<Database, 'pools'>, bounds: AdmissionBounds) {
    this.#database = database
    this.#bounds = bounds
    this.#bodies = new ByteQuota('request bodies', bounds.openBodyBytes, bounds.openBodyBytes / 4)
    this.#replies = new ByteQuota('replies', bounds.openReplyBytes, bounds.openReplyBytes / 2)
  }

  /** Returns the caller of this secret. Rejects if no key has it. */
  async identify(
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
  admit(principal: Principal, keyId: string): Admitted {
    const underWay = this.#underWay.get(keyId) ?? 0
    if (underWay >= this.#bounds.keyConcurrency) {
      const message =
        `This API key has ${underWay} requests under way, which is the maximum. Send fewer at once, ` +
        'or wait for the seconds in Retry-After.'
      throw new Fault('RATE_LIMITED', { retryAfterSeconds: 1 }, { message })
    }
    this.#underWay.set(keyId, underWay + 1)
    const [body, reply] = [this.#bodies.open(keyId), this.#replies.open(keyId)]
    const sent = () => {
      reply.release()
      const left = (this.#underWay.get(keyId) ?? 0) - 1
      if (left > 0) this.#underWay.set(keyId, left)
      else this.#underWay.delete(keyId)
    }
    return {
      principal,
      keyId,
      holdBody: body.take,
      holdReply: (bytes) => reply.take(bytes, principal.mayHaveWritten),
      releaseReply: reply.release,
      leave: (outgoing) => {
        body.release()
        if (!outgoing || outgoing.destroyed) sent()
        else outgoing.once('close', sent)
      },
    }
  }

  /** Forgets a secret that the database no longer accepts. */
  forget({ keyHash }: Principal, address: string): void {
    this.#ids.delete(keyHash.toString('hex'))
    this.#countTry(networkOf(address))
  }

  async #lookUp(stranger: Principal, hash: string, address: string): Promise<string> {
    const network = networkOf(address)
    const waitSeconds = this.#secondsUntilTry(network)
    if (waitSeconds > 0) {
      const message =
        'Too many unknown API keys came from this address. Wait for the seconds in Retry-After; keys that are in ' +
        'use here already are served meanwhile.'
      throw new Fault('RATE_LIMITED', { retryAfterSeconds: waitSeconds }, { message })
    }
    try {
      const lookup =
        this.#lookups.get(hash) ??
        findKeyId(this.#database, { ...stranger, signal: NEVER }).finally(() => this.#lookups.delete(hash))
      this.#lookups.set(hash, lookup)
      const id = await lookup
      if (this.#ids.size >= MAX_KNOWN) dropOldest(this.#ids)
      this.#ids.set(hash, id)
      return id
    } catch (error) {
      if (isUnknown(error)) this.#countTry(network)
      throw error
    }
  }

  /** Returns the seconds until this network may try another unknown secret. */
  #secondsUntilTry(network: string): number {
    const tries = this.#tries.get(network)
    if (!tries) return 0
    const left = tries.left + ((performance.now() - tries.at) / 1000) * TRIES_PER_SECOND
    return left >= 1 ? 0 : (1 - left) / TRIES_PER_SECOND
  }

  #countTry(network: string): void {
    const now = performance.now()
    const tries = this.#tries.get(network) ?? { left: TRIES, at: now }
    this.#tries.delete(network) // re-inserted at the end, so that the oldest is evicted first
    if (this.#tries.size >= MAX_NETWORKS) dropOldest(this.#tries)
    const left = Math.min(TRIES, tries.left + ((now - tries.at) / 1000) * TRIES_PER_SECOND)
    this.#tries.set(network, { left: Math.max(0, left - 1), at: now })
  }
}

export const isUnknown = (error: unknown) => ['INVALID_API_KEY', 'API_KEY_EXPIRED'].includes(toFault(error).code)

function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

/** Returns the network of an address: of IPv6 its /64, because a client with one address usually has all of them. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) while (groups.length + (tail === '' ? 0 : tail.split(':').length) < 8) groups.push('0')
  return groups.slice(0, 4).join(':')
}
