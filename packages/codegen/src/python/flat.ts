import { classOf, methods, ORDER, type ResourceName } from '../contract.ts'
import { snake, unique } from '../text.ts'
import { bracketed, importLine } from './layout.ts'

type Method = { name: string; isAsync: boolean; signature: string; result: string; doc: string }
/** The texts of a resource's modules: of its printed methods, and of those written by hand. */
export type Sources = Record<ResourceName, string[]>

/**
 * Prints _async/flat.py: one method for each flat name, with the signature and the docstring of its resource's method.
 */
export function flatNames(sources: Sources): string {
  const resources = ORDER.filter((resource) => resource !== 'health')
  const delegates = resources.flatMap((resource) =>
    methods
      .filter((one) => one.resource === resource && one.flat)
      .map(({ name, flat = '' }) => {
        const method = sources[resource].flatMap(methodsOf).find((one) => one.name === snake(name))
        if (!method) throw new Error(`There is no method ${snake(name)} of ${resource} in Python.`)
        return { resource, flat: snake(flat), method }
      }),
  )
  const classes = ORDER.map((resource) => importLine(`.resources.${snake(resource)}`, [`Async${classOf(resource)}`]))
  return `"""The flat names of the product's samples: each calls its resource and does nothing else."""

from __future__ import annotations

${imports(
  sources,
  delegates.map(({ method }) => method),
)}${classes.sort().join('')}

class AsyncFlatNames:
    """The flat names of a client."""

${ORDER.map((resource) => `    ${snake(resource)}: Async${classOf(resource)}\n`).join('')}
${delegates.map(({ resource, flat, method }) => delegate(snake(resource), flat, method)).join('\n')}`
}

/** Returns the imports for every name in the signatures, as its resource imports it. */
function imports(sources: Sources, used: Method[]): string {
  const all = Object.values(sources).flat()
  const words = unique(used.flatMap(({ signature, result }) => `${signature} ${result}`.match(/\b[A-Z]\w+/g) ?? []))
  const modules = new Map<string, string[]>()
  for (const word of words) {
    const module = all.map((source) => moduleOf(source, word)).find((found) => found !== undefined)
    if (module) modules.set(module, [...(modules.get(module) ?? []), word])
  }
  const lines = [...modules.keys()]
    .sort()
    .map((module) => importLine(module.replace(/^\.\.\./, '..'), modules.get(module) ?? []))
  const isOurs = (line: string) => line.startsWith('from .')
  return `${lines.filter((line) => !isOurs(line)).join('')}\n${lines.filter(isOurs).join('')}`
}

function methodsOf(source: string): Method[] {
  const pattern = /^ {4}(async )?def ([a-z]\w*)\(\n?(.*?)\n?(?: {4})?\) -> (.*?):\n {8}"""(.*?)"""/gms
  return [...source.matchAll(pattern)].map(([, isAsync, name = '', signature = '', result = '', doc = '']) => ({
    name,
    isAsync: isAsync !== undefined,
    signature: signature.trim(),
    result,
    doc,
  }))
}

function delegate(resource: string, name: string, method: Method): string {
  const parameters = splitParameters(method.signature)
  let isKeywordOnly = false
  const handed = parameters.slice(1).flatMap((parameter) => {
    if (parameter === '*') isKeywordOnly = true
    if (parameter === '*') return []
    const [word = ''] = parameter.split(':')
    return word.startsWith('**') ? [word] : [isKeywordOnly ? `${word}=${word}` : word]
  })
  const head = `${method.isAsync ? 'async ' : ''}def ${name}(`
  const call = `return ${method.isAsync ? 'await ' : ''}self.${resource}.${method.name}(`
  return `${bracketed(head, parameters, `) -> ${method.result}:`, '    ')}
        """${method.doc}"""
${bracketed(call, handed, ')', '        ')}
`
}

/** Splits a signature at the commas outside brackets. */
function splitParameters(signature: string): string[] {
  const parts = ['']
  let depth = 0
  for (const letter of signature) {
    if ('[('.includes(letter)) depth++
    if ('])'.includes(letter)) depth--
    if (letter === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += letter
  }
  return parts.map((part) => part.trim().replaceAll(/\s+/g, ' ')).filter(Boolean)
}

function moduleOf(source: string, word: string): string | undefined {
  for (const [, module, names = ''] of source.matchAll(/^from (\S+) import (\([^)]*\)|.*)$/gm))
    if (names.match(/\w+/g)?.includes(word)) return module
  return undefined
}
