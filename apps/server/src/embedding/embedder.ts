/**
 * Whose texts these are. Vectors kept and requests under way are never shared between owners: how long a text takes
 * would tell who sent it before.
 */
export type Caller = { owner: string; signal?: AbortSignal | undefined }
/** For what the server embeds of its own accord. */
export const SERVER = 'server'

/** Text to vector. The server knows nothing else about how a vector is made. */
export type Embedder = {
  /** Stored with the vectors: vectors of two models are never compared. */
  readonly model: string
  readonly dimension: number
  /** True when a call costs microseconds and no network: the server then need not check the grant before it embeds. */
  readonly isLocal: boolean
  /** One unit vector per text, in order; null where the model sees no direction in the text (nothing known in it). */
  embed(texts: readonly string[], caller: Caller): Promise<(Float32Array | null)[]>
  /** Whether it can serve right now; for readiness. Never throws. */
  check(): Promise<{ ok: true } | { ok: false; message: string }>
}

/**
 * Thrown when a provider cannot answer now. The server says 503 with Retry-After.
 * The message is for the operator's log: it names settings, never a secret and never a text.
 */
export class EmbedderUnavailable extends Error {
  override readonly name: string = 'EmbedderUnavailable'
  readonly retryAfterSeconds: number
  constructor(message: string, retryAfterSeconds = 1, options?: ErrorOptions) {
    super(message, options)
    this.retryAfterSeconds = Math.max(1, Math.ceil(retryAfterSeconds))
  }
}

/**
 * The provider will not answer until an operator changes a setting. At start the server refuses to run; later it is a
 * 503 like any outage.
 */
export class EmbedderMisconfigured extends EmbedderUnavailable {
  override readonly name = 'EmbedderMisconfigured'
  constructor(message: string, options?: ErrorOptions) {
    super(message, 60, options)
  }
}

/**
 * The provider is well and refuses these texts, so the caller has to change them. The message is for the operator's
 * log, like that above.
 */
export class TextRefused extends Error {
  override readonly name = 'TextRefused'
  /** Which of the texts asked for. */
  readonly at: number[]
  constructor(message: string, at: number[] = [0], options?: ErrorOptions) {
    super(message, options)
    this.at = at
  }
}

/** The vector scaled to length 1; null if it has no direction, undefined if it is no vector at all (NaN, infinite). */
export function toUnit(values: ArrayLike<number>): Float32Array | null | undefined {
  let square = 0
  for (let i = 0; i < values.length; i++) square += (values[i] as number) ** 2
  if (!Number.isFinite(square)) return undefined
  if (square === 0) return null
  const inverse = 1 / Math.sqrt(square)
  return Float32Array.from(values, (value) => value * inverse)
}
