import { snakeCase, unwrapped } from '@dakera-ai/protocol'
import * as z from 'zod'
import { Fault } from '../fault.ts'

/**
 * A query string as one value for each name. A list may be sent as `tags=a&tags=b` or `tags[]=a`; of anything else a
 * second value would be dropped.
 */
export function readQuery(schema: z.ZodObject, sent: Record<string, string[]>): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {}
  for (const [spelling, values] of Object.entries(sent)) {
    const name = spelling.replace(/\[\]$/, '')
    const known = Object.hasOwn(schema.shape, name) ? name : snakeCase(name)
    const field = Object.hasOwn(schema.shape, known) ? (schema.shape[known] as z.ZodType) : undefined
    const [first = '', ...others] = values
    if (field && unwrapped(field) instanceof z.ZodArray) query[known] = [...(query[known] ?? []), ...values]
    else if (others.length > 0) throw repeated(spelling, values.length)
    else query[spelling] = first
  }
  return query
}

function repeated(name: string, times: number): Fault {
  const message = `stands ${times} times in the query string, and has one value. Send it once`
  return new Fault('INVALID_REQUEST', { issues: [{ path: name, message }] }, { message: `${name}: ${message}.` })
}
