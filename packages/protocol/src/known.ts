import type * as z from 'zod'

/** Unknown names of one object that are told one by one; of the others, how many. */
const MOST_NAMES = 10
/** A longer name is told without advice: each comparison costs its letters times those of the other. */
const ADVISED_LENGTH = 40

/** For a name that is not a field here: what to write instead. */
type Instead = Record<string, string>

/**
 * An object that refuses every name it does not know: a word that narrows or protects, dropped, makes a call do more than was said.
 * Elsewhere unknown names are ignored, as older clients send them: docs/decisions/0023.
 */
export const closed = <S extends z.ZodObject>(schema: S, instead: Instead = {}): S => refusing(schema, instead, () => true, false)

/** An object that ignores names it does not know, but for those that say the same elsewhere and would be missed here. */
export const wary = <S extends z.ZodObject>(schema: S, instead: Instead): S => refusing(schema, instead, (name) => Object.hasOwn(instead, name), undefined)

function refusing<S extends z.ZodObject>(schema: S, instead: Instead, refuses: (name: string) => boolean, additionalProperties: false | undefined): S {
  const names = Object.keys(schema.shape)
  return schema
    .loose()
    .superRefine((value, context) => {
      let refused = 0
      for (const name in value) {
        if (Object.hasOwn(schema.shape, name) || !refuses(name) || ++refused > MOST_NAMES) continue
        const advice = Object.hasOwn(instead, name) ? instead[name] : likest(name, names)
        context.addIssue({ code: 'custom', path: [name.slice(0, 100).toWellFormed()], message: `not a field here${advice ? `; ${advice}` : ''}` })
      }
      if (refused > MOST_NAMES) context.addIssue({ code: 'custom', path: [], message: `${refused - MOST_NAMES} more names are not fields here` })
    })
    .meta({ additionalProperties }) as unknown as S
}

/** What was probably meant, when at most a third of the letters must change for it. */
function likest(name: string, names: string[]): string | undefined {
  if (name.length > ADVISED_LENGTH) return undefined
  const plain = name.replaceAll(/[A-Z]/g, '_$&').replaceAll(/[-\s]/g, '_').toLowerCase()
  const [best] = names.map((known) => ({ known, distance: distance(plain, known) })).sort((a, b) => a.distance - b.distance)
  return best && best.distance <= Math.ceil(best.known.length / 3) ? `did you mean ${best.known}?` : undefined
}

/** Levenshtein's: letters to insert, delete or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries())
      next.push(Math.min((row[j + 1] as number) + 1, (next[j] as number) + 1, (row[j] as number) + (letter === other ? 0 : 1)))
    row = next
  }
  return row[b.length] as number
}
