/** A docstring of lines of at most 120 characters. */
export function docstring(text: string, indent: string): string {
  const safe = text.replaceAll('\\', '\\\\')
  const quoted = safe.endsWith('"') ? `${safe} ` : safe
  if (indent.length + quoted.length + 6 <= 120) return `${indent}"""${quoted}"""\n`
  const lines: string[] = []
  for (const word of quoted.split(' ')) {
    const last = lines.at(-1)
    const room = 120 - indent.length - (lines.length === 1 ? 3 : 0)
    if (last !== undefined && last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return `${indent}"""${lines.join(`\n${indent}`)}\n${indent}"""\n`
}
