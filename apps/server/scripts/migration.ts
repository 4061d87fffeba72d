// pnpm migration <name>: writes the functions that changed in db/functions into the next migration.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { MIGRATIONS, readLanded, readMigrations } from '../src/db/migrate.ts'
import { compareFunctions, type Differences, type Run } from './catalog.ts'
import { openInMemory } from './memory-database.ts'

const HELP = `pnpm migration <name>

Compares db/functions with a database that has run every migration, and writes the functions that differ
into the next one, migrations/<number>_<name>.sql. Everything else (tables, indexes, policies) and what
"create or replace" cannot do (drop, rename, another owner) is written by hand above the generated part.
Run the command again after each change: it replaces the generated part and keeps the rest, until the
migration is listed in landed.sha256.

  <name>    letters, digits and underscores: pnpm migration promotions`

const GENERATED =
  '-- ── @generated from db/functions by `pnpm migration`: edit the functions there, and nothing below this line ──'

const HAND_WRITTEN = `-- TODO: say why, in a sentence.
set role dakera_owner;
-- Tables, indexes, policies, and what \`pnpm migration\` asks for.
reset role;`

class UsageError extends Error {}

/** Returns the file of the migration that has not landed: the existing one, or the next. */
export function pendingFile(name: string): string {
  if (!/^[a-z0-9_]+$/.test(name))
    throw new UsageError(
      `"${name}" is not a valid name for a migration: use lower-case letters, digits and underscores.`,
    )
  const landed = readLanded()
  const [pending, ...others] = readMigrations()
    .map((migration) => migration.name)
    .filter((file) => !landed.has(file))
  if (others.length > 0)
    throw new UsageError(`Several migrations have not landed (${[pending, ...others].join(', ')}). Make them one.`)
  if (pending && pending.slice(5) !== `${name}.sql`)
    throw new UsageError(`${pending} has not landed yet. Run: pnpm migration ${pending.slice(5, -4)}`)
  const last = Math.max(...[...landed.keys()].map((file) => Number(file.slice(0, 4))))
  return pending ?? `${String(last + 1).padStart(4, '0')}_${name}.sql`
}

/** Returns the part of a migration above the generated one. */
export const handWritten = (text: string) => (text.split(GENERATED)[0] as string).trimEnd()

/** Returns the generated part; empty if no function changed. */
export function printFunctions({ changed }: Pick<Differences, 'changed'>): string {
  if (changed.length === 0) return ''
  const owners = [...new Set(changed.map(({ fn }) => fn.owner))]
  return [GENERATED, ...owners.map((owner) => printOwner(owner, changed))].join('\n\n')
}

function printOwner(owner: string, changed: Differences['changed']): string {
  const functions = changed
    .filter(({ fn }) => fn.owner === owner)
    .map(({ fn, revoked }) =>
      [fn.text, ...(revoked.length > 0 ? [`revoke all on function ${fn.name} from ${revoked.join(', ')};`] : [])].join(
        '\n',
      ),
    )
  // dakera_owner may always create functions, every other role only during its part.
  const isOwner = owner === 'dakera_owner'
  return [
    [...(isOwner ? [] : [`grant create on schema public to ${owner};`]), `set role ${owner};`].join('\n'),
    ...functions,
    ['reset role;', ...(isOwner ? [] : [`revoke create on schema public from ${owner};`])].join('\n'),
  ].join('\n\n')
}

/** Returns advice for what must be written by hand, one line each. */
export function printAdvice({ refused, removed }: Differences): string[] {
  return [
    ...refused.map(({ name, advice }) => `${name}: ${advice}`),
    ...removed.map(
      (signature) =>
        `${signature}: it is not in db/functions. Write above: drop function ${signature};` +
        ` or, if it has another name now: alter function ${signature} rename to <new name>;`,
    ),
  ]
}

/** Runs every migration except this one. */
export async function migrateBefore(run: Run, file: string): Promise<void> {
  for (const { name, text } of readMigrations()) if (name !== file) await run(text)
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  })
  const [name] = positionals
  if (values.help) return console.log(HELP)
  if (!name || positionals.length > 1) throw new UsageError(`Name the migration, in one word.\n\n${HELP}`)

  const file = pendingFile(name)
  const path = new URL(file, MIGRATIONS)
  const exists = existsSync(path)
  const above = exists ? handWritten(readFileSync(path, 'utf8')) : HAND_WRITTEN
  const database = await openInMemory()
  try {
    await migrateBefore(database.run, file)
    await database.run(above)
    const differences = await compareFunctions(database.run)
    const advice = printAdvice(differences)
    if (!exists && differences.changed.length === 0 && advice.length === 0)
      return console.log('Nothing to do: the migrations create exactly the functions in db/functions.')
    writeFileSync(path, `${[above, printFunctions(differences)].filter(Boolean).join('\n\n')}\n`)
    const names = differences.changed.map(({ fn }) => fn.name).join(', ') || 'no function'
    console.log(`${file}: ${names}\nRun pnpm generate to update db/schema.sql.`)
    if (advice.length > 0) {
      console.error(
        `\nWrite by hand into ${file}, above the generated part, and run this again:\n  ${advice.join('\n  ')}`,
      )
      process.exitCode = 1
    }
  } finally {
    await database.close()
  }
}

if (import.meta.main) {
  await main().catch((error) => {
    console.error(error instanceof UsageError ? error.message : error)
    process.exitCode = 1
  })
}
