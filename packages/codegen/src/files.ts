import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The output of a printer: texts by their path from the root of the repository. */
export type Files = Record<string, string>

export const ROOT = join(import.meta.dirname, '../../..')
export const readRoot = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Returns the version in a package's package.json. */
export const versionOf = (sdk: string): string => JSON.parse(readRoot(`packages/${sdk}/package.json`)).version

/**
 * Returns a file written by hand with its generated parts renewed. `<!-- generated: name -->` begins a part and `<!--
 * end of name -->` ends it. The parts of the file and the given parts must be the same.
 */
export function renewed(path: string, parts: Record<string, string>): Files {
  let text = readRoot(path)
  const marked = [...text.matchAll(/<!-- generated: (.+?) -->/g)].map(([, name = '']) => name)
  if (marked.sort().join() !== Object.keys(parts).sort().join())
    throw new Error(`${path} marks the parts ${marked}, and the printer has ${Object.keys(parts)}.`)
  for (const [name, part] of Object.entries(parts)) {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end of ${name} -->`]
    const at = [text.indexOf(begin) + begin.length, text.indexOf(end)] as const
    if (at[1] < at[0]) throw new Error(`${path} does not end its part ${name}.`)
    text = `${text.slice(0, at[0])}\n\n${part.trim()}\n\n${text.slice(at[1])}`
  }
  return { [path]: text }
}
