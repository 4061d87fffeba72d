import type { Files } from '../files.ts'
import { importLine } from './layout.ts'

/** The differences between the two clients, in the order in which they are replaced. */
const TO_SYNC: Array<[RegExp, string]> = [
  [/^( *)with anyio\.fail_after\(.*\):\n {4}/gm, ''],
  [/^import anyio\n/gm, ''],
  [/\bawait anyio\.sleep\b/g, 'time.sleep'],
  [/\basync (def|with|for)\b/g, '$1'],
  [/\bawait /g, ''],
  [/\b__a(enter|exit)__\b/g, '__$1__'],
  [/\baclose\b/g, 'close'],
  [/\baiter_bytes\b/g, 'iter_bytes'],
  [/\bAsync(?=[A-Z])/g, ''],
  [/The client for asyncio and trio\./g, 'The client for plain Python.'],
]

/**
 * Returns the files of the synchronous client, made from _async. Fails if a rule matches nothing, because it is then
 * out of date.
 */
export function syncTwins(files: Files): Files {
  const unused = new Set(TO_SYNC.map(([pattern]) => pattern))
  const twins = Object.entries(files).map(([path, source]) => {
    const twin = TO_SYNC.reduce((text, [pattern, replacement]) => {
      if (text.search(pattern) >= 0) unused.delete(pattern)
      return text.replaceAll(pattern, replacement)
    }, source)
    return [path.replace('/_async/', '/_sync/'), laidOut(twin)] as const
  })
  if (unused.size > 0) throw new Error(`Rules of twins.ts match nothing: ${[...unused].join(' ')}`)
  return Object.fromEntries(twins)
}

/** Returns the text formatted again: shorter names are sorted differently, and three lines may fit on one. */
const laidOut = (text: string) =>
  text
    .replaceAll(/^from (\S+) import ([^(\n]+)$/gm, (_, module: string, names: string) =>
      importLine(module, names.split(', ')).trimEnd(),
    )
    .replaceAll(/^( *)(.*\()\n *(.*[^,\n])\n\1(\).*)$/gm, (lines, indent, head, inner, tail) => {
      const line = `${indent}${head}${inner}${tail}`
      return line.length <= 120 ? line : lines
    })
