import type { Files } from '../files.ts'
import { importLine } from './layout.ts'

/** What differs between the two clients, in the order it is replaced. */
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

/** The same files, from _async, for the client that does not wait. A rule that matches nothing no longer knows them. */
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

/** Shorter names are sorted otherwise, and what stood on three lines may fit on one. */
const laidOut = (text: string) =>
  text
    .replaceAll(/^from (\S+) import ([^(\n]+)$/gm, (_, module: string, names: string) =>
      importLine(module, names.split(', ')).trimEnd(),
    )
    .replaceAll(/^( *)(.*\()\n *(.*[^,\n])\n\1(\).*)$/gm, (lines, indent, head, inner, tail) => {
      const line = `${indent}${head}${inner}${tail}`
      return line.length <= 120 ? line : lines
    })
