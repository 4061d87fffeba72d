/**
 * Returns a call or a signature as ruff formats it: on one line; otherwise its arguments on one line of their own;
 * otherwise each on its own line, with a comma after the last.
 */
export function bracketed(head: string, args: string[], tail: string, indent: string): string {
  const line = `${indent}${head}${args.join(', ')}${tail}`
  if (line.length <= 120) return line
  const inner = `${indent}    `
  const one = `${inner}${args.join(', ')}`
  if (one.length <= 120) return `${indent}${head}\n${one}\n${indent}${tail}`
  return `${indent}${head}\n${args.map((arg) => `${inner}${arg},\n`).join('')}${indent}${tail}`
}

/** Returns an import as ruff sorts and breaks it. */
export function importLine(module: string, names: string[]): string {
  const kind = (name: string) => (name === name.toUpperCase() ? 0 : /^[A-Z]/.test(name) ? 1 : 2)
  const sorted = [...names].sort(
    (a, b) => kind(a) - kind(b) || (a.toLowerCase() < b.toLowerCase() ? -1 : 1) || (a < b ? -1 : 1),
  )
  const line = `from ${module} import ${sorted.join(', ')}`
  if (line.length <= 120) return `${line}\n`
  return `from ${module} import (\n${sorted.map((name) => `    ${name},\n`).join('')})\n`
}

/** Returns the imports that a text needs, by the module's name, in ruff's order. */
export function importsFor(text: string, modules: Record<string, string[]>): string {
  const code = text.replaceAll(/"""[\s\S]*?"""/g, '')
  const lines = Object.entries(modules).flatMap(([module, names]) => {
    const used = names.filter((name) => new RegExp(`(?<![\\w.])${name}\\b(?!=)`).test(code))
    return used.length > 0 ? [{ isOurs: module.startsWith('.'), line: importLine(module, used) }] : []
  })
  const of = (isOurs: boolean) =>
    lines
      .filter((one) => one.isOurs === isOurs)
      .map(({ line }) => line)
      .join('')
  return ['from __future__ import annotations\n', of(false), of(true)].filter(Boolean).join('\n')
}
