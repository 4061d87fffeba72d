/** Returns a docstring with lines of at most 120 characters. */
export function docstring(text: string, indent: string): string {
  const quoted = safe(text)
  if (indent.length + quoted.length + 6 <= 120) return `${indent}"""${quoted}"""\n`
  return `${indent}"""${wrapped(quoted, 120 - indent.length, 3).join(`\n${indent}`)}\n${indent}"""\n`
}

/** Returns a docstring that describes some arguments. */
export function docstringOf(text: string, args: Array<[name: string, doc: string]>, indent: string): string {
  const [first = '', ...rest] = text.split(/(?<=[.;]) (?=[A-Z`])/)
  if (args.length === 0 && text.length + indent.length + 6 <= 120) return docstring(text, indent)
  const paragraphs = [
    ...(rest.length > 0 ? [wrapped(safe(rest.join(' ')), 120 - indent.length)] : []),
    ...(args.length > 0 ? [['Args:', ...args.flatMap((arg) => argument(arg, 120 - indent.length))]] : []),
  ]
  const head = wrapped(safe(first), 120 - indent.length, 3).join(`\n${indent}`)
  const body = paragraphs.map((lines) => `\n\n${lines.map((line) => `${indent}${line}`).join('\n')}`).join('')
  const isSection = args.length > 0 // ruff requires an empty line after a section
  return `${indent}"""${head}${body}\n${isSection ? '\n' : ''}${indent}"""\n`
}

function argument([name, doc]: [string, string], width: number): string[] {
  const lines = wrapped(safe(`${name}: ${doc}`), width - 4)
  return lines.map((line, i) => (i === 0 ? `    ${line}` : `        ${line}`))
}

function safe(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\')
  return escaped.endsWith('"') ? `${escaped} ` : escaped
}

/** Returns lines of at most `width` columns; `before` columns of the first one are taken. */
function wrapped(text: string, width: number, before = 0): string[] {
  const lines: string[] = []
  for (const word of text.match(/(?:`[^`]*`|\S)+/g) ?? []) {
    const last = lines.at(-1)
    const room = lines.length === 1 ? width - before : width
    if (last !== undefined && last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
