import type { Answers, Checked } from './ordinary.ts'

/** A sample of the server and its database. */
export type Sample = {
  seconds: number
  residentMegabytes: number | undefined
  logMegabytes: number
  /** Bytes written to the log since the previous sample. On the embedded database only its folder's size is known. */
  logWrittenMegabytes: number | undefined
  /** Postgres: dead rows. */
  deadRows: number | undefined
  /** Embedded: the folder without the log. */
  dataMegabytes: number | undefined
  /** Milliseconds that the event loop was late since the previous sample; undefined if it did not respond. */
  loop: { p99: number; max: number } | undefined
}

/** The factor by which the memory of the last third may exceed that of the second. */
const MAY_GROW = 1.15

/** Returns the faults of a soak; empty if it passed. */
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

/**
 * Returns the mean RSS of the last third of the samples divided by that of the second; undefined with too few samples.
 */
export function residentGrowth(samples: Sample[]): number | undefined {
  const sizes = samples.map(({ residentMegabytes }) => residentMegabytes).filter((size) => size !== undefined)
  const third = Math.floor(sizes.length / 3)
  if (third === 0) return undefined
  return mean(sizes.slice(-third)) / mean(sizes.slice(-2 * third, -third))
}

/** Returns at most this many samples, each the largest of those it replaces, so that a peak is not averaged away. */
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

/** Adds up the counts of each answer. */
export function total(tallies: Answers[]): Answers {
  const all: Answers = {}
  for (const tally of tallies) for (const [answer, n] of Object.entries(tally)) all[answer] = (all[answer] ?? 0) + n
  return all
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
