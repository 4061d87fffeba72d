import type { Source } from './crew.ts'

/** A fact that the article may contain, with its source. The article cites it by its number. */
export type Finding = { id: string; content: string; source: Source }

/** A line of an article: a sentence and the numbers at its end, as in "It is so. [2]". */
export type Cited = { sentence: string; numbers: number[] }

/** Writes prose from templates: each paragraph is about one place of the documents, each sentence is a finding. */
export function compose(topic: string, findings: Finding[]): string {
  const places = Map.groupBy(findings, ({ source }) => `${source.file}, "${source.heading}"`)
  const number = new Map(findings.map(({ id }, i) => [id, i + 1]))
  const paragraphs = [...places].map(([place, found], i) =>
    found
      .map(({ id, content }, j) => `${j === 0 ? `${opening(i)} ${place}: ` : ''}${content} [${number.get(id)}]`)
      .join('\n'),
  )
  return [title(topic), ...paragraphs].join('\n\n')
}

const OPENINGS = ['As it stands in', 'On this, see', 'More is in', 'And from']
const opening = (paragraph: number): string => OPENINGS[paragraph % OPENINGS.length] ?? ''

/** Returns the first line of an article. */
export const title = (topic: string): string => `# ${topic}`

/** Returns the sentences of an article, one a line, with their citations. */
export function readArticle(article: string): Cited[] {
  return article
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const citation = /\s*((?:\[\d+\]\s*)+)$/.exec(line)
      return {
        sentence: citation ? line.slice(0, citation.index) : line,
        numbers: citation?.[1]?.match(/\d+/g)?.map(Number) ?? [],
      }
    })
}

/** Returns whether a sentence could come from these findings: they contain at least a third of its longer words. */
export function isCovered(sentence: string, findings: string[]): boolean {
  const known = new Set(findings.flatMap(words))
  const said = words(sentence)
  return said.length > 0 && said.filter((word) => known.has(word)).length >= said.length / 3
}

const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? []
