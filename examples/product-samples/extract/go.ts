import type { Sample } from './sample.ts'
import { type Grammar, statementRuns } from './statements.ts'

const GO: Grammar = { comment: '//', quotes: '"`', statement: /^(const \w+ = |for .+\{$|\w+(, \w+)* := |[\w.]+\()/ }

/** From the first client to the last statement; the document shows Go without its imports. */
export function goSamples(lines: string[]): Sample[] {
  const runs = statementRuns(lines, /^\w+ := dakera\.NewClient\(/, GO)
  return runs.map(({ start, end }) => ({
    language: 'go',
    line: start + 1,
    text: repaired(lines.slice(start, end).join('\n')),
  }))
}

/** The one slip of the document: the line break of a string stands there as itself, which is no Go. */
function repaired(text: string): string {
  return text.replaceAll(/\/\/.*|"(?:[^"\\]|\\.)*"/g, (part) => part.replaceAll('\n', '\\n'))
}
