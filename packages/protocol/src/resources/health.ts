import * as z from 'zod'
import { endpoint } from '../endpoint.ts'

export const Health = z
  .object({
    status: z.literal('healthy'),
    version: z.string(),
    service: z.literal('dakera'),
    uptime_seconds: z.number(),
  })
  .meta({ id: 'Health', description: 'The process answers.' })
export type Health = z.output<typeof Health>

const ReadinessCheck = z
  .object({ status: z.enum(['pass', 'warn', 'fail']).meta({ title: 'CheckStatus' }), message: z.string().optional() })
  .meta({ id: 'ReadinessCheck', description: 'One part of a server, and whether it can serve.' })

export const Readiness = z
  .object({
    ready: z.boolean(),
    version: z.string(),
    checks: z
      .record(z.string(), ReadinessCheck)
      .meta({ description: '`warn` serves, and says in `message` what an operator should look at.' }),
    components: z.record(z.string(), z.boolean()),
  })
  .meta({ id: 'Readiness', description: 'Whether requests will succeed, part by part.' })
export type Readiness = z.output<typeof Readiness>

export const Liveness = z
  .object({ alive: z.literal(true), version: z.string(), uptime_seconds: z.number() })
  .meta({ id: 'Liveness', description: 'The process runs; restart it when this stays silent.' })
export type Liveness = z.output<typeof Liveness>

export const healthEndpoints = {
  get: endpoint({
    id: 'health.get',
    flat: 'health',
    method: 'GET',
    path: '/health',
    access: 'public',
    summary: 'Say that the server answers.',
    response: Health,
    errors: [],
  }),
  ready: endpoint({
    id: 'health.ready',
    method: 'GET',
    path: '/health/ready',
    access: 'public',
    summary: 'Say whether the database and the embedder can serve; 503 when they cannot.',
    response: Readiness,
    errors: [],
  }),
  live: endpoint({
    id: 'health.live',
    method: 'GET',
    path: '/health/live',
    access: 'public',
    summary: 'Say that the process runs.',
    response: Liveness,
    errors: [],
  }),
}
