import { EmbedderUnavailable } from './embedder.ts'

type Limits = { failuresToOpen: number; openMs: number }

/**
 * A circuit breaker: stops calling a provider that is down, so that callers fail fast instead of each waiting for the
 * timeout. While closed, every call passes. While open, none does, for some time; then one call may try, and its result
 * decides.
 */
export class Breaker {
  readonly #limits: Limits
  #failures = 0
  #openUntil = 0
  #isTrying = false
  #last = new EmbedderUnavailable('The embedding provider has not responded yet.')

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** The last error, while calls are rejected; undefined if a call would pass. */
  get refusal(): EmbedderUnavailable | undefined {
    const waitMs = this.#openUntil - performance.now()
    if (waitMs <= 0 && !this.#isTrying) return undefined
    return new EmbedderUnavailable(
      `The embedding provider is not called for a moment. ${this.#last.message}`,
      waitMs / 1000,
      { cause: this.#last },
    )
  }

  /** Throws while the breaker is open. Every `enter` must be followed by `succeeded`, `failed` or `unclear`. */
  enter(): void {
    const { refusal } = this
    if (refusal) throw refusal
    this.#isTrying = this.#openUntil > 0
  }

  succeeded(): void {
    this.#failures = 0
    this.#openUntil = 0
    this.#isTrying = false
  }

  /** Records a failure that the texts may have caused: another call may try. */
  unclear(): void {
    this.#isTrying = false
  }

  /** Records a failure of the provider. `holdMs`: the Retry-After that the provider sent. */
  failed(error: EmbedderUnavailable, holdMs = 0): void {
    this.#last = error
    this.#failures++
    const wasTrying = this.#isTrying
    this.#isTrying = false
    const openMs = wasTrying || this.#failures >= this.#limits.failuresToOpen ? this.#limits.openMs : 0
    const until = performance.now() + Math.max(openMs, holdMs)
    if (openMs > 0 || holdMs > 0) this.#openUntil = Math.max(this.#openUntil, until)
  }
}
