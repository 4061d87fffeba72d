import { ARGUMENTS, isByHand } from '../by-hand.ts'
import { methods, type Operation, ORDER } from '../contract.ts'
import { type Files, renewed } from '../files.ts'
import { camel } from '../text.ts'

/** Prints the tables of calls in the README and on the page of the language. */
export const tables = (): Files => ({
  ...renewed('docs/sdks/typescript.md', { calls: everyCall() }),
  ...renewed('packages/sdk-ts/README.md', { calls: byResource() }),
})

function everyCall(): string {
  const rows = ORDER.flatMap((resource) => methods.filter((operation) => operation.resource === resource)).map(
    (operation) => {
      const { id, flat } = operation
      return `| \`${id}\` | ${flat ? `\`${flat}(${shownArguments(operation).join(', ')})\` ` : ''}| \`${id}\` |`
    },
  )
  return ['| Operation | Flat name | Resource |', '|---|---|---|', ...rows].join('\n')
}

function shownArguments(operation: Operation): string[] {
  if (isByHand(operation)) return ARGUMENTS[operation.id]?.shown ?? []
  const { arguments: args, body, options } = operation
  return [
    ...args.map(({ word }) => word),
    ...(body?.apart ?? []).map(({ name }) => (name === 'agent_id' ? 'namespace' : camel(name))),
    ...(body && body.rest.length > 0 ? [body.word] : []),
    // The options that select a part of a list are not shown.
    ...(options.some(({ name }) => !['limit', 'cursor', 'offset'].includes(name)) ? ['which'] : []),
  ]
}

function byResource(): string {
  const rows = ORDER.map((resource) => {
    const own = methods.filter((operation) => operation.resource === resource)
    const flat = resource === 'health' ? ['health()'] : own.flatMap((one) => one.flat ?? [])
    return `| \`client.${resource}\` | \`${own.map(({ name }) => name).join(' ')}\` | \`${flat.join(' ')}\` |`
  })
  return ['| Resource | Methods | Flat names |', '|---|---|---|', ...rows].join('\n')
}
