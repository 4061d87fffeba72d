import { docsUrl, ERRORS, type ErrorCode } from '@dakera-ai/protocol'
import {
  type ApiDocument,
  type Description,
  describe,
  type Field,
  type OperationRow,
  type Type,
} from '@dakera-ai/protocol/describe'
import { html } from 'hono/html'
import { htmlPage, lines, type Markup, prose } from './html-page.ts'

/** Returns the OpenAPI document as one page for people. */
export function apiPage(document: ApiDocument): string {
  const api = describe(document)
  const name = `${api.title} API`
  return htmlPage(
    name,
    html`<a class="skip" href="#content">Skip to content</a>
<nav aria-label="Operations">
<p class="brand"><a href="#content">${name}</a></p>
${lines(api.groups.map(navigation))}
</nav>
<main id="content" tabindex="-1">
<header>
<h1>${name} <small>version ${api.version}</small></h1>
<p>${prose(api.text)}</p>
${INTRODUCTION}
</header>
${lines(api.groups.map((group) => section(group, api.server)))}
<section id="schemas">
<h2>schemas</h2>
${lines(api.models.map(model))}
</section>
</main>`,
  )
}

const INTRODUCTION = html`<p>Send the key as <code>Authorization: Bearer &lt;key&gt;</code>
  or <code>X-API-Key: &lt;key&gt;</code>.
Bodies are JSON, whatever the Content-Type.
<code>agent_id</code> is a namespace, and <code>namespace</code> another name of it.
A field that a call does not know is refused where it could delete, open or widen something;
  elsewhere <code>warnings</code> in the reply and the header <code>Dakera-Warning</code> name it.
Every write takes an <code>Idempotency-Key</code>: a repeat within a day gets the first reply.
Every failure has the shape of <a href="#Error">Error</a>.
The same as data: <a href="/openapi.json">/openapi.json</a>.</p>`

type Group = Description['groups'][number]

const navigation = ({ tag, operations }: Group) => html`<h2><a href="#${tag}">${tag}</a></h2>
<ul>
${lines(operations.map(link))}
</ul>`

const link = ({ id, method }: OperationRow) =>
  html`<li><a href="#${id}">${methodOf(method)} ${id.split('.').at(-1)}</a></li>`

const methodOf = (method: string) => html`<span class="method ${method}">${method}</span>`

const section = ({ tag, operations }: Group, server: string) => html`<section id="${tag}">
<h2>${tag}</h2>
${lines(operations.map((operation) => article(operation, server)))}
</section>`

function article(operation: OperationRow, server: string) {
  const { id, method, path, aliases, text, needsKey, inPath, inQuery, body, replies, errors } = operation
  return html`<article id="${id}">
<h3>${methodOf(method)} <code>${path}</code> <a class="anchor" href="#${id}">${id}</a></h3>
<p>${prose(text)}${needsKey ? '' : ' Needs no key.'}</p>
${
  aliases.length > 0 &&
  html`<p class="aliases">Also ${list(
    aliases.map((alias) => html`<code>${alias}</code>`),
    ', ',
  )}</p>`
}
${table('In the path', inPath)}
${table('Query', inQuery)}
${body && table(['Body: ', typeOf(body.type)], body.fields)}
${lines(replies.map(answer))}
<details><summary>Example</summary><pre tabindex="0"><code>${curl(operation, server)}</code></pre></details>
<details><summary>Errors</summary>
<table><thead><tr><th>Status</th><th>Code</th><th>Meaning</th></tr></thead><tbody>
${lines(errors.map(failure))}
</tbody></table></details>
</article>`
}

const answer = ({ status, type, fields = [] }: OperationRow['replies'][number]) =>
  type ? html`<details><summary>Answer ${status}: ${typeOf(type)}</summary>${table('', fields)}</details>` : ''

function failure({ status, code }: { status: string; code: string }) {
  const known = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : undefined
  const name = html`<code>${code}</code>`
  const linked = known ? html`<a href="${docsUrl(known, '')}">${name}</a>` : name
  return html`<tr><td>${status}</td><td>${linked}</td><td>${known && prose(ERRORS[known].title)}</td></tr>`
}

const model = ({ name, text, fields }: Description['models'][number]) =>
  html`<details id="${name}"><summary>${name}</summary>
<p>${prose(text)}</p>
${table('', fields)}
</details>`

function table(caption: Markup, fields: Field[]): Markup {
  if (fields.length === 0) return ''
  return html`<table>${caption && html`<caption>${caption}</caption>`}
<thead><tr><th>Field</th><th>Type</th><th>Meaning</th></tr></thead><tbody>
${lines(fields.map(row))}
</tbody></table>`
}

function row({ name, type, isRequired, text, default: standard }: Field) {
  const head = html`<code>${name}</code>${isRequired && html` <em>required</em>`}`
  const otherwise = standard !== undefined && html`Default <code>${standard}</code>. `
  return html`<tr><th scope="row">${head}</th><td>${typeOf(type)}</td><td>${otherwise}${prose(text)}</td></tr>`
}

function typeOf(type: Type): Markup {
  switch (type.kind) {
    case 'model':
      return html`<a href="#${type.name}">${type.name}</a>`
    case 'values':
      return list(
        type.values.map((value) => html`<code>${JSON.stringify(value)}</code>`),
        ', ',
      )
    case 'union':
      return list(type.types.map(typeOf), ' or ')
    case 'list':
      return html`list of ${typeOf(type.of)}${small(type.bounds)}`
    case 'map':
      return html`object of ${typeOf(type.of)}`
    case 'plain':
      return html`${type.format ?? type.name}${small(type.bounds)}`
  }
}

const small = (bounds: string) => bounds !== '' && html` <small>${bounds}</small>`

const list = (parts: Markup[], separator: string): Markup =>
  parts.flatMap((part, i) => (i === 0 ? [part] : [separator, part]))

function curl({ method, needsKey, sample }: OperationRow, server: string): string {
  const { path, query, body } = sample
  const verb = method === 'GET' || (method === 'POST' && body) ? '' : `-X ${method} `
  return [
    `curl ${verb}"${server}${path}${query && `?${query}`}"`,
    ...(needsKey ? ['-H "Authorization: Bearer $DAKERA_API_KEY"'] : []),
    ...(body ? [`-d '${JSON.stringify(body)}'`] : []),
  ].join(' \\\n  ')
}
