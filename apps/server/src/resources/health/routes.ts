import { endpoints, type Readiness } from '@dakera-ai/protocol'
import type { Condition } from '../../db/database.ts'
import type { Deps } from '../../deps.ts'
import { Reply, route } from '../../http/route.ts'
import { version } from '../../version.ts'

const uptime_seconds = () => Math.round(process.uptime())

export const health = ({ database, embedder, draining }: Deps) => [
  route(endpoints.health.get, async () => ({
    status: 'healthy' as const,
    version,
    service: 'dakera' as const,
    uptime_seconds: uptime_seconds(),
  })),

  route(endpoints.health.live, async () => ({ alive: true as const, version, uptime_seconds: uptime_seconds() })),

  route(endpoints.health.ready, async () => {
    const [answers, embeds] = await Promise.all([database.check(), embedder.check()])
    const results: Record<string, Condition> = {
      database: answers,
      embedder: embeds,
      server: draining.aborted ? { ok: false, message: 'The server is shutting down.' } : { ok: true },
    }
    const checks: Readiness['checks'] = {}
    const components: Readiness['components'] = {}
    for (const [name, result] of Object.entries(results)) {
      checks[name] = toCheck(result)
      components[name] = result.ok
    }
    const ready = Object.values(components).every(Boolean)
    return ready
      ? new Reply(200, { ready, version, checks, components })
      : new Reply(503, { ready, version, checks, components }, { 'retry-after': '1' })
  }),
]

function toCheck(condition: Condition): Readiness['checks'][string] {
  if (!condition.ok) return { status: 'fail', message: condition.message }
  return condition.warning === undefined ? { status: 'pass' } : { status: 'warn', message: condition.warning }
}
