/** Milliseconds of many calls, summed up. */
export type Summary = { count: number; p50: number; p95: number; p99: number; max: number }

/** One way of doing a thing: does it once, or in one burst, and gives how long each call took. */
export type Variant = () => Promise<number[]>

/**
 * Runs the variants in turn, round after round, so that whatever else the machine does meets all of them alike. Which
 * one goes first changes with the round.
 */
export async function interleave<K extends string>(
  variants: Record<K, Variant>,
  seconds: number,
  warmUpRounds: number,
): Promise<Record<K, Summary>> {
  const names = Object.keys(variants) as K[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>
  for (let round = 0; round < warmUpRounds; round++) for (const name of names) await variants[name]()
  const end = performance.now() + seconds * 1000
  for (let round = 0; performance.now() < end; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length] as K
      times[name].push(...(await variants[name]()))
    }
  }
  return Object.fromEntries(names.map((name) => [name, summarize(times[name])])) as Record<K, Summary>
}

/** How long one call took. */
export async function time(call: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await call()
  return performance.now() - started
}

/** Several agents at once, each with one call after the other. */
export async function burst(
  agents: number,
  callsEach: number,
  call: (agent: number) => Promise<unknown>,
): Promise<number[]> {
  const times = await Promise.all(
    Array.from({ length: agents }, async (_, agent) => {
      const own: number[] = []
      for (let i = 0; i < callsEach; i++) own.push(await time(() => call(agent)))
      return own
    }),
  )
  return times.flat()
}

/** Percentiles by nearest rank: each is a time that was measured. NaN when there is none. */
export function summarize(times: number[]): Summary {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round((sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN) * 1000) / 1000
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}
