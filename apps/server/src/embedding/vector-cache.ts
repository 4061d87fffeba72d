/** What one entry costs beside its numbers: key, map slot, array header. */
const ENTRY_BYTES = 200

/** The vectors last used, up to so many bytes. */
export class VectorCache {
  readonly #maxBytes: number
  readonly #entries = new Map<string, Float32Array | null>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** A copy, so that no caller can change what the next one gets. */
  get(key: string): Float32Array | null | undefined {
    const vector = this.#entries.get(key)
    if (!vector) return vector
    this.#entries.delete(key) // to the end: the first of the map is the one longest unused
    this.#entries.set(key, vector)
    return vector.slice()
  }

  set(key: string, vector: Float32Array | null): void {
    this.#drop(key)
    this.#entries.set(key, vector === null ? null : vector.slice())
    this.#bytes += bytesOf(vector)
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const vector = this.#entries.get(key)
    if (vector !== undefined && this.#entries.delete(key)) this.#bytes -= bytesOf(vector)
  }
}

const bytesOf = (vector: Float32Array | null) => ENTRY_BYTES + (vector?.byteLength ?? 0)
