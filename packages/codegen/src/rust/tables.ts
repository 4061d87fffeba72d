import { methods, type Operation, ORDER, type ResourceName } from '../contract.ts'
import { type Files, renewed } from '../files.ts'
import { snake } from '../text.ts'
import { moduleOf } from './names.ts'
import { signatureOf } from './signatures.ts'

/** Prints the tables of all methods in the page about the client and in its README. */
export const tables = (): Files => ({
  ...renewed('docs/sdks/rust.md', { calls: everyCall() }),
  ...renewed('packages/sdk-rust/README.md', { calls: resourceTable() }),
})

const of = (resource: ResourceName) => methods.filter((operation) => operation.resource === resource)
const flat = (operation: Operation) => (operation.flat === undefined ? '' : snake(operation.flat))

function everyCall(): string {
  const rows = ORDER.flatMap(of).map((operation) => {
    const { name, parameters } = signatureOf(operation)
    const call = `client.${moduleOf(operation.resource)}().${name}(${parameters.map(({ name }) => name).join(', ')})`
    return `| \`${operation.id}\` | \`${call}\` | ${flat(operation) && `\`${flat(operation)}\``} |`
  })
  return `| Operation | Method | Flat name |\n|---|---|---|\n${rows.join('\n')}`
}

function resourceTable(): string {
  const rows = ORDER.map((resource) => {
    const names = of(resource).map((operation) => signatureOf(operation).name)
    const flats = of(resource).map(flat).filter(Boolean)
    return `| \`client.${moduleOf(resource)}()\` | \`${names.join(' ')}\` | \`${flats.join(' ')}\` |`
  })
  return `| Resource | Methods | Flat names |\n|---|---|---|\n${rows.join('\n')}`
}
