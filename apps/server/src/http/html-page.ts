import { html, raw } from 'hono/html'

/** Markup, or text that is escaped. */
export type Markup = ReturnType<typeof html> | string | Markup[]

/** Returns a whole page. It loads nothing, runs no script, and works without internet. */
export const htmlPage = (title: string, body: Markup, style = '') =>
  String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${raw(STYLE + style)}</style>
</head>
<body>
${body}
</body>
</html>
`)

/** Returns text in which `code` is marked as in Markdown. */
export const prose = (text: string): Markup => marked(text, /`([^`]+)`/, (code) => html`<code>${code}</code>`)

/** Returns text whose marked parts are wrapped; the pattern captures what is between the marks. */
export const marked = (
  text: string,
  mark: RegExp,
  wrap: (part: string) => Markup,
  rest = (part: string): Markup => part,
) => text.split(mark).map((part, i) => (i % 2 === 1 ? wrap(part) : rest(part)))

/** Joins lines of markup. */
export const lines = (parts: Markup[]): Markup => parts.flatMap((part, i) => (i === 0 ? [part] : ['\n', part]))

const STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1b1f24;
  --soft: #57606a;
  --paper: #fff;
  --panel: #f5f7f9;
  --line: #d8dee4;
  --accent: #0b57d0;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #9aa4ae; --paper: #14171a; --panel: #1d2125; --line: #343b42; --accent: #8ab4f8 }
}
* { box-sizing: border-box }
body {
  margin: 0;
  display: grid;
  grid-template-columns: 15rem minmax(0, 1fr);
  font: 16px/1.5 system-ui, sans-serif;
  color: var(--ink);
  background: var(--paper);
}
nav {
  position: sticky;
  top: 0;
  height: 100vh;
  overflow: auto;
  padding: 1rem;
  background: var(--panel);
  border-right: 1px solid var(--line);
  font-size: .875rem;
}
nav h2 { margin: 1rem 0 .25rem; font-size: .875rem }
nav ul { margin: 0; padding: 0; list-style: none }
nav li a { display: block; padding: .125rem 0 }
.brand { margin: 0; font-weight: 600 }
main { max-width: 62rem; padding: 1.5rem 2rem 6rem }
main:focus { outline: none }
a { color: var(--accent); text-decoration: none }
a:hover { text-decoration: underline }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.skip { position: absolute; left: -99rem }
.skip:focus { left: 1rem; top: 1rem; padding: .5rem; background: var(--paper); z-index: 1 }
h1 small, .anchor, .aliases, caption, td small { color: var(--soft); font-weight: 400 }
h1 small, .anchor { font-size: .875rem }
section > h2 { margin-top: 3rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line) }
article { padding: .5rem 0 1rem; border-bottom: 1px solid var(--line) }
article, section, details { scroll-margin-top: 1rem }
h3 { margin: 1rem 0 0; font-size: 1rem; font-weight: 600; overflow-wrap: anywhere }
code, pre, .method { font: .875em/1.5 ui-monospace, monospace }
pre {
  margin: .5rem 0;
  padding: .75rem;
  overflow: auto;
  background: var(--panel);
  border: 1px solid var(--line);
  border-radius: 4px;
}
.method { display: inline-block; min-width: 3.75em; font-weight: 700 }
table { width: 100%; margin: .75rem 0; border-collapse: collapse; font-size: .875rem; text-align: left }
caption { text-align: left; padding-bottom: .25rem }
th, td {
  padding: .25rem .75rem .25rem 0;
  border-top: 1px solid var(--line);
  vertical-align: top;
  font-weight: 400;
  overflow-wrap: anywhere;
}
thead th { color: var(--soft) }
th:first-child { width: 30% }
td:nth-child(2) { width: 28% }
em { color: var(--soft); font-size: .8125rem }
summary { cursor: pointer; padding: .125rem 0 }
@media (max-width: 48rem) {
  body { display: block }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line) }
  nav ul { columns: 2 }
  main { padding: 1rem }
}
`
