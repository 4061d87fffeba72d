import { KINDS, RETRY } from '@dakera-ai/protocol'
import { models } from '../contract.ts'
import { snake, unique } from '../text.ts'
import { literal } from './names.ts'

/** Prints src/rules.ts: the rules of the contract for every call. */
export function rules(): string {
  const fieldsOf = (isWanted: (field: (typeof models)[number]['fields'][number], isInput: boolean) => boolean) =>
    unique(
      models.flatMap(({ fields, isInput }) => fields.filter((one) => isWanted(one, isInput)).map(({ name }) => name)),
    )
  const moments = fieldsOf(({ type }, isInput) => isInput && type.kind === 'instant')
  const secrets = fieldsOf(({ isSecret }, isInput) => isSecret && !isInput)
  const constants = Object.entries(RETRY).flatMap(([name, value]) =>
    typeof value === 'number' ? [`export const ${snake(name).toUpperCase()} = ${value}\n`] : [],
  )
  const kinds = Object.entries(KINDS).map(([status, kind]) => `${status}: ${literal(kind)}`)
  return `
/** Statuses after which an attempt is retried. */
export const RETRIED = new Set([${RETRY.statuses.join(', ')}])
${constants.join('')}
/** The kind of error for a status. */
export const KINDS = { ${kinds.join(', ')} } as const

/** The fields of requests that contain a moment. */
export const MOMENTS = new Set([${moments.map(literal).join(', ')}])

/** The fields of replies that contain a new secret. */
export const SECRETS = [${secrets.map(literal).join(', ')}]
`
}
