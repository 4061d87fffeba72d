/** What diversity looks at: how good a hit is, what it says, and its direction where it has one. */
export type Hit = { score: number; content: string; direction: number[] | undefined }
export type Picked<H> = { hit: H /** To the nearest hit before it. */; similarity: number /** What it is ranked by. */; value: number }

/**
 * Picks hits one by one, each time the one with the highest score · (1 − weight · similarity to the nearest one picked before).
 * The values never rise from one pick to the next, so the list stays sorted by them. Ties go to the earlier hit.
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

/** The cosine where both have a direction (of length 1, or scaled here); else whether they say the same. */
function similarityOf(a: Hit, b: Hit): number {
  if (a.content === b.content) return 1
  if (!a.direction || !b.direction || a.direction.length !== b.direction.length) return 0
  let [product, lengthA, lengthB] = [0, 0, 0]
  for (const [i, x] of a.direction.entries()) {
    const y = b.direction[i] as number
    product += x * y
    lengthA += x * x
    lengthB += y * y
  }
  return Math.min(1, Math.max(0, product / (Math.sqrt(lengthA * lengthB) || 1)))
}
