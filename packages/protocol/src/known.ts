import * as z from 'zod'
import { shortened } from './fields.ts'
import { MetadataFilter } from './filter.ts'

/** The most unknown names of one object that are listed; the rest are counted. */
const MOST_NAMES = 10
/** A longer name gets no suggestion: the cost of a comparison is the product of both lengths. */
const ADVISED_LENGTH = 40

/** Maps a name that is not a field here to advice on what to write instead. */
type Instead = Record<string, string>

/**
 * An object that rejects unknown names: ignoring a name that narrows or protects would make a call do more than was
 * asked. Elsewhere unknown names, which older clients send, are ignored and reported in `warnings`:
 * docs/decisions/0023.
 */
export const closed = <S extends z.ZodObject>(schema: S, instead: Instead = {}, otherwise?: string): S =>
  refusing(schema, instead, () => true, false, otherwise)

/**
 * An object that ignores unknown names, except those that have a meaning in other calls and would be missed here.
 */
export const wary = <S extends z.ZodObject>(schema: S, instead: Instead): S =>
  refusing(schema, instead, (name) => Object.hasOwn(instead, name), undefined)

/** The schema of an absent body or query: it must be empty. */
export const NOTHING = closed(z.object({}))

function refusing<S extends z.ZodObject>(
  schema: S,
  instead: Instead,
  refuses: (name: string) => boolean,
  additionalProperties: false | undefined,
  otherwise?: string,
): S {
  const names = Object.keys(schema.shape)
  const unknown = z.superRefine<z.output<S>>((value, context) => {
    if (!isObject(value)) return
    let refused = 0
    for (const name in value) {
      if (Object.hasOwn(schema.shape, name) || !refuses(name) || ++refused > MOST_NAMES) continue
      const advice = Object.hasOwn(instead, name) ? instead[name] : (likest(name, names) ?? otherwise)
      context.addIssue({
        code: 'custom',
        path: [name.slice(0, 100).toWellFormed()],
        message: `not a field here${advice ? `; ${advice}` : ''}`,
      })
    }
    if (refused > MOST_NAMES)
      context.addIssue({ code: 'custom', path: [], message: `${refused - MOST_NAMES} more names are not fields here` })
  })
  unknown._zod.def.when = () => true // also if a field is missing: the unknown name may be its misspelling
  return schema
    .loose()
    .check(unknown as never)
    .meta({ additionalProperties }) as unknown as S
}

/**
 * Names that published clients send and that have no effect here: they identify the client or are part of their API.
 */
const HARMLESS = new RegExp(
  `^(${[
    'rerank|fusion|iterations|neighborhood|distance',
    'include_associated|associated_memories_.*',
    'agent_version|client_version',
  ].join('|')})$`,
)

const SET_BY_SERVER = 'the server sets it'
/** Fields of a memory that a request cannot set. */
const READ_ONLY: Instead = {
  created_at: `${SET_BY_SERVER}; valid_from says when something became true`,
  updated_at: SET_BY_SERVER,
  author: 'it is the name of the key that stores',
  derived_from: SET_BY_SERVER,
  access_count: SET_BY_SERVER,
  last_accessed_at: SET_BY_SERVER,
  version: 'send it as If-Match',
}

/**
 * Returns a sentence for each ignored name, with a suggestion. The sentences are limited to MOST_NAMES; the rest are
 * counted.
 */
export function ignoredNames(schema: z.ZodType, value: unknown): string[] {
  const told: string[] = []
  let more = 0
  const tell = (path: string[], name: string, what: string, advice: string | undefined) => {
    const at = [...path, shortened(name)].join('.')
    if (told.length < MOST_NAMES) told.push(`${at} ${what}${advice ? `; ${advice}` : ''}`)
    else more++
  }
  const look = (of: z.ZodType, sent: unknown, path: string[]): void => {
    const inner = unwrapped(of)
    if (inner instanceof z.ZodArray && Array.isArray(sent)) {
      if (!(unwrapped(inner.element as z.ZodType) instanceof z.ZodObject)) return
      for (const [i, item] of sent.entries()) look(inner.element as z.ZodType, item, [...path, String(i)])
      return
    }
    if (!(inner instanceof z.ZodObject) || !isObject(sent)) return
    const shape = inner.shape as Record<string, z.ZodType>
    const names = Object.keys(shape)
    for (const name in sent) {
      const field = Object.hasOwn(shape, name) ? shape[name] : undefined
      if (!field) {
        if (HARMLESS.test(snakeCase(name))) continue
        const advice =
          told.length < MOST_NAMES
            ? Object.hasOwn(READ_ONLY, name)
              ? READ_ONLY[name]
              : likest(name, names)
            : undefined
        tell(path, name, 'is not a field here and was ignored', advice)
      } else if (typeof sent[name] !== 'object' || sent[name] === null) {
        // Nothing in it.
      } else if (isFilter(field) && isObject(sent[name])) {
        // A condition on metadata with the name of a field beside the filter.
        for (const key in sent[name]) {
          if (Object.hasOwn(shape, key))
            tell([...path, name], key, `asks about metadata`, `did you mean the field ${key}, beside ${name}?`)
        }
      } else look(field, sent[name], [...path, name])
    }
  }
  look(schema, value, [])
  return more > 0 ? [...told, `${more} more names were ignored`] : told
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Whether a field is a metadata filter with sibling fields. The field `metadata` inside a filter is not: its names are
 * always metadata.
 */
const isFilter = (schema: z.ZodType) => unwrapped(schema, (inner) => inner === MetadataFilter) === MetadataFilter

/** Returns the inner schema, without defaults, optionality and the conversion of query strings. */
export function unwrapped(schema: z.ZodType, isIt: (inner: z.ZodType) => boolean = () => false): z.ZodType {
  if (isIt(schema)) return schema
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return unwrapped(schema.unwrap() as z.ZodType, isIt)
  if (schema instanceof z.ZodPipe)
    return unwrapped((schema.in instanceof z.ZodTransform ? schema.out : schema.in) as z.ZodType, isIt)
  return schema
}

/** Converts a name to the contract's snake case. Long names are returned unchanged: the contract has none. */
export const snakeCase = (name: string) =>
  name.length > ADVISED_LENGTH ? name : name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/**
 * Returns a suggestion: a known name that continues this one, or one within an edit distance of a third of its length.
 */
function likest(name: string, names: string[]): string | undefined {
  if (name.length > ADVISED_LENGTH) return undefined
  const plain = snakeCase(name).replaceAll(/[-\s]/g, '_')
  const longer = names.find((known) => known.startsWith(`${plain}_`))
  if (longer) return `did you mean ${longer}?`
  const [best] = names
    .map((known) => ({ known, distance: distance(plain, known) }))
    .sort((a, b) => a.distance - b.distance)
  return best && best.distance <= Math.ceil(best.known.length / 3) ? `did you mean ${best.known}?` : undefined
}

/** Returns the Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries())
      next.push(
        Math.min((row[j + 1] as number) + 1, (next[j] as number) + 1, (row[j] as number) + (letter === other ? 0 : 1)),
      )
    row = next
  }
  return row[b.length] as number
}
