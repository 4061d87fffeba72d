/** The properties of a language that distinguish its statements from prose. */
export type Grammar = { comment: string; quotes: string; statement: RegExp }

/** A range of lines, without the one at `end`. */
export type Range = { start: number; end: number }

/** Returns runs of statements that begin with a line like `first`, with the comments between them. */
export function statementRuns(lines: string[], first: RegExp, grammar: Grammar): Range[] {
  const runs: Range[] = []
  for (let at = 0; at < lines.length; at++) {
    if (!first.test(lines[at] ?? '')) continue
    const end = statements(lines, at, grammar).at(-1)?.end ?? at + 1
    runs.push({ start: at, end })
    at = end - 1
  }
  return runs
}

/** Returns the statements from a line on, up to a line that is neither a statement nor a comment. */
export function statements(lines: string[], start: number, grammar: Grammar): Range[] {
  const found: Range[] = []
  for (let at = start; at < lines.length; ) {
    const line = lines[at] ?? ''
    if (line.startsWith(grammar.comment)) at++
    else if (grammar.statement.test(line)) {
      const end = statementEnd(lines, at, grammar)
      found.push({ start: at, end })
      at = end
    } else break
  }
  return found
}

/** Returns the line after a statement, which continues while a bracket or a quote is open. */
function statementEnd(lines: string[], start: number, { comment, quotes }: Grammar): number {
  let quote = ''
  let depth = 0
  for (let at = start; at < lines.length; at++) {
    const line = lines[at] ?? ''
    for (let i = 0; i < line.length; i++) {
      const character = line[i] ?? ''
      if (quote !== '') {
        if (character === '\\') i++
        else if (character === quote) quote = ''
      } else if (line.startsWith(comment, i)) break
      else if (quotes.includes(character)) quote = character
      else if ('([{'.includes(character)) depth++
      else if (')]}'.includes(character)) depth--
    }
    if (quote === '' && depth === 0) return at + 1
  }
  throw new Error(`The statement of line ${start + 1} has no end.`)
}
