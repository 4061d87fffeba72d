import { wrap } from '../text.ts'
import { agentTables } from '../tools.ts'
import { comment } from './comment.ts'

/** src/agents/table.ts: the tools of agents and all their texts. */
export function agentTable(): string {
  const constants = agentTables.map(
    ([name, doc, value]) => `${comment(doc)}export const ${name} = ${literal(value)} as const\n`,
  )
  return `\n${constants.join('\n')}export type ToolName = keyof typeof TOOLS\n`
}

/** A value as code; a long text in pieces that fit on a line. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([name, inner]) => `${JSON.stringify(name)}: ${literal(inner)}`)
      .join(', ')} }`
  if (typeof value !== 'string') return JSON.stringify(value)
  const lines = wrap(value, '', 96).split('\n')
  return lines.map((line, i) => JSON.stringify(i < lines.length - 1 ? `${line} ` : line)).join(' + ')
}
