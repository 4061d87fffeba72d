import type { Sample } from './sample.ts'
import { type Grammar, statementRuns } from './statements.ts'

const GO: Grammar = { comment: '//', quotes: '"`', statement: /^(const \w+ = |for .+\{$|\w+(, \w+)* := |[\w.]+\()/ }

/** Returns the samples, from the first client to the last statement; the document shows Go without its imports. */
export function goSamples(lines: string[]): Sample[] {
  const runs = statementRuns(lines, /^\w+ := dakera\.NewClient\(/, GO)
  return runs.map(({ start, end }) => ({
    language: 'go',
    line: start + 1,
    text: repaired(lines.slice(start, end).join('\n')),
  }))
}

/** Repairs a mistake of the document: a string contains a real line break, which is not valid Go. */
function repaired(text: string): string {
  return text.replaceAll(/\/\/.*|"(?:[^"\\]|\\.)*"/g, (part) => part.replaceAll('\n', '\\n'))
}
