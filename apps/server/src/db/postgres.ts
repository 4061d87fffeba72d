import { availableParallelism } from 'node:os'
import type { Logger } from 'pino'
import postgres, { type Options, type Sql } from 'postgres'
import { SettingsError } from '../env.ts'
import { NEVER } from '../principal.ts'
import { type AsOwner, type Bootstrap, type Condition, type Database, type Gate, SEARCH_PATH } from './database.ts'
import { ActiveKeys, FairPool, fairPool } from './fair-pool.ts'
import { mayMakeTemporaryTables, migrate, requireMigrated } from './migrate.ts'
import { Session } from './session.ts'
import { withTimeout } from './timeout.ts'

/** The time limit of a statement that is not a search. */
const CALL_TIMEOUT_MS = 30_000
/**
 * How long a connection for the server's own work may stay without a response: statements wait there behind the running
 * one.
 */
const OWN_SILENCE_MS = CALL_TIMEOUT_MS + 5_000

type Settings = {
  url: string
  migrationUrl?: string | undefined
  poolSize?: number | undefined
  searchTimeoutMs: number
}

/**
 * Opens sessions that act as dakera_app, whatever its login could do otherwise, after bringing the schema up to date.
 */
export async function openPostgres(
  { url, migrationUrl, poolSize, searchTimeoutMs }: Settings,
  log: Logger,
  bootstrap: Bootstrap,
  gate: Gate,
): Promise<Database> {
  const common = { onnotice: () => {}, connect_timeout: 5, backoff: () => 0.2 } satisfies Options<{}>

  const canMaintain = await prepare(migrationUrl ?? url, common, log, bootstrap, gate)

  const client = (application_name: string, max: number, statement_timeout: number) =>
    connect(url, {
      ...common,
      max,
      // RESET ROLE goes back to the role in the start packet. JIT is off, because compiling a statement would take
      // longer than running it.
      connection: {
        application_name,
        role: 'dakera_app',
        search_path: SEARCH_PATH,
        statement_timeout,
        idle_in_transaction_session_timeout: 30_000,
        jit: false,
      },
    })
  const own = new Session({ open: () => client('dakera-own', 2, CALL_TIMEOUT_MS) })
  await requireBoundRole(own.sql, url)
  const sessions = (application_name: string, limitMs: number) =>
    Array.from(
      { length: poolSize ?? 2 * Math.max(2, availableParallelism()) },
      () => new Session({ open: () => client(application_name, 1, limitMs), limitMs }),
    )
  const [calls, searches] = [sessions('dakera', CALL_TIMEOUT_MS), sessions('dakera-searches', searchTimeoutMs)]
  const activeKeys = new ActiveKeys() // shared, because one machine works for both
  const pools = { calls: fairPool(calls, activeKeys), searches: fairPool(searches, activeKeys) }
  const ownerOptions = {
    ...common,
    max: 1,
    idle_timeout: 30,
    connection: { application_name: 'dakera-jobs', role: 'dakera_owner' },
  }
  const owners = Array.from(
    { length: canMaintain ? 4 : 0 },
    () => new Session({ open: () => connect(migrationUrl ?? url, ownerOptions) }),
  )

  let hearing: Promise<boolean> | undefined
  /**
   * Sends one query on each of the two connections: an idle one takes the first, and a busy one the second behind its
   * statement.
   */
  const askOwn = () =>
    (hearing ??= own
      .ask((answer) => comes(Promise.all([answer, own.sql`select 1`]), OWN_SILENCE_MS))
      .finally(() => (hearing = undefined)))
  const ask = async (): Promise<Condition> => {
    // Work on these connections fails now; other work has connections of its own.
    for (const session of [...calls, ...searches]) if (session.isSilent()) session.cut()
    const through = [pools.calls, pools.searches].map((pool) =>
      pool.runIfFree((session) => session.ask((answer) => comes(answer))),
    )
    void askOwn()
    const answers = await Promise.all([comes(own.sql`select 1`), ...through])
    return answers.some(Boolean) ? { ok: true } : { ok: false, message: 'The database does not answer.' }
  }
  let asked: Promise<Condition> | undefined // concurrent checks share one query
  return {
    engine: 'postgres',
    pools,
    get sql() {
      return own.sql
    },
    asOwner: asOwnerWith(owners),
    check: () => (asked ??= ask().finally(() => (asked = undefined))),
    async close() {
      await Promise.all([...calls, ...searches, own, ...owners].map((session) => session.close()))
    },
  }
}

/** The first session is the observer; the others run the jobs in turn. */
function asOwnerWith(owners: Session[]): AsOwner | undefined {
  const [observer, ...sessions] = owners
  if (!observer) return undefined
  const pool = new FairPool(sessions, {
    share: () => sessions.length,
    waitingPerKey: Number.POSITIVE_INFINITY,
    waiting: Number.POSITIVE_INFINITY,
  })
  return (fn, limitMs) =>
    pool.run('jobs', NEVER, async (session) => {
      const timer = limitMs && setTimeout(() => session.cut(), limitMs).unref()
      try {
        // Advisory locks belong to a connection, so the same one is used throughout the work.
        const reserved = await session.sql.reserve()
        try {
          return await fn(reserved, observer.sql)
        } finally {
          reserved.release()
        }
      } finally {
        clearTimeout(timer)
      }
    })
}

const ANSWER_MS = 3_000

/** Returns whether a response came in time. */
const comes = (answer: Promise<unknown>, ms = ANSWER_MS): Promise<boolean> =>
  withTimeout(
    answer.then(
      () => true,
      () => false,
    ),
    ms,
    () => false,
  )

/** Reports an invalid URL without echoing it: it may contain a password. */
function connect(url: string, options: Options<{}>): Sql {
  try {
    return postgres(url, options)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_INVALID_URL') throw error
    throw new SettingsError(
      'DATABASE_URL or DAKERA_MIGRATION_URL is not a URL like postgres://user:password@host:5432/database. ' +
        'Special characters in a password are written as %XX.',
    )
  }
}

/**
 * Checks at start that row security binds the role, because the database rejects every request of any other role. It
 * also detects a pool that cannot connect.
 */
async function requireBoundRole(sql: Sql, url: string): Promise<void> {
  try {
    await sql`select require_bound_role()`
  } catch (error) {
    await sql.end({ timeout: 1 })
    const { code, message } = error as { code?: string; message?: string }
    if (code !== 'DK001') throw explain(error, url)
    throw new SettingsError(
      `${message} A pooler in between must pass the start parameter "role" on, or the login of DATABASE_URL must ` +
        'be one that has only dakera_app (docs/postgres.md).',
    )
  }
}

/**
 * Migrates the database, or checks that a login with more rights has. Returns whether this login may act as the owner.
 */
async function prepare(
  url: string,
  common: Options<{}>,
  log: Logger,
  bootstrap: Bootstrap,
  gate: Gate,
): Promise<boolean> {
  const sql = connect(url, { ...common, max: 1, connection: { application_name: 'dakera-migrations' } })
  try {
    const serving = await isServingLogin(sql)
    if (serving) {
      await requireMigrated(sql, gate.meetNewerSchema)
      await gate.check(sql, false)
      await bootstrap(sql, false)
      log.info('the schema is up to date; this login may not migrate or build vector indexes')
    } else {
      await migrate(sql, () => bootstrap(sql, true), { ...gate, check: () => gate.check(sql, true) })
    }
    if (await mayMakeTemporaryTables(sql))
      log.warn(
        'dakera_app may create temporary tables, and this login cannot change that. docs/postgres.md has the ' +
          'statement that the owner of the database must run once.',
      )
    return !serving
  } catch (error) {
    throw explain(error, url)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Returns whether the login has dakera_app and nothing more. */
async function isServingLogin(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ serving: boolean }[]>`
    select to_regrole('dakera_owner') is not null and not pg_has_role(current_user, 'dakera_owner', 'member')
      and not (select rolcreaterole or rolsuper from pg_roles where rolname = current_user) as serving`
  return row?.serving === true
}

const EXPLANATIONS: Record<string, string> = {
  ECONNREFUSED: 'Nothing listens there. Is Postgres running, and are host and port right?',
  ENOTFOUND: 'No host with that name exists.',
  EAI_AGAIN: 'The host name cannot be resolved.',
  CONNECT_TIMEOUT: 'It did not respond within 5 seconds. Is a firewall in between?',
  '28P01': 'The password is wrong.',
  '28000': 'The login is not allowed.',
  '3D000': 'The database does not exist. Create it with: createdb <name>',
  '53100': 'The disk of the database server is full. Make room there; the database itself is intact.',
  '42501':
    'The login may not create roles, extensions or tables. docs/postgres.md lists the statements an operator has ' +
    'to run before.',
}

function explain(error: unknown, url: string): unknown {
  if (error instanceof SettingsError) return error
  const { code, message } = error as { code?: string; message?: string }
  const advice = EXPLANATIONS[code ?? '']
  if (!advice) return error
  return new SettingsError(`Cannot use the database at ${withoutSecret(url)}. ${advice} (${message})`)
}

function withoutSecret(url: string): string {
  if (!URL.canParse(url)) return 'DATABASE_URL'
  const { hostname, port, pathname } = new URL(url)
  return `${hostname}${port && `:${port}`}${pathname}`
}
