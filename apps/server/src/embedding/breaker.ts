import { EmbedderUnavailable } from './embedder.ts'

type Limits = { failuresToOpen: number; openMs: number }

/**
 * Stops asking a provider that is down, so that callers get a quick answer instead of each waiting for the time-out.
 * Closed: everything passes. Open: nothing, for a while. Then one call may try, and decides.
 */
export class Breaker {
  readonly #limits: Limits
  #failures = 0
  #openUntil = 0
  #isTrying = false
  #last = new EmbedderUnavailable('The embedding provider has not answered yet.')

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** What went wrong last, while calls are held back; undefined when one would be let through. */
  get refusal(): EmbedderUnavailable | undefined {
    const waitMs = this.#openUntil - performance.now()
    if (waitMs <= 0 && !this.#isTrying) return undefined
    return new EmbedderUnavailable(
      `Not asking the embedding provider for a moment. ${this.#last.message}`,
      waitMs / 1000,
      { cause: this.#last },
    )
  }

  /** Throws while open. Every `enter` must be followed by `succeeded`, `failed` or `unclear`. */
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

  /** What went wrong may have been the texts' own fault: another call may try. */
  unclear(): void {
    this.#isTrying = false
  }

  /** `holdMs`: the provider itself said when to come back. */
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
