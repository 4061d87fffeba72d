import type { Caller, Embedder } from '../../embedding/embedder.ts'

/**
 * An embedder that becomes another one while the server runs: what the database moves to once every memory is embedded
 * anew.
 */
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

/** Stands in for an embedder that cannot be had any more: no text has a vector, so recall goes by words. */
export const wordsOnly = (model: string, dimension: number): Embedder => ({
  model,
  dimension,
  isLocal: true,
  embed: async (texts) => texts.map(() => null),
  check: async () => ({ ok: true }),
})
