import { readFileSync } from 'node:fs'
import type { ErrorCode } from '@dakera-ai/protocol'
import { html, raw } from 'hono/html'
import { ERROR_PAGES } from '../layout.ts'
import { htmlPage, lines, type Markup, marked, prose } from './html-page.ts'

/** Returns the page of docs/errors about a code, for a browser. */
export const errorPage = (code: ErrorCode): string =>
  htmlPage(
    `${code} · Dakera API`,
    html`<main>
<p><a href="/docs">Dakera API</a></p>
${toBlocks(readFileSync(new URL(`${code}.md`, ERROR_PAGES), 'utf8'))}
</main>`,
    'body { display: block }',
  )

/** Renders the Markdown that these pages use: headings, a quotation, lists, fenced code, paragraphs. */
const toBlocks = (markdown: string) => lines(markdown.split(/\n\n+/).map((block) => toBlock(block.trim())))

function toBlock(block: string): Markup {
  const [, marks, heading] = /^(#+) (.*)$/.exec(block) ?? []
  if (marks && heading) {
    const tag = raw(`h${marks.length}`)
    return html`<${tag}>${inline(heading)}</${tag}>`
  }
  if (block.startsWith('```'))
    return html`<pre tabindex="0"><code>${block.replace(/^```\w*\n|\n```$/g, '')}</code></pre>`
  if (block.startsWith('> ')) return html`<p>${inline(block.replaceAll(/^> /gm, ''))}</p>`
  if (block.startsWith('- ')) {
    const items = block.slice(2).split(/\n- /)
    return html`<ul>
${lines(items.map((item) => html`<li>${inline(item)}</li>`))}
</ul>`
  }
  return html`<p>${inline(block)}</p>`
}

/** Renders bold and code. Links keep their text only, because they lead to pages that the server does not have. */
const inline = (text: string) =>
  marked(
    text.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1'),
    /\*\*([^*]+)\*\*/,
    (bold) => html`<strong>${prose(bold)}</strong>`,
    prose,
  )
