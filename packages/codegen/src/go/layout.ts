/** Columns of a text in which a tab is as wide as four. */
const widthOf = (line: string) => line.replaceAll('\t', '    ').length

/** A list in brackets as gofmt leaves it: on one line if that fits into 120 columns, else an item a line. */
export function listed(before: string, items: string[], after: string): string {
  const line = `${before}${items.join(', ')}${after}`
  if (widthOf(line) <= 120) return line
  const indent = /^\t*/.exec(before)?.[0]
  return `${before}\n${items.map((item) => `${indent}\t${item},\n`).join('')}${indent}${after}`
}

/** Pairs of a name and what belongs to it, the second ones below each other. */
export function aligned(pairs: Array<[name: string, rest: string]>, indent: string): string {
  const widest = Math.max(...pairs.map(([name]) => name.length))
  return pairs.map(([name, rest]) => `${indent}${name.padEnd(widest)} ${rest}\n`).join('')
}
