import type { Sample } from './sample.ts'

/** Returns runs of curl commands with only shell comments between and before them. */
export function curlSamples(lines: string[]): Sample[] {
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

/** Returns whether a line is a command, and not prose that begins with the word. */
const isCommand = (line: string | undefined): boolean => line !== undefined && /^curl (-|["']?https?:)/.test(line)
const isComment = (line: string | undefined): boolean => line?.startsWith('# ') === true

/** Returns the line after a command, which continues while a line ends with a backslash or a quote is open. */
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
