import { docsUrl, ERRORS, type ErrorCode } from '@dakera-ai/protocol'

type Schema = {
  $ref?: string
  type?: string | string[]
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  default?: unknown
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  format?: string
  additionalProperties?: Schema | boolean
}
type Content = { content?: Record<string, { schema: Schema }> }
type Operation = {
  operationId: string
  tags: string[]
  summary: string
  security?: unknown[]
  parameters: { name: string; in: string; required: boolean; description?: string; schema: Schema }[]
  requestBody?: Content
  responses: Record<string, Content & { description: string }>
  'x-aliases'?: readonly string[]
}
/** What this page reads of an OpenAPI document: the one that openapi() makes. */
export type ApiDocument = {
  info: { title: string; version: string; description: string }
  servers: { url: string }[]
  paths: Record<string, Record<string, unknown>>
  components: { schemas: Record<string, unknown> }
}
type Entry = { method: string; path: string; operation: Operation }
type Row = { name: string; schema: Schema; required: boolean; description: string }

/** The OpenAPI document as one page for people. It loads nothing, runs no script, and works without internet. */
export function apiPage(document: ApiDocument): string {
  const entries = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]): Entry => ({ method: method.toUpperCase(), path, operation: operation as Operation }),
    ),
  )
  const groups = Map.groupBy(entries, ({ operation }) => operation.tags[0] ?? 'other')
  const context = {
    schemas: document.components.schemas as Record<string, Schema>,
    server: document.servers[0]?.url ?? '',
  }
  const { title, version, description } = document.info
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${toHtml(title)} API</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<nav aria-label="Operations">
<p class="brand"><a href="#content">${toHtml(title)} API</a></p>
${[...groups]
  .map(
    ([tag, members]) =>
      `<h2><a href="#${toHtml(tag)}">${toHtml(tag)}</a></h2>\n<ul>\n${members.map(link).join('\n')}\n</ul>`,
  )
  .join('\n')}
</nav>
<main id="content" tabindex="-1">
<header>
<h1>${toHtml(title)} API <small>version ${toHtml(version)}</small></h1>
<p>${prose(description)}</p>
<p>Send the key as <code>Authorization: Bearer &lt;key&gt;</code>
  or <code>X-API-Key: &lt;key&gt;</code>. Bodies are JSON, 
    whatever the Content-Type. <code>agent_id</code> is a namespace, and <code>namespace</code> another name of it.
A field that a call does not know is refused
  where it could delete, open or widen something; elsewhere <code>warnings</code> in the reply
    and the header <code>Dakera-Warning</code> name it.
Every write takes an <code>Idempotency-Key</code>: a repeat within a day gets the first reply. Every failure has the shape of <a href="#Error">Error</a>.
The same as data: <a href="/openapi.json">/openapi.json</a>.</p>
</header>
${[...groups]
  .map(
    ([tag, members]) =>
      '<section ' +
      `id="${toHtml(tag)}">\n<h2>${toHtml(tag)}</h2>\n${members.map((entry) => article(entry, context)).join('\n')}\n</section>`,
  )
  .join('\n')}
<section id="schemas">
<h2>schemas</h2>
${Object.entries(context.schemas)
  .map(([name, schema]) => model(name, schema))
  .join('\n')}
</section>
</main>
</body>
</html>
`
}

type Context = { schemas: Record<string, Schema>; server: string }

const link = ({ method, operation }: Entry) =>
  `<li><a href="#${toHtml(operation.operationId)}"><span class="method ` +
  `${toHtml(method)}">${toHtml(method)}</span> ${toHtml(operation.operationId.split('.').at(-1) ?? '')}</a></li>`

function article({ method, path, operation }: Entry, context: Context): string {
  const { operationId, summary, parameters, requestBody, responses } = operation
  const aliases = operation['x-aliases'] ?? []
  const success = Object.entries(responses).filter(([status]) => Number(status) < 400)
  const failures = Object.entries(responses).filter(([status]) => Number(status) >= 400)
  const inPlace = (place: string) =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map(
        ({ name, schema, required, description }): Row => ({
          name,
          schema,
          required,
          description: description ?? meaningOf(schema),
        }),
      )
  const body = bodySchema(requestBody)
  return `<article id="${toHtml(operationId)}">
<h3><span class="method ${toHtml(method)}">${toHtml(method)}</span> <code>${toHtml(path)}</code> <a class="anchor" href="#${toHtml(operationId)}">${toHtml(operationId)}</a></h3>
<p>${prose(summary)}${operation.security?.length === 0 ? ' Needs no key.' : ''}</p>
${
  aliases.length > 0
    ? `<p class="aliases">Also ${aliases.map((alias) => `<code>${toHtml(alias)}</code>`).join(', ')}</p>`
    : ''
}
${table('In the path', inPlace('path'))}
${table('Query', inPlace('query'))}
${body ? table(`Body: ${reference(body)}`, rows(resolve(body, context.schemas))) : ''}
${success.map(([status, response]) => answer(status, bodySchema(response), context)).join('\n')}
<details><summary>Example</summary><pre tabindex="0"><code>${toHtml(curl(method, path, operation, context))}</code></pre></details>
<details><summary>Errors</summary><table><thead><tr><th>Status</th><th>Code</th><th>Meaning</th></tr></thead><tbody>
${failures.flatMap(([status, { description }]) => description.split(', ').map((code) => failure(status, code))).join('\n')}
</tbody></table></details>
</article>`
}

const answer = (status: string, schema: Schema | undefined, context: Context) =>
  schema
    ? `<details><summary>Answer ${toHtml(status)}: ` +
      `${reference(schema)}</summary>${table('', rows(resolve(schema, context.schemas)))}</details>`
    : ''

function failure(status: string, code: string): string {
  const known = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : undefined
  const name = `<code>${toHtml(code)}</code>`
  return `<tr><td>${toHtml(status)}</td><td>${known ? `<a href="${toHtml(docsUrl(known, ''))}">${name}</a>` : name}</td><td>${known ? prose(ERRORS[known].title) : ''}</td></tr>`
}

const model = (name: string, schema: Schema) => `<details id="${toHtml(name)}"><summary>${toHtml(name)}</summary>
<p>${prose(schema.description ?? '')}</p>
${table('', rows(schema))}
</details>`

const bodySchema = (holder: Content | undefined) => holder?.content?.['application/json']?.schema
const resolve = (schema: Schema, schemas: Record<string, Schema>): Schema =>
  schema.$ref ? (schemas[refName(schema.$ref)] ?? {}) : schema
const refName = (ref: string) => ref.split('/').at(-1) ?? ref

const rows = ({ properties = {}, required = [] }: Schema): Row[] =>
  Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    required: required.includes(name),
    description: meaningOf(schema),
  }))

/** What a field that may be null means stands within. */
const meaningOf = ({ description, anyOf = [] }: Schema): string =>
  description ?? anyOf.find((inner) => inner.description)?.description ?? ''

function table(caption: string, fields: Row[]): string {
  if (fields.length === 0) return ''
  const lines = fields.map(({ name, schema, required, description }) => {
    const standard =
      schema.default === undefined ? '' : `Default <code>${toHtml(JSON.stringify(schema.default))}</code>. `
    return (
      '<tr><th ' +
      `scope="row"><code>${toHtml(name)}</code>${required ? ' <em>required</em>' : ''}</th><td>${typeOf(schema)}</td><td>${standard}${prose(description)}</td></tr>`
    )
  })
  return `<table>${caption && `<caption>${caption}</caption>`}<thead><tr><th>Field</th><th>Type</th><th>Meaning</th></tr></thead><tbody>\n${lines.join('\n')}\n</tbody></table>`
}

const reference = (schema: Schema) =>
  schema.$ref ? `<a href="#${toHtml(refName(schema.$ref))}">${toHtml(refName(schema.$ref))}</a>` : typeOf(schema)

/** A type in a few words, as HTML. */
function typeOf(schema: Schema): string {
  if (schema.$ref) return reference(schema)
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ')
  if (schema.enum) return schema.enum.map((value) => `<code>${toHtml(JSON.stringify(value))}</code>`).join(', ')
  if (schema.const !== undefined) return `<code>${toHtml(JSON.stringify(schema.const))}</code>`
  if (schema.items) return `list of ${typeOf(schema.items)}${limits(schema.minItems, schema.maxItems, ' items')}`
  const name = Array.isArray(schema.type) ? schema.type.join(' or ') : (schema.format ?? schema.type ?? 'any')
  if (name === 'integer') return `integer${limits(near(schema.minimum), near(schema.maximum))}`
  if (name === 'number') return `number${limits(schema.minimum ?? schema.exclusiveMinimum, schema.maximum)}`
  if (schema.type === 'string') return `${toHtml(name)}${limits(schema.minLength, schema.maxLength, ' letters')}`
  if (
    schema.type === 'object' &&
    typeof schema.additionalProperties === 'object' &&
    Object.keys(schema.additionalProperties).length > 0
  )
    return `object of ${typeOf(schema.additionalProperties)}`
  return toHtml(name)
}

/** A bound that a program set, not the end of the number line. */
const near = (bound: number | undefined) => (bound !== undefined && Math.abs(bound) < 1e9 ? bound : undefined)
const limits = (least: number | undefined, most: number | undefined, unit = '') =>
  least === undefined && most === undefined
    ? ''
    : ' ' +
      `<small>${[least === undefined ? '' : `from ${least}`, most === undefined ? '' : `to ${most}`].filter(Boolean).join(' ')}${unit}</small>`

function curl(method: string, path: string, operation: Operation, { schemas, server }: Context): string {
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    method === 'DELETE' && path.endsWith('{namespace}') ? 'scratch' : (sampleOf(name, {}, schemas) as string),
  )
  const names = operation.parameters.map(({ name }) => name)
  const query = operation.parameters
    .filter((parameter) => parameter.in === 'query' && (parameter.required || isTaught(parameter.name, names)))
    .map(({ name, schema }) => `${name}=${encodeURIComponent(String(sampleOf(name, schema, schemas)))}`)
    .join('&')
  const schema = bodySchema(operation.requestBody)
  const body = schema && sampleOf('', schema, schemas)
  return [
    'curl ' +
      `${method === 'GET' || (method === 'POST' && body) ? '' : `-X ${method} `}"${server}${address}${query && `?${query}`}"`,
    ...(operation.security?.length === 0 ? [] : ['-H "Authorization: Bearer $DAKERA_API_KEY"']),
    ...(body ? [`-d '${JSON.stringify(body)}'`] : []),
  ].join(' \\\n  ')
}

const SAMPLES: Record<string, unknown> = {
  namespace: 'team-shared',
  agent_id: 'team-shared',
  name: 'researcher',
  key_id: 'key_1',
  memory_id: 'mem_1',
  session_id: 'ses_1',
  content: 'Ada prefers tea.',
  query: 'what does Ada drink?',
  importance: 0.8,
  memory_ids: ['mem_1'],
  grants: { 'team-shared': 'read_write' },
  description: 'What the team has found out.',
  summary: 'Tea it is.',
}

/** What may be left out and is what the call is about. One of `agent_id` and `namespaces` must be sent. */
const isTaught = (name: string, beside: string[]) =>
  ['memory_id', 'memory_ids', 'grants', 'description', 'summary', 'importance'].includes(name) ||
  (name === 'agent_id' && beside.includes('namespaces'))

/** A value for the example: what is required, and what nobody could do without. */
function sampleOf(name: string, schema: Schema, schemas: Record<string, Schema>): unknown {
  const known = resolve(schema, schemas)
  if (!known.properties && name in SAMPLES) return SAMPLES[name]
  if (known.properties) {
    const required = known.required ?? []
    const names = Object.keys(known.properties)
    const wanted = names.filter((key) => required.includes(key) || isTaught(key, names))
    return Object.fromEntries(
      wanted
        .filter((key) => key !== 'memory_ids' || !wanted.includes('memory_id'))
        .map((key) => [key, sampleOf(key, known.properties?.[key] ?? {}, schemas)]),
    )
  }
  if (known.items) return [sampleOf('', known.items, schemas)]
  return (
    known.enum?.[0] ??
    known.const ??
    known.default ??
    (known.type === 'number' || known.type === 'integer' ? (known.minimum ?? 1) : 'text')
  )
}

export const toHtml = (text: string) => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
/** Text in which `code` is marked as in Markdown. */
export const prose = (text: string) => toHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>')

export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --panel: #f5f7f9; --line: #d8dee4; --accent: #0b57d0 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa4ae; --paper: #14171a; --panel: #1d2125; --line: #343b42; --accent: #8ab4f8 } }
* { box-sizing: border-box }
body { margin: 0; display: grid; grid-template-columns: 15rem minmax(0, 1fr); font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; background: var(--panel); border-right: 1px solid var(--line); font-size: .875rem }
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
pre { margin: .5rem 0; padding: .75rem; overflow: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 4px }
.method { display: inline-block; min-width: 3.75em; font-weight: 700 }
table { width: 100%; margin: .75rem 0; border-collapse: collapse; font-size: .875rem; text-align: left }
caption { text-align: left; padding-bottom: .25rem }
th, td { padding: .25rem .75rem .25rem 0; border-top: 1px solid var(--line); vertical-align: top; font-weight: 400; overflow-wrap: anywhere }
thead th { color: var(--soft) }
th:first-child { width: 30% }
td:nth-child(2) { width: 28% }
em { color: var(--soft); font-size: .8125rem }
summary { cursor: pointer; padding: .125rem 0 }
@media (max-width: 48rem) { body { display: block } nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line) } nav ul { columns: 2 } main { padding: 1rem } }
`
