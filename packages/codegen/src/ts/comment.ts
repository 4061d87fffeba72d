import { wrap } from '../text.ts'

/** Returns a doc comment, on one line if it fits. */
export function comment(text: string, indent = ''): string {
  if (text === '') return ''
  const line = `${indent}/** ${text} */`
  if (line.length <= 120 && !text.includes('\n')) return `${line}\n`
  const lines = text
    .split('\n')
    .map((part) => (part.startsWith('  ') ? `${indent} * ${part.slice(2)}` : wrap(part, `${indent} * `)))
  return `${indent}/**\n${lines.join('\n')}\n${indent} */\n`
}
