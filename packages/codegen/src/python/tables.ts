import { isByHand } from '../by-hand.ts'
import { methods, type Operation, ORDER } from '../contract.ts'
import { type Files, renewed } from '../files.ts'
import { snake } from '../text.ts'
import { positionalNames } from './methods.ts'

/** Prints the tables of calls in the README and on the page of the language. */
export const tables = (): Files => ({
  ...renewed('docs/sdks/python.md', { calls: everyCall() }),
  ...renewed('packages/sdk-python/README.md', { calls: byResource() }),
})

/** The required arguments of the methods that are written by hand. */
const REQUIRED: Record<string, string[]> = {
  'memories.store': ['agent_id', 'content'],
  'memories.storeBatch': ['agent_id', 'memories'],
  'memories.recall': ['agent_id', 'query'],
  'memories.search': ['agent_id', 'query'],
  'memories.update': ['memory_id'],
  'memories.setImportance': ['agent_id', 'memory_ids', 'importance'],
  'memories.forget': ['agent_id'],
  'memories.forgetBatch': ['agent_id'],
  'memories.list': ['agent_id'],
}

function everyCall(): string {
  const rows = ORDER.flatMap((resource) => methods.filter((one) => one.resource === resource)).map((operation) => {
    const { id, resource, name, flat } = operation
    const args = isByHand(operation) ? (REQUIRED[id] ?? []) : positionalNames(operation)
    const call = `client.${snake(resource)}.${snake(name)}(${args.join(', ')})`
    return `| \`${id}\` | \`${call}\` | ${flat ? `\`${snake(flat)}\`` : ''} |`
  })
  return ['| Operation | Method | Flat name |', '|---|---|---|', ...rows].join('\n')
}

function byResource(): string {
  const rows = ORDER.map((resource) => {
    const own: Operation[] = methods.filter((operation) => operation.resource === resource)
    const flat = resource === 'health' ? ['health()'] : own.flatMap((one) => (one.flat ? [snake(one.flat)] : []))
    const names = own.map(({ name }) => snake(name))
    return `| \`client.${snake(resource)}\` | \`${names.join(' ')}\` | \`${flat.join(' ')}\` |`
  })
  return ['| Resource | Methods | Flat names |', '|---|---|---|', ...rows].join('\n')
}
