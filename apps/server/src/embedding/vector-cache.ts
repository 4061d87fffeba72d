import { LRUCache } from 'lru-cache'

/** The bytes of an entry in addition to its numbers: key, map slot, array header. */
const ENTRY_BYTES = 200

/** `null` for a text without a vector. */
type Entry = { vector: Float32Array | null }

/**
 * Caches the most recently used vectors, up to a number of bytes. Each owner has its own cache, because a hit reveals
 * that the text was sent before. Entries are evicted from the owner that uses the most space, so that nobody evicts the
 * few entries of others.
 */
export class VectorCache {
  readonly #maxBytes: number
  readonly #owners = new Map<string, LRUCache<string, Entry>>()

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Returns a copy, so that no caller can change what the next one gets; undefined for an unknown text. */
  get(owner: string, key: string): Float32Array | null | undefined {
    const entry = this.#owners.get(owner)?.get(key)
    return entry && (entry.vector?.slice() ?? null)
  }

  set(owner: string, key: string, vector: Float32Array | null): void {
    const own = this.#owners.get(owner) ?? new LRUCache({ maxSize: this.#maxBytes, sizeCalculation: bytesOf })
    this.#owners.set(owner, own)
    own.set(key, { vector: vector?.slice() ?? null })
    while (this.#bytes() > this.#maxBytes) this.#dropOldestOfLargest()
  }

  #bytes(): number {
    let sum = 0
    for (const { calculatedSize } of this.#owners.values()) sum += calculatedSize
    return sum
  }

  #dropOldestOfLargest(): void {
    const [[owner, largest] = ['', undefined]] = [...this.#owners].sort(
      ([, a], [, b]) => b.calculatedSize - a.calculatedSize,
    )
    largest?.pop()
    if (largest?.size === 0) this.#owners.delete(owner)
  }
}

const bytesOf = ({ vector }: Entry) => ENTRY_BYTES + (vector?.byteLength ?? 0)
