/** What diversity looks at: how good a hit is, what it says, and its direction where it has one. */
export type Hit = { score: number; content: string; direction: number[] | undefined }
export type Picked<H> = { hit: H /** To the nearest hit before it. */; similarity: number /** What it is ranked by. */; value: number }

/**
 * Picks hits one by one, each time the one with the highest score · (1 − weight · similarity to the nearest one picked before).
 * The values never rise from one pick to the next, so the list stays sorted by them. Ties go to the earlier hit.
 */
export function pickDiverse<H extends Hit>(hits: readonly H[], weight: number, count: number): Picked<H>[] {
  const rest = hits.map((hit) => ({ hit, unit: unitOf(hit.direction), similarity: 0, value: hit.score }))
  const picked: Picked<H>[] = []
  while (picked.length < count && rest.length > 0) {
    const best = rest.reduce((a, b) => (b.value > a.value ? b : a))
    rest.splice(rest.indexOf(best), 1)
    picked.push(best)
    for (const other of rest) {
      other.similarity = Math.max(other.similarity, similarityOf(best, other))
      other.value = other.hit.score * (1 - weight * other.similarity)
    }
  }
  return picked
}

type Placed = { hit: Hit; unit: Float64Array | undefined }

/** The cosine where both have a direction; else whether they say the same. */
function similarityOf(a: Placed, b: Placed): number {
  if (a.hit.content === b.hit.content) return 1
  if (!a.unit || !b.unit || a.unit.length !== b.unit.length) return 0
  let product = 0
  // By number: of a hundred hits this runs a million times, and everybody's requests wait meanwhile.
  for (let i = 0; i < a.unit.length; i++) product += (a.unit[i] as number) * (b.unit[i] as number)
  return Math.min(1, Math.max(0, product))
}

/** Scaled to length 1. */
function unitOf(direction: number[] | undefined): Float64Array | undefined {
  if (!direction) return undefined
  const length = Math.hypot(...direction) || 1
  return Float64Array.from(direction, (value) => value / length)
}
