import type { Sample } from './sample.ts'
import { type Grammar, statementRuns, statements } from './statements.ts'

const PYTHON: Grammar = {
  comment: '#',
  quotes: `"'`,
  statement: /^(from \w+ import |for .+:$|\w+(, \w+)* = |[\w.]+\()/,
}

/** Returns the samples, from an import of the client to the last statement. */
export function pythonSamples(lines: string[]): Sample[] {
  const runs = statementRuns(lines, /^from dakera import /, PYTHON)
  return runs.map(({ start, end }) => ({
    language: 'python',
    line: start + 1,
    text: indented(lines.slice(start, end)).join('\n'),
  }))
}

/**
 * Restores the indentation, which has a meaning in Python and which the document has lost: the statement after a colon
 * at the end of a line is a body. A body is assumed to be one statement, as it is in the document.
 */
function indented(lines: string[]): string[] {
  const result = [...lines]
  let depth = 0
  for (const { start, end } of statements(lines, 0, PYTHON)) {
    for (let at = start; at < end; at++) result[at] = '    '.repeat(depth) + lines[at]
    depth = lines[end - 1]?.endsWith(':') ? depth + 1 : 0
  }
  return result
}
