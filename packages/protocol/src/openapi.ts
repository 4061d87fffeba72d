import * as z from 'zod'
import { DEFAULT_ORIGIN, type Endpoint, ERRORS, ErrorBody, endpoints } from './index.ts'

/**
 * The whole contract as OpenAPI 3.1. `pnpm generate` writes it to openapi.json; `pnpm verify` fails when the committed
 * file differs.
 */
export function openapi() {
  const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema: reference(schema) } } })
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of Object.values(endpoints).flatMap((group): Endpoint[] => Object.values(group))) {
    const failures = new Map<number, string[]>()
    for (const code of [...operation.errors, 'INTERNAL_ERROR', 'SERVICE_UNAVAILABLE'] as const) {
      const { status } = ERRORS[code]
      failures.set(status, [...(failures.get(status) ?? []), code])
    }
    paths[operation.path] ??= {}
    ;(paths[operation.path] as Record<string, unknown>)[operation.method.toLowerCase()] = {
      operationId: operation.id,
      tags: [operation.id.split('.')[0]],
      summary: operation.summary,
      ...(operation.access === 'public' && { security: [] }),
      parameters: [...pathParameters(operation.path), ...queryParameters(operation.query)],
      ...(operation.body && { requestBody: { required: true, ...json(operation.body) } }),
      responses: {
        [operation.status ?? 200]: { description: 'OK', ...json(operation.response) },
        ...Object.fromEntries(
          [...failures].map(([status, codes]) => [status, { description: codes.join(', '), ...json(ErrorBody) }]),
        ),
      },
      ...(operation.aliases && { 'x-aliases': operation.aliases }),
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Dakera',
      version: '1',
      description:
        'Shared memory for teams of AI agents. `agent_id` names a namespace; a key has its own grants per namespace.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: DEFAULT_ORIGIN }],
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      schemas: schemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
  }
}

function reference(schema: z.ZodType): object {
  if (schema instanceof z.ZodArray) return { type: 'array', items: reference(schema.element as z.ZodType) }
  const id = z.globalRegistry.get(schema)?.id
  if (!id) throw new Error('Every schema named by an endpoint needs an id.')
  return { $ref: `#/components/schemas/${id}` }
}

function schemas(): Record<string, unknown> {
  const { schemas: all } = z.toJSONSchema(z.globalRegistry, { uri: (id) => `#/components/schemas/${id}`, io: 'input' })
  return Object.fromEntries(
    Object.entries(all)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, { $schema: _dialect, $id: _address, ...schema }]) => [id, schema]),
  )
}

const pathParameters = (path: string) =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))

function queryParameters(query: z.ZodObject | undefined) {
  return Object.entries(query?.shape ?? {}).map(([name, field]) => {
    const { $schema: _dialect, $defs: _named, ...own } = z.toJSONSchema(field, { io: 'output', unrepresentable: 'any' })
    const schema = JSON.parse(JSON.stringify(own).replaceAll('#/$defs/', '#/components/schemas/')) as object
    const description = z.globalRegistry.get(field)?.description
    const required = !z.safeParse(field, undefined).success
    return { name, in: 'query', required, ...(description && { description }), schema }
  })
}
