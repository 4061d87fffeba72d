// Checks the changes of a published API: CONTRIBUTING.md, "Release". packages/protocol/published-openapi.json is the
// document of the last release; `pnpm version` renews it.

type Schema = {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
}
type Content = { content?: Record<string, { schema: Schema }> }
type Operation = {
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[]
  requestBody?: Content & { required?: boolean }
  responses: Record<string, Content>
  'x-aliases'?: readonly string[]
}
export type Document = {
  paths: Record<string, Record<string, unknown>>
  components: { schemas: Record<string, unknown> }
}

/** The reader of the value: the client reads a reply, the server a request. */
type Direction = 'reply' | 'request'
type Pair = { published: Document; current: Document; direction: Direction; seen: Set<string> }

/** Returns every change of a published endpoint that breaks a client or a server of another release. */
export function findBreaches(published: Document, current: Document): string[] {
  return Object.entries(published.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const name = `${method.toUpperCase()} ${path}`
      const now = current.paths[path]?.[method]
      if (!now) return [`${name} is gone`]
      return operationBreaches(operation as Operation, now as Operation, published, current).map(
        (problem) => `${name}: ${problem}`,
      )
    }),
  )
}

function operationBreaches(was: Operation, is: Operation, published: Document, current: Document): string[] {
  const pair = (direction: Direction): Pair => ({ published, current, direction, seen: new Set() })
  const problems = (was['x-aliases'] ?? [])
    .filter((alias) => !is['x-aliases']?.includes(alias))
    .map((alias) => `the alias ${alias} is gone`)

  for (const parameter of was.parameters ?? []) {
    const now = is.parameters?.find((other) => other.name === parameter.name && other.in === parameter.in)
    if (!now) problems.push(`the parameter ${parameter.name} is gone`)
    else problems.push(...schemaBreaches(parameter.schema, now.schema, parameter.name, pair('request')))
  }
  for (const { name, in: place, required } of is.parameters ?? []) {
    const before = was.parameters?.find((other) => other.name === name && other.in === place)
    if (required && !before?.required) problems.push(`the parameter ${name} is required now`)
  }

  const [sent, takes] = [schemaOf(was.requestBody), schemaOf(is.requestBody)]
  if (sent && takes) problems.push(...schemaBreaches(sent, takes, 'request', pair('request')))
  else if (sent) problems.push('the request has no body any more')
  else if (is.requestBody?.required) problems.push('a body is required now')

  for (const [status, reply] of Object.entries(was.responses).filter(([status]) => status.startsWith('2'))) {
    const [before, now] = [schemaOf(reply), schemaOf(is.responses[status])]
    if (before && !now) problems.push(`the reply ${status} is gone`)
    else if (before && now) problems.push(...schemaBreaches(before, now, 'reply', pair('reply')))
  }
  return problems
}

const schemaOf = (content: Content | undefined) => content?.content?.['application/json']?.schema

/** Compares the alternatives of a union; usually there is only one. */
function schemaBreaches(before: Schema, after: Schema, at: string, pair: Pair): string[] {
  const [was, is] = [alternatives(before, pair.published), alternatives(after, pair.current)]
  const { written, known } = pair.direction === 'reply' ? { written: is, known: was } : { written: was, known: is }
  return written.flatMap((one) => {
    const sameType = known.filter((other) => other.type === one.type || isWider(other.type, one.type))
    const found = sameType.map((other) =>
      written === is ? breaches(other, one, at, pair) : breaches(one, other, at, pair),
    )
    if (found.length === 0) return [`${at} was ${typesOf(was)} and is ${typesOf(is)}`]
    return found.find((problems) => problems.length === 0) ?? found[0] ?? []
  })
}

type Alternative = Schema & { type: string; ref: string }

/** Returns one schema per type of value: $ref, anyOf and lists of types are expanded. */
function alternatives(schema: Schema, document: Document, ref = ''): Alternative[] {
  if (schema.$ref) {
    const name = schema.$ref.replace('#/components/schemas/', '')
    return alternatives(document.components.schemas[name] as Schema, document, name)
  }
  if (schema.anyOf) return schema.anyOf.flatMap((one) => alternatives(one, document, ref))
  const types = [schema.type ?? typeOfValue(schema.const ?? schema.enum?.[0])].flat()
  return types.map((type) => ({ ...schema, type, ref }))
}

const typeOfValue = (value: unknown) => (value === undefined ? 'anything' : value === null ? 'null' : typeof value)
const isWider = (wide: string, narrow: string) => wide === 'anything' || (wide === 'number' && narrow === 'integer')
const typesOf = (list: Alternative[]) => [...new Set(list.map(({ type }) => type))].join(' | ')

/** Returns the breaches between two alternatives of one type. */
function breaches(was: Alternative, is: Alternative, at: string, pair: Pair): string[] {
  const both = `${was.ref} ${is.ref}`
  if (was.ref && pair.seen.has(both)) return []
  const inside: Pair = { ...pair, seen: new Set(pair.seen).add(both) }
  return [
    ...valueBreaches(was, is, at, pair.direction),
    ...fieldBreaches(was, is, at, inside),
    ...(was.items && is.items ? schemaBreaches(was.items, is.items, `${at}[]`, inside) : []),
    ...(typeof was.additionalProperties === 'object' && typeof is.additionalProperties === 'object'
      ? schemaBreaches(was.additionalProperties, is.additionalProperties, `${at}.*`, inside)
      : []),
  ]
}

/**
 * Compares the values: a reply may have new values, which clients pass on; a request must accept every value that it
 * accepted before.
 */
function valueBreaches(was: Alternative, is: Alternative, at: string, direction: Direction): string[] {
  const taken = valuesOf(is)
  if (direction === 'reply' || !taken) return []
  const lost = (valuesOf(was) ?? []).filter((value) => !taken.includes(value))
  if (!valuesOf(was)) return [`${at} takes fewer values`]
  return lost.map((value) => `${at} no longer takes ${JSON.stringify(value)}`)
}

const valuesOf = (schema: Schema) => schema.enum ?? (schema.const === undefined ? undefined : [schema.const])

function fieldBreaches(was: Alternative, is: Alternative, at: string, pair: Pair): string[] {
  const [before, after] = [was.properties ?? {}, is.properties ?? {}]
  const gained = (is.required ?? []).filter((name) => !was.required?.includes(name))
  const maybe = (was.required ?? []).filter((name) => name in after && !is.required?.includes(name))
  return [
    ...gained.map((name) => `${at}.${name} is required now`),
    ...(pair.direction === 'reply' ? maybe.map((name) => `${at}.${name} may be absent now`) : []),
    ...Object.entries(before).flatMap(([name, schema]) => {
      const now = after[name]
      return now ? schemaBreaches(schema, now, `${at}.${name}`, pair) : [`${at}.${name} is gone`]
    }),
  ]
}
