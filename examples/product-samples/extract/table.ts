/** Returns the cells of the column with this name, in the first table that has one, from top to bottom. */
export function tableColumn(document: string, name: string): string[] {
  const lines = document.split('\n')
  const header = lines.findIndex((line, at) => cells(line).includes(name) && /^\|[-:| ]+\|$/.test(lines[at + 1] ?? ''))
  if (header < 0) throw new Error(`No table has a column "${name}".`)
  const end = lines.findIndex((line, at) => at > header && !line.startsWith('|'))
  const column = cells(lines[header]).indexOf(name)
  return lines.slice(header + 2, end < 0 ? lines.length : end).map((line) => cells(line)[column] ?? '')
}

const cells = (line = '') => line.split('|').map((cell) => cell.trim())
