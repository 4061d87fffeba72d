import { snakeCase, unwrapped } from '@dakera-ai/protocol'
import * as z from 'zod'
import { Fault } from '../fault.ts'

/**
 * Returns one value for each name of a query string. A list may be sent as `tags=a&tags=b` or `tags[]=a`. A second
 * value of any other parameter is rejected, because it would be dropped.
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
  const message = `is ${times} times in the query string, but takes one value. Send it once`
  return new Fault('INVALID_REQUEST', { issues: [{ path: name, message }] }, { message: `${name}: ${message}.` })
}
