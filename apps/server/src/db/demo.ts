import type { NamespaceAccess } from '@dakera-ai/protocol'
import type { Logger } from 'pino'
import { SettingsError } from '../env.ts'
import { hashSecret } from '../principal.ts'
import { DEMO_ADMIN_KEY, demoKey, isLoopback } from '../published-secrets.ts'
import type { Sql } from './database.ts'

/** The team of the product's samples, with the secrets printed there. */
const NAMESPACES = ['team-shared', 'researcher', 'writer', 'coordinator']
const KEYS: Record<string, Record<string, NamespaceAccess>> = {
  researcher: { researcher: 'read_write', 'team-shared': 'read_write', coordinator: 'read' },
  writer: { writer: 'read_write', 'team-shared': 'read_write', coordinator: 'read' },
  qc: { 'team-shared': 'read', coordinator: 'read' },
  coordinator: { researcher: 'read', writer: 'read', 'team-shared': 'read_write', coordinator: 'read_write' },
  orchestrator: { researcher: 'read', writer: 'read', 'team-shared': 'read_write', coordinator: 'read_write' },
}

export function requireLoopback(host: string): void {
  if (!isLoopback(host))
    throw new SettingsError(
      `--demo uses secrets that everybody knows, so it listens on loopback only, not on ${host}. Leave --demo ` +
        'out, or set --host 127.0.0.1.',
    )
}

/** Rejects a demo on a Postgres database that has other keys, because everybody could then access what they protect. */
export async function requireOnlyDemo(owner: Sql): Promise<void> {
  const [table] = await owner<{ keys: string | null }[]>`select to_regclass('public.keys')::text as keys`
  if (!table?.keys) return
  const [others] = await owner<{ count: number }[]>`
    select count(*)::int from keys where id not like 'key_demo_%' and (id <> 'key_root'
      or exists (select from key_secrets where key_id = 'key_root' and secret_hash <> ${hashSecret(DEMO_ADMIN_KEY)}))`
  if (others?.count) {
    throw new SettingsError(
      '--demo uses secrets that everybody knows, and this Postgres database has keys of its own, which they ' +
        'would overrule. ' +
        'Leave --demo out; or leave DATABASE_URL out, or name an empty database, to try the demo.',
    )
  }
}

/**
 * Removes the demo's keys from a database that is started without --demo, because everybody knows their secrets. The
 * demo's memories stay.
 */
export async function removeDemo(owner: Sql, log: Logger): Promise<void> {
  const removed = await owner`delete from keys where id like 'key_demo_%'`
  if (removed.count > 0) log.warn({ keys: removed.count }, "the demo's keys were removed: this start is without --demo")
}

/** Adds the missing parts of the demo; an older demo in the same database stays. */
export async function addDemo(owner: Sql): Promise<void> {
  await owner`select set_root_secret(${hashSecret(DEMO_ADMIN_KEY)})`
  for (const name of NAMESPACES) await owner`insert into namespaces (name) values (${name}) on conflict do nothing`
  for (const [name, grants] of Object.entries(KEYS)) {
    await owner`
      with added as (
        insert into keys (id, name) values (${`key_demo_${name}`}, ${name}) on conflict do nothing returning id
      ),
      opened as (
        insert into key_secrets (secret_hash, key_id)
        select ${hashSecret(demoKey(name))}, id from added on conflict do nothing
      )
      insert into grants (key_id, namespace, can_read, can_write)
      select id, namespace, true, access = 'read_write'
        from added, jsonb_each_text(${JSON.stringify(grants)}::text::jsonb) as given(namespace, access)`
  }
}
