import { availableParallelism } from 'node:os'
import type { Logger } from 'pino'
import postgres, { type Options, type Sql } from 'postgres'
import { SettingsError } from '../env.ts'
import { asDb, type Database, type FirstStart } from './database.ts'
import { isMigrated, mayMakeTemporaryTables, migrate } from './migrate.ts'

type Settings = { url: string; migrationUrl?: string | undefined; poolSize?: number | undefined; searchTimeoutMs: number }

/** What is temporary comes last, so that nothing left in a session is taken for one of our tables. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp'

/** Opens a pool that acts as dakera_app, whatever its login could do otherwise, after bringing the schema up to date. */
export async function openPostgres({ url, migrationUrl, poolSize, searchTimeoutMs }: Settings, log: Logger, firstStart: FirstStart): Promise<Database> {
  const common = { onnotice: () => {}, connect_timeout: 5, backoff: () => 0.2 } satisfies Options<{}>

  const canMaintain = await prepare(migrationUrl ?? url, common, log, firstStart)

  const pool = (application_name: string, statement_timeout: number) =>
    connect(url, {
      ...common,
      max: poolSize ?? 2 * Math.max(2, availableParallelism()),
      // The role in the start packet is what even RESET ROLE goes back to. Compiling a statement would take longer than running it.
      connection: {
        application_name,
        role: 'dakera_app',
        search_path: SEARCH_PATH,
        statement_timeout,
        idle_in_transaction_session_timeout: 30_000,
        jit: false,
      },
    })
  const sql = pool('dakera', 30_000)
  await requireBoundRole(sql, url)
  const searches = pool('dakera-searches', searchTimeoutMs)
  const owner = canMaintain
    ? connect(migrationUrl ?? url, { ...common, max: 3, idle_timeout: 30, connection: { application_name: 'dakera-jobs', role: 'dakera_owner' } })
    : undefined

  let asked: Promise<boolean> | undefined // one question for all who wait
  return {
    engine: 'postgres',
    sql,
    searches,
    db: asDb(sql),
    maintain: owner && ((fn) => reserved(owner, fn)),
    answers: () => (asked ??= ask(url, common).finally(() => (asked = undefined))),
    async close() {
      await Promise.all([sql, searches, owner].map((pool) => pool?.end({ timeout: 5 })))
    },
  }
}

/** One connection to the end, as advisory locks belong to a session. */
async function reserved<T>(pool: Sql, fn: (sql: Sql, aside: Sql) => Promise<T>): Promise<T> {
  const session = await pool.reserve()
  try {
    return await fn(session, pool)
  } finally {
    session.release()
  }
}

/** Outside of the pool: its connections may be the ones that are silent. */
async function ask(url: string, common: Options<{}>): Promise<boolean> {
  const sql = connect(url, { ...common, max: 1, connect_timeout: 2, connection: { application_name: 'dakera-question' } })
  try {
    return await within(
      3_000,
      sql`select 1`.then(() => true),
    )
  } finally {
    void sql.end({ timeout: 0 }).catch(() => {})
  }
}

/** False also when there is no answer in time. */
function within(ms: number, answer: Promise<boolean>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, false)
    answer.then(resolve, () => resolve(false)).finally(() => clearTimeout(timer))
  })
}

/** A URL that is none is told without repeating it: it may hold a password. */
function connect(url: string, options: Options<{}>): Sql {
  try {
    return postgres(url, options)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_INVALID_URL') throw error
    throw new SettingsError(
      'DATABASE_URL or DAKERA_MIGRATION_URL is not a URL like postgres://user:password@host:5432/database. Special characters in a password are written as %XX.',
    )
  }
}

/** The database refuses every request of a role that row security does not bind; this says so at start, and finds a pool that cannot connect. */
async function requireBoundRole(sql: Sql, url: string): Promise<void> {
  try {
    await sql`select require_bound_role()`
  } catch (error) {
    await sql.end({ timeout: 1 })
    const { code, message } = error as { code?: string; message?: string }
    if (code !== 'DK001') throw explain(error, url)
    throw new SettingsError(
      `${message} A pooler in between must pass the start parameter "role" on, or the login of DATABASE_URL must be one that has dakera_app alone (docs/postgres.md).`,
    )
  }
}

/** Migrates, or finds that somebody with more rights has. Returns whether this login may act as the owner. */
async function prepare(url: string, common: Options<{}>, log: Logger, firstStart: FirstStart): Promise<boolean> {
  const sql = connect(url, { ...common, max: 1, connection: { application_name: 'dakera-migrations' } })
  try {
    const serving = await isServingLogin(sql)
    if (serving) {
      if (!(await isMigrated(sql))) {
        throw new SettingsError(
          'The schema is older than this release, and this login may not change it. Set DAKERA_MIGRATION_URL to a login that owns the database.',
        )
      }
      await firstStart(sql, false)
      log.info('the schema is up to date; this login may not migrate or build vector indexes')
    } else {
      await migrate(sql, () => firstStart(sql, true))
    }
    if (await mayMakeTemporaryTables(sql))
      log.warn(
        'dakera_app may make temporary tables, and this login cannot change that. docs/postgres.md has the statement that the owner of the database runs once.',
      )
    return !serving
  } catch (error) {
    throw explain(error, url)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** A login that was given dakera_app and nothing more. */
async function isServingLogin(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ serving: boolean }[]>`
    select to_regrole('dakera_owner') is not null and not pg_has_role(current_user, 'dakera_owner', 'member')
      and not (select rolcreaterole or rolsuper from pg_roles where rolname = current_user) as serving`
  return row?.serving === true
}

const EXPLANATIONS: Record<string, string> = {
  ECONNREFUSED: 'Nothing listens there. Is Postgres running, and are host and port right?',
  ENOTFOUND: 'There is no host of that name.',
  EAI_AGAIN: 'The name of the host cannot be looked up.',
  CONNECT_TIMEOUT: 'It did not answer within 5 seconds. Is a firewall in between?',
  '28P01': 'The password is wrong.',
  '28000': 'The login is not allowed.',
  '3D000': 'The database does not exist. Create it with: createdb <name>',
  '42501': 'The login may not create roles, extensions or tables. docs/postgres.md lists the statements an operator has to run before.',
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
