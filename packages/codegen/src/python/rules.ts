import { KINDS, RETRY } from '@dakera-ai/protocol'
import { models } from '../contract.ts'
import { unique } from '../text.ts'
import { literal } from './names.ts'

/** _rules.py: what the contract says of every call. */
export function rules(): string {
  const moments = models.flatMap(({ isInput, fields }) =>
    fields.filter(({ type }) => isInput && type.kind === 'instant').map(({ name }) => name),
  )
  const kinds = Object.entries(KINDS).map(([status, kind]) => `    ${status}: ${literal(kind)},\n`)
  return `"""What the contract says of every call."""

RETRIED = frozenset({${RETRY.statuses.join(', ')}})
"""Statuses after which a try is repeated."""
FIRST_WAIT = ${seconds(RETRY.firstWaitMs)}
LONGEST_WAIT = ${seconds(RETRY.longestWaitMs)}
MOST_WAIT = ${seconds(RETRY.mostWaitMs)}
"""The wait doubles from the first to the longest; a server may ask for the most. In seconds."""

KINDS = {
${kinds.join('')}}
"""The kind of error behind a status."""

MOMENTS = frozenset(
    {
${unique(moments)
  .map((name) => `        ${literal(name)},\n`)
  .join('')}    }
)
"""The fields of requests that hold a moment."""
`
}

const seconds = (ms: number) => (ms % 1000 === 0 ? `${ms / 1000}.0` : String(ms / 1000))
