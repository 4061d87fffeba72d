import { ARGUMENTS, isByHand } from '../by-hand.ts'
import { exampleOf } from '../cases.ts'
import { classOf, methods, type Operation, ORDER, type ResourceName, resourceDocs } from '../contract.ts'
import { readRoot } from '../files.ts'
import { camel } from '../text.ts'
import { comment } from './comment.ts'
import { docOf, kebab } from './methods.ts'
import { literal } from './names.ts'

/** Prints src/flat.ts: every resource, and one method for each flat name, which calls its resource. */
export function flatNames(): string {
  const classes = ORDER.filter((resource) => resource !== 'health')
  const imports = classes.map(
    (resource) => `import { ${classOf(resource)} } from './resources/${kebab(resource)}.ts'\n`,
  )
  const flat = classes.flatMap((resource) => methods.filter((one) => one.resource === resource && one.flat))
  const made = classes.map((resource) => `this.${resource} = new ${classOf(resource)}(transport)\n`)
  return `import { type HealthChecks, healthChecks } from './resources/health.ts'
${imports.join('')}import type { Transport } from './transport.ts'

${comment(
  "The resources, and the flat names of the product's samples: each calls its resource and does nothing else.",
)}export abstract class FlatNames {
${ORDER.map(property).join('')}

  constructor(transport: Transport) {
${made.join('')}this.health = healthChecks(transport)
  }

${flat.map(delegate).join('\n')}}
`
}

const property = (resource: ResourceName) =>
  `${comment(resourceDocs[resource], '  ')}readonly ${resource}: ${classOf(resource)}\n`

function delegate(operation: Operation): string {
  const { id, resource, name, flat } = operation
  const sentences = isByHand(operation) ? handWritten(operation) : docOf(operation)
  const doc = comment(`${sentences} The same as \`${id}\`.\n\n@example\n${example(operation)}`, '  ')
  return `${doc}${flat}(...args: Parameters<${classOf(resource)}['${name}']>) {
  return this.${resource}.${name}(...args)
}
`
}

/** Returns the doc comment of a method that is written by hand. */
function handWritten({ id, resource, name }: Operation): string {
  const source = readRoot(`packages/sdk-ts/src/resources/${kebab(resource)}.ts`)
  const found = new RegExp(`^ {2}/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\n {2}(?:async )?${name}\\(`, 'm').exec(source)
  if (!found?.[1]) throw new Error(`${id} is to be written by hand, and has no method with a comment.`)
  return found[1].replaceAll(/\s*\n\s*\* ?/g, ' ').trim()
}

/** Returns the first call of the contract's cases, as a client writes it. */
function example(operation: Operation): string {
  const call = exampleOf(operation.id)
  const args = argumentsOf(operation, call)
  while (args.length > 0 && (args.at(-1) ?? '{}') === '{}') args.pop()
  return `await client.${operation.flat}(${args.join(', ')})`
}

function argumentsOf(operation: Operation, call: Record<string, unknown>): Array<string | undefined> {
  if (isByHand(operation)) {
    const depth = operation.id === 'memories.list' ? 2 : 1 // its filter is respelled too
    return (ARGUMENTS[operation.id]?.called ?? []).map((name) => spoken(call[name], depth))
  }
  const { arguments: args, body, options, isInNamespace } = operation
  return [
    ...args.map(({ word }) => spoken(call[word])),
    ...(body?.apart ?? []).map(({ name }) => spoken(call[name === 'agent_id' ? 'namespace' : name])),
    ...(body && body.rest.length > 0 ? [spoken(call[body.word])] : []),
    ...(options.length > 0 ? [spoken(args.length > 0 ? call['options'] : call)] : []),
    ...(isInNamespace ? [spoken({ namespace: call['namespace'] })] : []),
  ]
}

/**
 * Returns a value as a person would write it: objects in camelCase down to this depth, because deeper ones contain the
 * caller's own names; on one line, or each field on its own.
 */
function spoken(value: unknown, depth = 1): string | undefined {
  if (Array.isArray(value)) return `[${value.map((item) => spoken(item, depth)).join(', ')}]`
  if (typeof value === 'string') return value.includes("'") ? JSON.stringify(value) : literal(value)
  if (typeof value !== 'object' || value === null) return value === undefined ? undefined : JSON.stringify(value)
  const fields = Object.entries(value).flatMap(([name, inner]) => {
    const word = depth > 0 ? camel(name) : name
    const text = spoken(inner, depth - 1)
    return text === undefined ? [] : [`${/^\w+$/.test(word) ? word : `'${word}'`}: ${text}`]
  })
  if (fields.length === 0) return '{}'
  const line = `{ ${fields.join(', ')} }`
  return line.length <= 72 ? line : `{\n    ${fields.join(',\n    ')},\n  }`
}
