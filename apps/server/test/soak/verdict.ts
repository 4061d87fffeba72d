import type { Answers, Checked } from './ordinary.ts'

/** The server and its database at one moment. */
export type Sample = {
  seconds: number
  residentMegabytes: number | undefined
  logMegabytes: number
  /** Written to the log since the sample before. On the embedded database only its folder's size is known. */
  logWrittenMegabytes: number | undefined
  /** Postgres: rows that no one sees any more. */
  deadRows: number | undefined
  /** Embedded: the folder without the log. */
  dataMegabytes: number | undefined
  /** Milliseconds that the event loop was late since the sample before; undefined when it did not answer. */
  loop: { p99: number; max: number } | undefined
}

/** How much the memory of the last third may exceed that of the second. */
const MAY_GROW = 1.15

/** Everything that a soak must not show; empty when it passed. */
export function verdict(samples: Sample[], ordinary: Answers, checked: Checked[] | undefined): string[] {
  const faults: string[] = []
  for (const [answer, count] of Object.entries(ordinary)) {
    if (/^5\d\d /.test(answer)) faults.push(`ordinary keys got ${answer} ${count} times`)
    else if (!/^(ok$|\d+ )/.test(answer)) faults.push(`${count} calls of ordinary keys had no answer (${answer})`)
  }
  for (const { wrong } of checked ?? []) faults.push(...wrong)
  const growth = residentGrowth(samples)
  if (growth !== undefined && growth > MAY_GROW)
    faults.push(`RSS of the last third is ${growth.toFixed(2)} times that of the second`)
  return faults
}

/** Mean RSS of the last third of the samples over that of the second; undefined with too few. */
export function residentGrowth(samples: Sample[]): number | undefined {
  const sizes = samples.map(({ residentMegabytes }) => residentMegabytes).filter((size) => size !== undefined)
  const third = Math.floor(sizes.length / 3)
  if (third === 0) return undefined
  return mean(sizes.slice(-third)) / mean(sizes.slice(-2 * third, -third))
}

/** At most so many, each the largest of what it stands for: a peak is not averaged away. */
export function condense(samples: Sample[], most: number): Sample[] {
  const size = Math.ceil(samples.length / most)
  const largest = (part: Sample[], of: (sample: Sample) => number | undefined) => {
    const known = part.map(of).filter((value) => value !== undefined)
    return known.length === 0 ? undefined : Math.max(...known)
  }
  const sum = (part: Sample[], of: (sample: Sample) => number | undefined) => {
    const known = part.map(of).filter((value) => value !== undefined)
    return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0)
  }
  return Array.from({ length: size === 0 ? 0 : Math.ceil(samples.length / size) }, (_, i) => {
    const part = samples.slice(i * size, (i + 1) * size)
    const p99 = largest(part, ({ loop }) => loop?.p99)
    const max = largest(part, ({ loop }) => loop?.max)
    return {
      seconds: (part.at(-1) as Sample).seconds,
      residentMegabytes: largest(part, ({ residentMegabytes }) => residentMegabytes),
      logMegabytes: largest(part, ({ logMegabytes }) => logMegabytes) ?? 0,
      logWrittenMegabytes: sum(part, ({ logWrittenMegabytes }) => logWrittenMegabytes),
      deadRows: largest(part, ({ deadRows }) => deadRows),
      dataMegabytes: largest(part, ({ dataMegabytes }) => dataMegabytes),
      loop: p99 === undefined || max === undefined ? undefined : { p99, max },
    }
  })
}

/** Sums of each answer. */
export function total(tallies: Answers[]): Answers {
  const all: Answers = {}
  for (const tally of tallies) for (const [answer, n] of Object.entries(tally)) all[answer] = (all[answer] ?? 0) + n
  return all
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
