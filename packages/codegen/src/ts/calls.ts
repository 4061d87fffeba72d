import { isByHand } from '../by-hand.ts'
import { methods, type Operation } from '../contract.ts'

/** Prints test/printed-calls.mjs: how each printed operation is called with the arguments of a case. */
export function calls(): string {
  const lines = methods.filter((operation) => !isByHand(operation)).map((operation) => `  ${callOf(operation)},\n`)
  return `
/** \`camel\` writes the fields of a case as TypeScript does. */
export const printedCalls = (camel) => ({
${lines.join('')}})
`
}

function callOf({ id, resource, name, flat, arguments: args, body, options, isInNamespace }: Operation): string {
  const apart = (body?.apart ?? []).map((field) => (field.name === 'agent_id' ? 'namespace' : field.name))
  const rest = body && body.rest.length > 0 ? [body.word] : []
  const optionsName = options.length === 0 ? [] : ['options']
  const isWhole = options.length > 0 && args.length === 0 // the case contains only options
  const taken = [
    ...args.map(({ word }) => word),
    ...apart,
    ...rest,
    ...(isWhole ? [] : optionsName),
    ...(isInNamespace ? ['namespace'] : []),
  ]
  const passed = [
    ...args.map(({ word }) => word),
    ...apart,
    ...rest.map((word) => `camel(${word})`),
    ...optionsName.map((word) => `camel(${word})`),
    ...(isInNamespace ? ['{ namespace }'] : []),
  ]
  const parameter = isWhole ? ', options' : taken.length > 0 ? `, { ${taken.join(', ')} }` : ''
  return `'${id}': (client${parameter}) => client.${flat ?? `${resource}.${name}`}(${passed.join(', ')})`
}
