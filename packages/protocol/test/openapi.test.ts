import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorCases } from '../scripts/error-cases.ts'
import { type Endpoint, endpoints } from '../src/index.ts'
import { openapi } from '../src/openapi.ts'

const document = openapi()

test('every $ref resolves', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref as string)
  expect(refs.length).toBeGreaterThan(50)
  for (const ref of new Set(refs)) {
    const found = ref
      .replace(/^#\//, '')
      .split('/')
      .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document)
    expect(found, ref).toBeTypeOf('object')
  }
})

test('the committed openapi.json is what openapi() gives', () => {
  const { 'x-generated': mark, ...committed } = JSON.parse(
    readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'),
  )
  expect(mark).toContain('@generated')
  expect(committed).toEqual(JSON.parse(JSON.stringify(document)))
})

test('every endpoint is in the document once, under its own id', () => {
  const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => `${(operation as { operationId: string }).operationId} ${method.toUpperCase()} ${path}`,
    ),
  )
  const declared = Object.values(endpoints).flatMap((group) =>
    Object.values(group).map(({ id, method, path }: Endpoint) => `${id} ${method} ${path}`),
  )
  expect(listed.sort()).toEqual(declared.sort())
})

test('no two endpoints share an address, aliases included', () => {
  const addresses = Object.values(endpoints).flatMap((group) =>
    Object.values(group).flatMap(({ method, path, aliases = [] }: Endpoint) => [`${method} ${path}`, ...aliases]),
  )
  expect(addresses).toHaveLength(new Set(addresses).size)
})

test('an endpoint stands under the resource and name of its id', () => {
  for (const [resource, group] of Object.entries(endpoints))
    for (const [name, { id }] of Object.entries(group)) expect(id).toBe(`${resource}.${name}`)
})

test('the committed errors.json has every error of every operation', () => {
  expect(readFileSync(new URL('../conformance/errors.json', import.meta.url), 'utf8')).toBe(`${errorCases()}\n`)
})
