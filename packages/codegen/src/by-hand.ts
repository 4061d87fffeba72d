import { methods, type Operation, type ResourceName } from './contract.ts'

/** Where each language earns its keep: these methods are written by hand, in every client. All others are printed. */
const BY_HAND = new Set([
  'health.get',
  'health.ready',
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

export const isByHand = ({ id }: Operation) => BY_HAND.has(id)
/** The printed methods of a resource. */
export const printedOf = (resource: ResourceName) =>
  methods.filter((one) => one.resource === resource && !isByHand(one))
/** A resource that has methods of both kinds is written by hand and takes the printed ones in. */
export const isMixed = (resource: ResourceName) => methods.some((one) => one.resource === resource && isByHand(one))
