import { methods, type Operation, type ResourceName } from './contract.ts'

/**
 * The methods that are written by hand in every client, because they differ most between languages. All others are
 * printed.
 */
const BY_HAND = new Set([
  'memories.store',
  'memories.storeBatch',
  'memories.recall',
  'memories.search',
  'memories.update',
  'memories.setImportance',
  'memories.forget',
  'memories.forgetBatch',
  'memories.list',
])

for (const id of BY_HAND)
  if (!methods.some((operation) => operation.id === id)) throw new Error(`The contract has no ${id} to write by hand.`)

/** `client.health` is also a function in most languages, so that resource is not an ordinary class. */
export const isByHand = ({ id, resource }: Operation) => resource === 'health' || BY_HAND.has(id)
/** Returns the printed methods of a resource. */
export const printedOf = (resource: ResourceName) =>
  methods.filter((one) => one.resource === resource && !isByHand(one))
/**
 * Returns whether a resource has methods of both kinds. Its class is written by hand and includes the printed methods.
 */
export const isMixed = (resource: ResourceName) =>
  printedOf(resource).length > 0 && methods.some((one) => one.resource === resource && isByHand(one))

/**
 * The arguments of the methods written by hand: as documents write them, and as the cases of the contract name them.
 */
export const ARGUMENTS: Record<string, { shown: string[]; called: string[] }> = {
  'memories.store': { shown: ['namespace', 'memory'], called: ['namespace', 'memory'] },
  'memories.storeBatch': { shown: ['namespace', 'memories'], called: ['namespace', 'memories'] },
  'memories.recall': { shown: ['namespaces', 'query', 'how'], called: ['namespace', 'query', 'options'] },
  'memories.search': { shown: ['namespaces', 'query', 'how'], called: ['namespace', 'query', 'options'] },
  'memories.update': { shown: ['id', 'changes'], called: ['id', 'changes'] },
  'memories.setImportance': {
    shown: ['namespace', 'ids', 'importance'],
    called: ['namespace', 'ids', 'importance'],
  },
  'memories.forget': { shown: ['namespace', 'which'], called: ['namespace', 'which'] },
  'memories.forgetBatch': { shown: ['namespace', 'filter'], called: ['namespace', 'filter'] },
  'memories.list': { shown: ['namespace', 'which'], called: ['namespace', 'options'] },
}
