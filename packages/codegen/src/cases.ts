import { globSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, readRoot } from './files.ts'

const FOLDER = 'packages/protocol/conformance'
type Case = { operation: string; call: Record<string, unknown>; result?: unknown }

const cases = globSync('*.json', { cwd: join(ROOT, FOLDER) })
  .sort()
  .flatMap((file): Case[] => JSON.parse(readRoot(`${FOLDER}/${file}`)))

/**
 * Returns the first call of an operation in the contract's cases that succeeds. (One of them has a name that must be
 * escaped.)
 */
export function exampleOf(operation: string): Record<string, unknown> {
  const found = cases.find(
    (one) => one.operation === operation && one.result !== undefined && !JSON.stringify(one.call).includes('%'),
  )
  if (!found) throw new Error(`packages/protocol/conformance has no case in which ${operation} succeeds.`)
  return found.call
}
