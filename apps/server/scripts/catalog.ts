import { readFunctions, type SqlFunction } from './functions.ts'

/** Runs SQL as a superuser, and returns the rows of a single statement. */
export type Run = (text: string) => Promise<Record<string, unknown>[]>

/** A function as the catalog describes it: settings, volatility and cost are part of the definition. */
type CatalogFunction = { signature: string; name: string; owner: string; rights: string[]; definition: string }

/** The differences between the folder and the catalog. */
export type Differences = {
  /** New functions, and those whose definition or rights changed; `revoked` are the roles that lose the right. */
  changed: { fn: SqlFunction; revoked: string[] }[]
  /** Functions that `create or replace` cannot change, with advice how a migration does it. */
  refused: { name: string; advice: string }[]
  /** Signatures of the catalog that are not in the folder. */
  removed: string[]
}

/** Returns all functions of the catalog by signature, without those of extensions. */
export async function readCatalog(run: Run): Promise<Map<string, CatalogFunction>> {
  const rows = await run(`
    select p.oid::regprocedure::text as signature, proname as name, proowner::regrole::text as owner,
      pg_get_functiondef(p.oid) as definition,
      array(
        select case grantee when 0 then 'public' else grantee::regrole::text end
        from aclexplode(coalesce(proacl, acldefault('f', proowner))) order by 1) as rights
    from pg_proc p
    where pronamespace = 'public'::regnamespace
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    order by 1`)
  return new Map((rows as CatalogFunction[]).map((row) => [row.signature, row]))
}

/** Applies the folder in a transaction, compares the catalog before and after, and rolls back. */
export async function compareFunctions(run: Run, functions = readFunctions()): Promise<Differences> {
  await run('begin')
  try {
    return await compare(run, functions)
  } finally {
    await run('rollback')
  }
}

async function compare(run: Run, functions: SqlFunction[]): Promise<Differences> {
  const before = await readCatalog(run)
  const ofName = (catalog: typeof before, wanted: string) => [...catalog.values()].filter(({ name }) => name === wanted)
  const refused: Differences['refused'] = []
  await run('grant create on schema public to dakera_owner, dakera_search')
  for (const fn of functions) {
    const [existing] = ofName(before, fn.name)
    try {
      await run(`savepoint before_function; ${existing ? resetRights(existing) : ''}
        set role ${fn.owner}; ${fn.text}\nset role none`)
    } catch (error) {
      await run('rollback to savepoint before_function')
      refused.push({ name: fn.name, advice: adviceFor(error as DatabaseError, fn, existing) })
    }
  }
  const after = await readCatalog(run)

  const isRefused = new Set(refused.map(({ name }) => name))
  const changed = functions
    .filter(({ name }) => !isRefused.has(name))
    .flatMap((fn) => {
      const [old] = ofName(before, fn.name)
      const [now] = ofName(after, fn.name)
      if (!now || JSON.stringify(old) === JSON.stringify(now)) return []
      return [{ fn, revoked: (old?.rights ?? []).filter((role) => !now.rights.includes(role)) }]
    })
  const names = new Set(functions.map(({ name }) => name))
  const removed = [...before.values()].filter(({ name }) => !names.has(name)).map(({ signature }) => signature)
  return { changed, refused, removed }
}

/**
 * Resets the rights to those of a new function: `create or replace` keeps rights, so a removed grant would go
 * unnoticed.
 */
const resetRights = ({ signature, owner, rights }: CatalogFunction) =>
  `revoke all on function ${signature} from ${rights.join(', ') || 'public'};
   grant execute on function ${signature} to public, ${owner};`

type DatabaseError = { code?: string; message: string }

const INVALID_DEFINITION = '42P13'
const AMBIGUOUS = '42725'
const NOT_OWNER = '42501'

function adviceFor(
  { code, message }: DatabaseError,
  { owner }: SqlFunction,
  existing: CatalogFunction | undefined,
): string {
  const signature = existing?.signature ?? ''
  if (existing && (code === INVALID_DEFINITION || code === AMBIGUOUS))
    return `its arguments or its result changed. Write above: drop function ${signature};`
  if (existing && code === NOT_OWNER && existing.owner !== owner)
    return `its owner changed. Write above: alter function ${signature} owner to ${owner};`
  return `the database rejects it: ${message}`
}
