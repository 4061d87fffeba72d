/** What one entry costs beside its numbers: key, map slot, array header. */
const ENTRY_BYTES = 200

type Own = { entries: Map<string, Float32Array | null>; bytes: number }

/**
 * The vectors last used, up to so many bytes. Each owner has its own: whether a text is known tells only who sent it
 * before. Room is taken from the owner that has most, so nobody can push out what others use little of.
 */
export class VectorCache {
  readonly #maxBytes: number
  readonly #owners = new Map<string, Own>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** A copy, so that no caller can change what the next one gets. */
  get(owner: string, key: string): Float32Array | null | undefined {
    const entries = this.#owners.get(owner)?.entries
    const vector = entries?.get(key)
    if (!entries || !vector) return vector
    entries.delete(key) // to the end: the first of the map is the one longest unused
    entries.set(key, vector)
    return vector.slice()
  }

  set(owner: string, key: string, vector: Float32Array | null): void {
    this.#drop(owner, key)
    const own = this.#owners.get(owner) ?? { entries: new Map(), bytes: 0 }
    this.#owners.set(owner, own)
    own.entries.set(key, vector === null ? null : vector.slice())
    this.#grow(own, bytesOf(vector))
    while (this.#bytes > this.#maxBytes) this.#dropOldestOfLargest()
  }

  #dropOldestOfLargest(): void {
    let [largest, most] = ['', 0]
    for (const [owner, { bytes }] of this.#owners) if (bytes > most) [largest, most] = [owner, bytes]
    const [oldest] = this.#owners.get(largest)?.entries.keys() ?? []
    if (oldest !== undefined) this.#drop(largest, oldest)
  }

  #drop(owner: string, key: string): void {
    const own = this.#owners.get(owner)
    const vector = own?.entries.get(key)
    if (!own || vector === undefined) return
    own.entries.delete(key)
    this.#grow(own, -bytesOf(vector))
    if (own.entries.size === 0) this.#owners.delete(owner)
  }

  #grow(own: Own, bytes: number): void {
    own.bytes += bytes
    this.#bytes += bytes
  }
}

const bytesOf = (vector: Float32Array | null) => ENTRY_BYTES + (vector?.byteLength ?? 0)
