import { KINDS, RETRY } from '@dakera-ai/protocol'
import { models } from '../contract.ts'
import { unique } from '../text.ts'
import { literal } from './names.ts'

/** Prints _rules.py: the rules of the contract for every call. */
export function rules(): string {
  const moments = models.flatMap(({ isInput, fields }) =>
    fields.filter(({ type }) => isInput && type.kind === 'instant').map(({ name }) => name),
  )
  const kinds = Object.entries(KINDS).map(([status, kind]) => `    ${status}: ${literal(kind)},\n`)
  return `"""The rules of the contract for every call."""

RETRIED = frozenset({${RETRY.statuses.join(', ')}})
"""Statuses after which an attempt is retried."""
FIRST_WAIT = ${seconds(RETRY.firstWaitMs)}
LONGEST_WAIT = ${seconds(RETRY.longestWaitMs)}
MOST_WAIT = ${seconds(RETRY.mostWaitMs)}
"""In seconds. The wait doubles from the first to the longest; a Retry-After above MOST_WAIT is not waited for."""

KINDS = {
${kinds.join('')}}
"""The kind of error for a status."""

MOMENTS = frozenset(
    {
${unique(moments)
  .map((name) => `        ${literal(name)},\n`)
  .join('')}    }
)
"""The fields of requests that contain a moment."""
`
}

const seconds = (ms: number) => (ms % 1000 === 0 ? `${ms / 1000}.0` : String(ms / 1000))
