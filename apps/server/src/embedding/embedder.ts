/**
 * The owner of the texts. Cached vectors and requests under way are never shared between owners, because the response
 * time would reveal that another owner has sent the same text.
 */
export type Caller = { owner: string; signal?: AbortSignal | undefined }
/** The owner of texts that the server itself embeds. */
export const SERVER = 'server'

/** Turns texts into vectors. The server knows nothing else about how a vector is made. */
export type Embedder = {
  /** The model id, which is stored with the vectors: vectors of different models are never compared. */
  readonly model: string
  readonly dimension: number
  /**
   * True if a call takes microseconds and uses no network. Then the server need not check the grant before it embeds.
   */
  readonly isLocal: boolean
  /** Returns one unit vector per text, in order; null if the model knows nothing in the text. */
  embed(texts: readonly string[], caller: Caller): Promise<(Float32Array | null)[]>
  /** Returns whether the embedder works right now, for the readiness check. Never throws. */
  check(): Promise<{ ok: true } | { ok: false; message: string }>
}

/**
 * Thrown if the provider cannot respond now. The server responds with 503 and Retry-After.
 * The message is for the operator's log: it names settings, and never contains a secret or a text.
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
 * Thrown if the provider will not respond until an operator changes a setting. At start the server refuses to run;
 * later the error is a 503, as in any outage.
 */
export class EmbedderMisconfigured extends EmbedderUnavailable {
  override readonly name = 'EmbedderMisconfigured'
  constructor(message: string, options?: ErrorOptions) {
    super(message, 60, options)
  }
}

/**
 * Thrown if the provider works but rejects these texts, so that the caller has to change them. The message is for the
 * operator's log, as above.
 */
export class TextRefused extends Error {
  override readonly name = 'TextRefused'
  /** The positions of the rejected texts in the call. */
  readonly at: number[]
  constructor(message: string, at: number[] = [0], options?: ErrorOptions) {
    super(message, options)
    this.at = at
  }
}

/** Scales a vector to length 1; null if it has no direction, undefined if it contains NaN or infinity. */
export function toUnit(values: ArrayLike<number>): Float32Array | null | undefined {
  let square = 0
  for (let i = 0; i < values.length; i++) square += (values[i] as number) ** 2
  if (!Number.isFinite(square)) return undefined
  if (square === 0) return null
  const inverse = 1 / Math.sqrt(square)
  return Float32Array.from(values, (value) => value * inverse)
}
