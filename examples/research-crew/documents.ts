import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source } from './crew.ts'

/** A sentence of a document, and its place. */
export type Sentence = Source & { text: string }

/**
 * Returns the sentences of every Markdown file below a folder; code, tables, headings and front matter are not prose.
 */
export async function readSentences(folder: string): Promise<{ files: number; sentences: Sentence[] }> {
  const files = (
    await Array.fromAsync(glob('**/*.md', { cwd: folder, exclude: (name) => name === 'node_modules' }))
  ).sort()
  const sentences: Sentence[] = []
  for (const file of files) sentences.push(...sentencesOf(file, await readFile(join(folder, file), 'utf8')))
  return { files: files.length, sentences }
}

/** Returns whether the sentence is still in its file, at its line. */
export async function isStillThere(folder: string, { file, line, text }: Sentence): Promise<boolean> {
  const lines = (await readFile(join(folder, file), 'utf8')).split('\n')
  return plain(lines.slice(line - 1, line + 30).join(' ')).includes(text)
}

function sentencesOf(file: string, document: string): Sentence[] {
  const lines = document.split('\n')
  const sentences: Sentence[] = []
  let heading = file
  let fence = ''
  let paragraph: { line: number; lines: string[] } | undefined
  const close = () => {
    if (paragraph) sentences.push(...split(file, heading, paragraph))
    paragraph = undefined
  }
  for (let at = frontMatterEnd(lines); at < lines.length; at++) {
    const line = lines[at] ?? ''
    const mark = /^\s*(```|~~~)/.exec(line)?.[1]
    if (mark && (fence === '' || mark === fence)) {
      close()
      fence = fence === '' ? mark : ''
    } else if (fence !== '') continue
    else if (/^#{1,6} /.test(line)) {
      close()
      heading = plain(line.replace(/^#+ /, ''))
    } else if (line.trim() === '' || /^\s*(\||<|---|===|\[[^\]]+\]:)/.test(line)) close()
    else {
      if (/^\s*([-*+]|\d+\.) |^> /.test(line)) close()
      paragraph ??= { line: at + 1, lines: [] }
      paragraph.lines.push(line)
    }
  }
  close()
  return sentences
}

const frontMatterEnd = (lines: string[]): number => (lines[0] === '---' ? lines.indexOf('---', 1) + 1 : 0)

/** Returns the sentences that are long enough to be understood alone. */
function split(file: string, heading: string, { line, lines }: { line: number; lines: string[] }): Sentence[] {
  const text = plain(lines.join(' '))
  return text
    .split(/(?<=[.!?])\s+(?=[A-Z0-9"'(])/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => /[.!?]$/.test(sentence) && sentence.length >= 40 && sentence.length <= 400)
    .map((sentence) => ({ file, heading, line: line + lineOf(lines, sentence), text: sentence }))
}

/** Returns the line in which a sentence begins. */
function lineOf(lines: string[], sentence: string): number {
  const first = lines.findLastIndex((_, at) => plain(lines.slice(at).join(' ')).includes(sentence))
  return Math.max(first, 0)
}

/** Returns the text of Markdown without its marks, with single spaces. */
export function plain(markdown: string): string {
  return markdown
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/(\*\*|__|`)/g, '')
    .replaceAll(/(?<![\w*])\*([^*\s][^*]*)\*(?!\w)/g, '$1')
    .replaceAll(/(^|\s)([-*+]|\d+\.|>)\s+/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
