/** Returns the columns of a text with a tab width of four. */
const widthOf = (line: string) => line.replaceAll('\t', '    ').length

/**
 * Returns a list in brackets in the form of gofmt: on one line if it fits into 120 columns, otherwise one item a line.
 */
export function listed(before: string, items: string[], after: string): string {
  const line = `${before}${items.join(', ')}${after}`
  if (widthOf(line) <= 120) return line
  const indent = /^\t*/.exec(before)?.[0]
  return `${before}\n${items.map((item) => `${indent}\t${item},\n`).join('')}${indent}${after}`
}

/** Returns pairs with their second parts aligned. */
export function aligned(pairs: Array<[name: string, rest: string]>, indent: string): string {
  const widest = Math.max(...pairs.map(([name]) => name.length))
  return pairs.map(([name, rest]) => `${indent}${name.padEnd(widest)} ${rest}\n`).join('')
}
