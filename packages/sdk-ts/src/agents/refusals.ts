import { Problem } from './arguments.ts'
import { PROBLEMS, REFUSAL_OF, REFUSALS } from './table.ts'
import { fill } from './texts.ts'

/** What a tool answers its model. */
export type Answer = {
  /** For the model. */
  text: string
  /** The tool did not do what it was asked for; the text says so. */
  isRefused: boolean
  /** Of the error behind a refusal, for logs. */
  code?: string
}

/** Without this, the model would read the text of the exception, which names ids of requests and namespaces. */
export function refusalOf(
  error: unknown,
  act: 'read' | 'write' = 'read',
  isArgument: (name: string) => boolean = () => false,
): Answer {
  if (error instanceof Problem) return refuse(fill(REFUSALS.invalid, { problem: error.message }), 'INVALID_REQUEST')
  const { code, issues, retryAfter } = error as { code?: unknown; issues?: unknown; retryAfter?: unknown }
  const word = typeof code === 'string' ? code : 'UNKNOWN'
  if (typeof retryAfter === 'number' && retryAfter > 0)
    return refuse(fill(REFUSALS.busy, { seconds: Math.ceil(retryAfter) }), word)
  const refusal = Object.hasOwn(REFUSAL_OF, word) ? REFUSAL_OF[word as keyof typeof REFUSAL_OF] : 'unreachable'
  if (refusal === 'denied') return denied(act, word)
  if (refusal !== 'invalid') return refuse(REFUSALS[refusal], word)
  return refuse(fill(REFUSALS.invalid, { problem: problemOf(issues, isArgument) }), word)
}

export const denied = (act: 'read' | 'write', code = 'NAMESPACE_ACCESS_DENIED'): Answer =>
  refuse(fill(REFUSALS[act], { code }), code)

export const refuse = (text: string, code: string): Answer => ({ text, isRefused: true, code })

/** What the server says of an argument; of anything else the model knows nothing. */
function problemOf(issues: unknown, isArgument: (name: string) => boolean): string {
  if (!Array.isArray(issues)) return PROBLEMS.other
  const issue = issues.find(({ path }: { path?: unknown }) => typeof path === 'string' && isArgument(path))
  return issue ? `${issue.path} ${issue.message}` : PROBLEMS.other
}
