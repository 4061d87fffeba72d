import type { NamespaceAccess } from '@dakera-ai/protocol'
import { sql } from 'drizzle-orm'
import { SettingsError } from '../env.ts'
import { hashSecret, principalOf } from '../principal.ts'
import type { Database, Sql } from './database.ts'
import { withPrincipal } from './tx.ts'

export const DEMO_ADMIN_KEY = 'dk-admin-key'

/** The team of the product's samples, with the secrets printed there. Everybody knows them, so they only ever open a loopback server. */
const NAMESPACES = ['team-shared', 'researcher', 'writer', 'coordinator']
const KEYS: Record<string, Record<string, NamespaceAccess>> = {
  researcher: { researcher: 'read_write', 'team-shared': 'read_write', coordinator: 'read' },
  writer: { writer: 'read_write', 'team-shared': 'read_write', coordinator: 'read' },
  qc: { 'team-shared': 'read', coordinator: 'read' },
  coordinator: { researcher: 'read', writer: 'read', 'team-shared': 'read_write', coordinator: 'read_write' },
  orchestrator: { researcher: 'read', writer: 'read', 'team-shared': 'read_write', coordinator: 'read_write' },
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

export function requireLoopback(host: string): void {
  if (!LOOPBACK.has(host))
    throw new SettingsError(
      `--demo uses secrets that everybody knows, so it listens on loopback only, not on ${host}. Leave --demo out, or set --host 127.0.0.1.`,
    )
}

/** Takes the demo's keys out of a database that is started for real: what everybody knows must open nothing. Its memories stay. */
export async function removeDemo(owner: Sql): Promise<void> {
  await owner`delete from keys where id like 'key_demo_%'`
  await owner`delete from key_secrets where key_id = 'key_root' and secret_hash = ${hashSecret(DEMO_ADMIN_KEY)}`
}

/** Adds what is missing of the demo; an older demo in the same database stays. */
export async function addDemo(database: Database): Promise<void> {
  await withPrincipal(database, principalOf(DEMO_ADMIN_KEY), 'write', async (tx) => {
    for (const name of NAMESPACES) await tx.execute(sql`insert into namespaces (name) values (${name}) on conflict do nothing`)
    for (const [name, grants] of Object.entries(KEYS)) {
      const id = `key_demo_${name}`
      const [found] = await tx.execute<{ key: object | null }>(sql`select find_key(${id}) as key`)
      if (!found?.key) await tx.execute(sql`select create_key(${id}, ${name}, ${hashSecret(`dk-${name}-key`)}, false, ${JSON.stringify(grants)}::jsonb, null)`)
    }
  })
}
