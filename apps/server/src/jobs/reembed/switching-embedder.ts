import type { Caller, Embedder } from '../../embedding/embedder.ts'

/** An embedder that can be replaced while the server runs, when the database switches to the new one. */
export class SwitchingEmbedder implements Embedder {
  #current: Embedder
  constructor(first: Embedder) {
    this.#current = first
  }
  switchTo(next: Embedder): void {
    this.#current = next
  }
  get model() {
    return this.#current.model
  }
  get dimension() {
    return this.#current.dimension
  }
  get isLocal() {
    return this.#current.isLocal
  }
  embed(texts: readonly string[], caller: Caller) {
    return this.#current.embed(texts, caller)
  }
  check() {
    return this.#current.check()
  }
}

/** Replaces an embedder that is no longer available: no text gets a vector, so recall is keyword-only. */
export const wordsOnly = (model: string, dimension: number): Embedder => ({
  model,
  dimension,
  isLocal: true,
  embed: async (texts) => texts.map(() => null),
  check: async () => ({ ok: true }),
})
