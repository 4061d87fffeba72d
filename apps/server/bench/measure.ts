/** Milliseconds of many calls, summed up. */
export type Summary = { count: number; p50: number; p95: number; p99: number; max: number }

/** A variant of a measurement: makes one call or one burst, and returns how long each call took. */
export type Variant = () => Promise<number[]>

/**
 * Runs the variants in turn, round after round, so that other load on the machine affects all of them equally. Each
 * round begins with a different one.
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

/** Returns how long one call took. */
export async function time(call: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await call()
  return performance.now() - started
}

/** Runs several agents at once, each with one call after the other. */
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

/** Returns percentiles by nearest rank: each is a measured time. NaN if there is none. */
export function summarize(times: number[]): Summary {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round((sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN) * 1000) / 1000
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}
