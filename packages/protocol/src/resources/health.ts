import * as z from 'zod'
import { endpoint } from '../endpoint.ts'

export const Health = z
  .object({
    status: z.literal('healthy'),
    version: z.string(),
    service: z.literal('dakera'),
    uptime_seconds: z.number(),
  })
  .meta({ id: 'Health', description: 'The server responds.' })
export type Health = z.output<typeof Health>

const ReadinessCheck = z
  .object({ status: z.enum(['pass', 'warn', 'fail']).meta({ title: 'CheckStatus' }), message: z.string().optional() })
  .meta({ id: 'ReadinessCheck', description: 'One component of a server.' })

export const Readiness = z
  .object({
    ready: z.boolean(),
    version: z.string(),
    checks: z
      .record(z.string(), ReadinessCheck)
      .meta({ description: '`warn` means that the part works, and that an operator should look at `message`.' }),
    components: z.record(z.string(), z.boolean()),
  })
  .meta({ id: 'Readiness', description: 'Whether the server can handle requests, by component.' })
export type Readiness = z.output<typeof Readiness>

export const Liveness = z
  .object({ alive: z.literal(true), version: z.string(), uptime_seconds: z.number() })
  .meta({ id: 'Liveness', description: 'The process is running. Restart it if this endpoint stops responding.' })
export type Liveness = z.output<typeof Liveness>

export const healthEndpoints = {
  get: endpoint({
    id: 'health.get',
    flat: 'health',
    method: 'GET',
    path: '/health',
    access: 'public',
    summary: 'Report that the server responds.',
    response: Health,
    errors: [],
  }),
  ready: endpoint({
    id: 'health.ready',
    method: 'GET',
    path: '/health/ready',
    access: 'public',
    summary: 'Report whether the database and the embedder are available; 503 if not.',
    response: Readiness,
    errors: [],
  }),
  live: endpoint({
    id: 'health.live',
    method: 'GET',
    path: '/health/live',
    access: 'public',
    summary: 'Report that the process is running.',
    response: Liveness,
    errors: [],
  }),
}
