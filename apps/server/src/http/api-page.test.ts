import { docsUrl, type Endpoint, ERRORS, endpoints } from '@dakera-ai/protocol'
import type { ApiDocument } from '@dakera-ai/protocol/describe'
import { openapi } from '@dakera-ai/protocol/openapi'
import { expect, test } from 'vitest'
import { unescapeHtml } from '../../test/http-call.ts'
import { apiPage } from './api-page.ts'

const page = apiPage(openapi())
const operations = Object.values(endpoints).flatMap((group): Endpoint[] => Object.values(group))

test('every operation is on the page, with its address, its other addresses and its summary', () => {
  const text = unescapeHtml(page.replaceAll(/<[^>]+>/g, ''))
  for (const { id, method, path, aliases = [], summary } of operations) {
    expect(page).toContain(`id="${id}"`)
    expect(text).toContain(`${method} ${path}`)
    expect(text).toContain(summary.replaceAll('`', ''))
    for (const alias of aliases) expect(text).toContain(alias)
  }
})

test('every link within the page has its target, and no id stands twice', () => {
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
  expect(ids).toHaveLength(new Set(ids).size)
  const targets = new Set(ids)
  expect([...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id).filter((id) => !targets.has(id))).toEqual([])
})

test('each error is named with its title and its page', () => {
  for (const code of new Set(operations.flatMap(({ errors }) => errors))) {
    expect(page).toContain(`href="${docsUrl(code, '')}"`)
    expect(page).toContain(ERRORS[code].title.replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'))
  }
})

test('every field of a request has a meaning', () => {
  const tables = [...page.matchAll(/<caption>(?:Query|Body: [\s\S]*?)<\/caption>[\s\S]*?<\/table>/g)]
    .map(([table]) => table)
    .join('')
  const rows = [
    ...tables.matchAll(
      /<tr><th scope="row"><code>([^<]+)<\/code>[\s\S]*?<td>[\s\S]*?<\/td><td>([\s\S]*?)<\/td><\/tr>/g,
    ),
  ]
  expect(rows.length).toBeGreaterThan(100)
  const withoutDefault = (meaning = '') => meaning.replace(/^Default <code>[^<]*<\/code>\. /, '')
  expect(
    [...new Set(rows.filter(([, , meaning]) => withoutDefault(meaning) === '').map(([, name]) => name))].sort(),
  ).toEqual([])
})

test('the page loads nothing and runs no script', () => {
  expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\son\w+=|javascript:/i)
  expect(page).not.toContain('[object Object]')
  expect(page).not.toContain('undefined')
})

test('whatever stands in the document is shown, never run', () => {
  const hostile = `</style><script>alert("1")</script><img src=x onerror='1'>`
  const document: ApiDocument = {
    info: { title: hostile, version: hostile, description: hostile },
    servers: [{ url: hostile }],
    paths: {
      [`/${hostile}`]: {
        post: {
          operationId: hostile,
          tags: [hostile],
          summary: hostile,
          parameters: [
            {
              name: hostile,
              in: 'query',
              required: true,
              description: hostile,
              schema: { type: hostile, enum: [hostile], default: hostile },
            },
          ],
          requestBody: { content: { 'application/json': { schema: { $ref: `#/components/schemas/${hostile}` } } } },
          responses: { [hostile]: { description: hostile }, 400: { description: hostile } },
          'x-aliases': [hostile],
        },
      },
    },
    components: {
      schemas: {
        [hostile]: {
          description: hostile,
          required: [hostile],
          properties: { [hostile]: { const: hostile, description: hostile } },
        },
      },
    },
  }
  const tags = new Set([...apiPage(document).matchAll(/<\/?([a-z]\w*)/gi)].map(([, tag]) => tag))
  expect(tags).not.toContain('script')
  expect(tags).not.toContain('img')
  expect(apiPage(document).match(/<\/style/g)).toHaveLength(1)
})
