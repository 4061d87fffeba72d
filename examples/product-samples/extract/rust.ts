import type { Sample } from './sample.ts'
import { type Grammar, statementRuns } from './statements.ts'

// A lone ' is a lifetime.
const RUST: Grammar = { comment: '//', quotes: '"', statement: /^(use |let |for .+\{$|\w+!\(|[\w.]+\()/ }

/** Returns the samples, from a use of the client to the last statement. */
export function rustSamples(lines: string[]): Sample[] {
  const runs = statementRuns(lines, /^use dakera_rs::/, RUST)
  return runs.map(({ start, end }) => ({ language: 'rust', line: start + 1, text: lines.slice(start, end).join('\n') }))
}
