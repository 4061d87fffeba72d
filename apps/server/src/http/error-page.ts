import { readFileSync } from 'node:fs'
import type { ErrorCode } from '@dakera-ai/protocol'
import { ERROR_PAGES } from '../layout.ts'
import { prose, STYLE, toHtml } from './api-page.ts'

/** The page of docs/errors about a code, for a browser. */
export function errorPage(code: ErrorCode): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${toHtml(code)} · Dakera API</title>
<style>${STYLE} body { display: block }</style>
</head>
<body>
<main>
<p><a href="/docs">Dakera API</a></p>
${toBlocks(readFileSync(new URL(`${code}.md`, ERROR_PAGES), 'utf8'))}
</main>
</body>
</html>
`
}

/** What these pages use of Markdown: headings, a quotation, lists, fenced code, paragraphs. */
const toBlocks = (markdown: string) =>
  markdown
    .split(/\n\n+/)
    .map((block) => toBlock(block.trim()))
    .join('\n')

function toBlock(block: string): string {
  const [, marks, heading] = /^(#+) (.*)$/.exec(block) ?? []
  if (marks && heading) return `<h${marks.length}>${inline(heading)}</h${marks.length}>`
  if (block.startsWith('```'))
    return `<pre tabindex="0"><code>${toHtml(block.replace(/^```\w*\n|\n```$/g, ''))}</code></pre>`
  if (block.startsWith('> ')) return `<p>${inline(block.replaceAll(/^> /gm, ''))}</p>`
  if (block.startsWith('- ')) {
    const items = block.slice(2).split(/\n- /)
    return `<ul>\n${items.map((item) => `<li>${inline(item)}</li>`).join('\n')}\n</ul>`
  }
  return `<p>${inline(block)}</p>`
}

/** Links lead to pages of the repository, which the server does not have: their text stands. */
const inline = (text: string) =>
  prose(text.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1')).replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
