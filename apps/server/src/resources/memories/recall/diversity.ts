/** A hit: its score, its text, and the direction of its vector if it has one. */
export type Hit = { score: number; content: string; direction: Float32Array | undefined }
/** `similarity` is to the most similar hit picked before; hits are ranked by `value`. */
export type Picked<H> = { hit: H; similarity: number; value: number }

/** Scales a vector to length 1, so that the product of two is their cosine. */
export function directionOf(vector: ArrayLike<number>): Float32Array {
  const direction = Float32Array.from(vector)
  const length = Math.sqrt(product(direction, direction)) || 1
  for (let i = 0; i < direction.length; i++) direction[i] = (direction[i] as number) / length
  return direction
}

/**
 * Picks hits one by one: each time the one with the highest score · (1 − weight · similarity to the most similar hit
 * picked before). Values never rise from one pick to the next, so the list stays sorted. The earlier hit wins a tie.
 */
export function pickDiverse<H extends Hit>(hits: readonly H[], weight: number, count: number): Picked<H>[] {
  const rest = hits.map((hit) => ({ hit, similarity: 0, value: hit.score }))
  const picked: Picked<H>[] = []
  while (picked.length < count && rest.length > 0) {
    const best = rest.reduce((a, b) => (b.value > a.value ? b : a))
    rest.splice(rest.indexOf(best), 1)
    picked.push(best)
    for (const other of rest) {
      other.similarity = Math.max(other.similarity, similarityOf(best.hit, other.hit))
      other.value = other.hit.score * (1 - weight * other.similarity)
    }
  }
  return picked
}

/** Returns the cosine if both have a direction; otherwise whether the texts are equal. */
function similarityOf(a: Hit, b: Hit): number {
  if (a.content === b.content) return 1
  if (!a.direction || !b.direction || a.direction.length !== b.direction.length) return 0
  return Math.min(1, Math.max(0, product(a.direction, b.direction)))
}

/** A plain loop over typed arrays: an iterator here made up most of the cost of a diverse recall. */
function product(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}
