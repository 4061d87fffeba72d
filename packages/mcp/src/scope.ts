import type { DakeraClient, Identity } from '@dakera-ai/dakera'
import { type Bounds, TASKS_NAMESPACE } from '@dakera-ai/dakera/agents'

/** What the operator leaves of the grants of a key. It never adds to them. */
export type Narrowing = {
  read?: readonly string[] | undefined
  note?: string | undefined
  publish?: readonly string[] | undefined
  tasks?: string | undefined
}

/** The bounds of an agent: what its key may do, less what the operator left out. */
export type Scope = Bounds & {
  name: string
  read: readonly string[]
  publish: readonly string[]
  /** Where it may change what it stored. */
  editable: readonly string[]
}

export function scopeOf({ name, grants }: Pick<Identity, 'name' | 'grants'>, wanted: Narrowing): Scope {
  const granted = (...access: string[]) => Object.keys(grants).filter((place) => access.includes(grants[place] ?? ''))
  const readable = granted('read', 'read_write')
  const writable = granted('write', 'read_write')
  const editable = granted('read_write')
  const own = [name, `agent-${name}`].find((place) => editable.includes(place))
  // The only place for notes, unless it is the only place at all: then the team shares it.
  const only = editable.length === 1 && writable.length > 1 ? editable[0] : undefined
  const note = wanted.note ?? own ?? only
  const tasks = wanted.tasks ?? TASKS_NAMESPACE
  return {
    name,
    // Of what the operator names beyond the grants the server says that it is refused.
    read: narrowed(wanted.read, readable),
    note: note !== undefined && editable.includes(note) ? note : undefined,
    publish: narrowed(
      wanted.publish,
      writable.filter((place) => wanted.publish || place !== note),
    ),
    tasks: readable.includes(tasks) ? tasks : undefined,
    editable,
    offersDetails: true,
  }
}

const narrowed = (wanted: readonly string[] | undefined, granted: readonly string[]) =>
  wanted?.some((place) => granted.includes(place)) ? wanted : wanted ? [] : granted

/** What a key may do, as far as it is known: the server asks again in every call. */
type Known = Pick<Identity, 'name' | 'grants'>

/** A new grant counts after this long at the latest. A lost one ends at once, as the server says no. */
const FRESH_MS = 30_000
const MOST_KEYS = 10_000

/** Remembers for a while what keys may do, so that a call is not preceded by another one. */
export class Identities {
  readonly #known = new Map<string, { at: number; identity: Promise<Known> }>()

  /** `isNew` asks the server in any case. */
  of(client: DakeraClient, key: string, isNew: boolean): Promise<Known> {
    const known = this.#known.get(key)
    if (!isNew && known && Date.now() - known.at < FRESH_MS) return known.identity
    const asked = { at: Date.now(), identity: identify(client) }
    this.#known.delete(key) // put back at the end, so that the oldest goes first
    const [oldest] = this.#known.keys()
    if (this.#known.size >= MOST_KEYS && oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(key, asked)
    asked.identity.catch(() => this.#known.get(key) === asked && this.#known.delete(key))
    return asked.identity
  }
}

/** An admin has no grants, and may do everything everywhere. */
async function identify(client: DakeraClient): Promise<Known> {
  const { name, grants, scope } = await client.whoami()
  if (scope !== 'admin') return { name, grants }
  const places: Known['grants'] = {}
  for await (const place of client.listNamespaces()) places[place.name] = 'read_write'
  return { name, grants: places }
}
