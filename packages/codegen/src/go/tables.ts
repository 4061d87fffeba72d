import { type Operation, ORDER, type ResourceName } from '../contract.ts'
import { type Files, renewed } from '../files.ts'
import { flatNameOf, iterationOf, methodName, methodsOf, signatureOf } from './signatures.ts'

/** The options of methods that are written by hand. */
const OPTIONS: Record<string, string> = { 'memories.update': 'IfVersion', 'memories.forgetBatch': 'DryRun' }
const NOTES: Record<string, string> = {
  'health.ready': 'A server that is not ready is an answer, not an error.',
  'namespaces.list': 'The flat name returns all of them as a slice.',
  'memories.store': 'The flat name returns the memory alone.',
  'memories.recall': 'The flat name returns the memories alone.',
  'memories.search': 'The flat name returns the memories alone.',
}

/** Prints the tables of calls in docs/sdks/go.md and in the README. */
export const goTables = (): Files => ({
  ...renewed('docs/sdks/go.md', {
    calls: `| Operation | Method | Flat name | |\n|---|---|---|---|\n${ORDER.flatMap(methodsOf).map(callRow).join('')}`,
  }),
  ...renewed('packages/sdk-go/README.md', {
    calls: `| Resource | Methods | Flat names |\n|---|---|---|\n${ORDER.map(resourceRow).join('')}`,
  }),
})

const row = (cells: string[]) => `|${cells.map((cell) => ` ${cell && `${cell} `}|`).join('')}\n`
const code = (text: string | undefined) => (text ? `\`${text}\`` : '')

function callRow(operation: Operation): string {
  const { id, resource, isInNamespace } = operation
  const { method, parameters } = signatureOf(operation)
  const args = ['ctx', ...parameters.map(({ name }) => name)].join(', ')
  const also = [iterationOf(operation), isInNamespace ? 'InNamespace' : undefined, OPTIONS[id]].filter(Boolean)
  const notes = [also.map(code).join(', '), NOTES[id]].filter(Boolean).join('. ')
  return row([code(id), code(`client.${methodName(resource)}.${method}(${args})`), code(flatNameOf(operation)), notes])
}

function resourceRow(resource: ResourceName): string {
  const own = methodsOf(resource)
  const names = own.flatMap((one) => [methodName(one.name), iterationOf(one)]).filter(Boolean)
  const flat = own.map(flatNameOf).filter(Boolean)
  return row([code(`client.${methodName(resource)}`), code(names.join(' ')), code(flat.join(' '))])
}
