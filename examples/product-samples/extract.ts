import { stripTypeScriptTypes } from 'node:module'

/** Some lines of a document, word for word, and where they start. */
export type Sample = { language: 'curl' | 'typescript'; line: number; text: string }

/**
 * The curl and TypeScript samples of a document that has lost its code fences and its indentation, in their order.
 * They are found by their structure alone, so that nothing of the document is repeated here.
 */
export function extractSamples(document: string): Sample[] {
  const lines = document.split('\n')
  return [...curlSamples(lines), ...typescriptSamples(lines)].sort((a, b) => a.line - b.line)
}

/** A run of curl commands with nothing but shell comments between and in front of them. */
function curlSamples(lines: string[]): Sample[] {
  const samples: Sample[] = []
  for (let at = 0; at < lines.length; at++) {
    if (!isCommand(lines[at])) continue
    let start = at
    while (isComment(lines[start - 1])) start--
    let end = at
    for (let next = at; isCommand(lines[next]); ) {
      end = commandEnd(lines, next)
      next = end
      while (isComment(lines[next])) next++
    }
    samples.push({ language: 'curl', line: start + 1, text: lines.slice(start, end).join('\n') })
    at = end - 1
  }
  return samples
}

/** Not prose that begins with the word. */
const isCommand = (line: string | undefined): boolean => line !== undefined && /^curl (-|["']?https?:)/.test(line)
const isComment = (line: string | undefined): boolean => line?.startsWith('# ') === true

/** The line after a command, which goes on while a line ends in a backslash or a quote is open. */
function commandEnd(lines: string[], start: number): number {
  let quote = ''
  for (let at = start; at < lines.length; at++) {
    const line = lines[at] ?? ''
    let isContinued = false
    for (let i = 0; i < line.length; i++) {
      const character = line[i]
      if (character === '\\' && quote !== "'") {
        isContinued = i === line.length - 1
        i++
      } else if (quote === '' && (character === "'" || character === '"')) quote = character
      else if (character === quote) quote = ''
    }
    if (!isContinued && quote === '') return at + 1
  }
  throw new Error(`The command of line ${start + 1} has no end.`)
}

const IMPORT = /^import \{.*\bDakeraClient\b.*\} from /

/** From an import of the client to the last line up to which it all is TypeScript; what follows is prose or another language. */
function typescriptSamples(lines: string[]): Sample[] {
  const starts = lines.flatMap((line, at) => (IMPORT.test(line) ? [at] : []))
  return starts.map((start, i) => {
    const limit = Math.min(starts[i + 1] ?? lines.length, start + 200)
    for (let end = limit; end > start; end--) {
      const text = lines.slice(start, end).join('\n')
      // A lone word of prose would be TypeScript too; a sample ends with the end of a statement.
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
