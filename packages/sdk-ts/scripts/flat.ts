import { readFileSync } from 'node:fs'
import { calls, cases } from '../test/conformance.mjs'

/** The resources in the order their flat names stand in, and their classes. */
const RESOURCES = {
  memories: 'Memories',
  namespaces: 'Namespaces',
  keys: 'Keys',
  namespaceKeys: 'NamespaceKeys',
  sessions: 'Sessions',
  agents: 'Agents',
}
const fileOf = (resource: string) =>
  `./resources/${resource.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`

/** One method for each flat name: the sentences of its resource's own, an example, and a call that hands over. */
export function flatNames(): string {
  const resources = Object.entries(RESOURCES)
  const imports = resources.map(([resource, type]) => `import type { ${type} } from '${fileOf(resource)}'\n`).sort()
  const methods = resources.flatMap(([resource, type]) =>
    methodsOf(resource).map(({ name, sentences }) => {
      const { flat, example } = exampleOf(`${resource}.${name}`)
      return `  /**
${wrap(`${sentences} The same as \`${resource}.${name}\`.`)}
   *
   * @example
   * ${example}
   */
  ${flat}(...args: Parameters<${type}['${name}']>) {
    return this.${resource}.${name}(...args)
  }
`
    }),
  )
  return `// @generated from resources/*.ts and packages/protocol/conformance by scripts/generate.ts; do not edit.
${imports.join('')}
/** The flat names of the product's samples: each hands over to its resource and does nothing else. */
export abstract class FlatNames {
${resources.map(([resource, type]) => `  abstract readonly ${resource}: ${type}\n`).join('')}
${methods.join('\n')}}
`
}

function methodsOf(resource: string): Array<{ name: string; sentences: string }> {
  const source = readFileSync(new URL(fileOf(resource), new URL('../src/', import.meta.url)), 'utf8')
  return [...source.matchAll(/^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(?:async )?(\w+)\(/gm)].map(
    ([, comment = '', name = '']) => ({ name, sentences: comment.replaceAll(/\s*\n\s*\* ?/g, ' ').trim() }),
  )
}

/**
 * The first call of an operation in the contract's cases, as a client writes it. (One of them asks for a name that must
 * be escaped.)
 */
function exampleOf(operation: string): { flat: string; example: string } {
  const one = cases.find(
    (it) => it.operation === operation && it.result !== undefined && !JSON.stringify(it.call).includes('%'),
  )
  const call = calls[operation]
  if (!one || !call) throw new Error(`The contract has no case of ${operation}.`)
  const recorder = new Proxy(
    {},
    {
      get:
        (_, flat) =>
        (...args: unknown[]) => ({ flat, args }),
    },
  )
  const { flat, args } = call(recorder as never, one.call as never) as { flat: string; args: unknown[] }
  const spoken = args.map(literal)
  while (spoken.length > 0 && (spoken.at(-1) ?? '{}') === '{}') spoken.pop()
  return { flat, example: `await client.${flat}(${spoken.join(', ')})` }
}

/** A doc comment's text in lines of at most 120 columns. */
const wrap = (text: string) => text.replaceAll(/(.{1,115})(?: |$)/g, '   * $1\n').trimEnd()

/** As one would write it: in one line, or each field in one where that is too long. */
function literal(value: unknown): string | undefined {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value === 'string') return value.includes("'") ? JSON.stringify(value) : `'${value}'`
  if (typeof value !== 'object' || value === null) return value === undefined ? undefined : JSON.stringify(value)
  const key = (name: string) => (/^\w+$/.test(name) ? name : `'${name}'`)
  const fields = Object.entries(value).flatMap(([name, inner]) =>
    inner === undefined ? [] : [`${key(name)}: ${literal(inner)}`],
  )
  if (fields.length === 0) return '{}'
  const line = `{ ${fields.join(', ')} }`
  return line.length <= 100 ? line : `{\n   *   ${fields.join(',\n   *   ')},\n   * }`
}
