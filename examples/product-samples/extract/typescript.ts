import { stripTypeScriptTypes } from 'node:module'
import type { Sample } from './sample.ts'

const IMPORT = /^import \{.*\bDakeraClient\b.*\} from /

/**
 * Returns the samples, from an import of the client to the last line up to which the text is TypeScript; prose or
 * another language follows.
 */
export function typescriptSamples(lines: string[]): Sample[] {
  const starts = lines.flatMap((line, at) => (IMPORT.test(line) ? [at] : []))
  return starts.map((start, i) => {
    const limit = Math.min(starts[i + 1] ?? lines.length, start + 200)
    for (let end = limit; end > start; end--) {
      const text = lines.slice(start, end).join('\n')
      // A single word of prose would be TypeScript too; a sample ends with the end of a statement.
      if (/[;}]$/.test(text) && isTypeScript(text)) return { language: 'typescript', line: start + 1, text }
    }
    throw new Error(`No TypeScript begins at line ${start + 1}.`)
  })
}

function isTypeScript(text: string): boolean {
  try {
    stripTypeScriptTypes(text)
    return true
  } catch {
    return false
  }
}
