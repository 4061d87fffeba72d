import { ERRORS, type ErrorCode } from '@dakera-ai/protocol'
import { classOf, methods, type Operation, type ResourceName, resourceDocs } from '../contract.ts'
import { lower, unique } from '../text.ts'
import { pascal } from './names.ts'
import { iterationOf, methodName, type Signature, signatureOf } from './signatures.ts'

/** Returns the comment of a printed method. */
export function methodSentences(operation: Operation, { method }: Signature): string {
  const { name, resource, errors, isAdmin } = operation
  const isMissing = name === 'get' && errors.some((code) => ERRORS[code as ErrorCode].status === 404)
  return [
    `${method} ${spelled(inThirdPerson(summaryOf(operation)), resource)}`,
    isMissing && 'Fails with a [NotFoundError] if there is none that this key may read.',
    ...usageSentences(operation),
    isAdmin && !saysAdmin(resource) && "Needs an admin's key.",
  ]
    .filter(Boolean)
    .join(' ')
}

/** Returns the comment of the method that goes through the pages. */
export const iterationSentences = (operation: Operation) =>
  [
    `${iterationOf(operation)} yields the items of every page of`,
    `[${classOf(operation.resource)}.${methodName(operation.name)}], and fetches a page when it is needed.`,
    ...usageSentences(operation),
  ].join(' ')

/** Describes which parameters may be nil, and which options exist. */
const usageSentences = (operation: Operation) => [
  ...signatureOf(operation)
    .parameters.filter(({ type }) => type.startsWith('*'))
    .map(({ name }) => `${pascal(name)} may be nil.`),
  ...(operation.isInNamespace ? ['Takes [InNamespace].'] : []),
]

export function resourceSentences(resource: ResourceName): string {
  const doc = resourceDocs[resource]
  const isName = /^[A-Z]{2}/.test(doc)
  return `${classOf(resource)} are ${spelled(isName ? doc : lower(doc), resource)}`
}
const saysAdmin = (resource: ResourceName) => resourceDocs[resource].includes("admin's key")

/** Returns the summary; a list with several pages is fetched a page at a time. */
const summaryOf = (operation: Operation) =>
  operation.summary.replace(/^List /, iterationOf(operation) ? 'Fetch a page of ' : 'Fetch ')

/** Verbs that no sentence of the contract begins with. */
const OTHER_VERBS = ['keep']
const verbs = unique([...methods.map(({ summary }) => lower(summary.split(' ')[0] ?? '')), ...OTHER_VERBS])

/** "Stop a key at once and keep its record." → "stops a key at once and keeps its record." */
export function inThirdPerson(summary: string): string {
  const [first = '', ...rest] = summary.split(' ')
  const others = rest
    .join(' ')
    .replaceAll(/\b(and|or) ([a-z]+)\b/g, (all, and: string, word: string) =>
      verbs.includes(word) ? `${and} ${conjugated(word)}` : all,
    )
  return `${conjugated(lower(first))} ${others}`
}

function conjugated(verb: string): string {
  if (/([sxzo]|[cs]h)$/.test(verb)) return `${verb}es`
  return /[^aeiou]y$/.test(verb) ? `${verb.slice(0, -1)}ies` : `${verb}s`
}

/** Returns a text with methods, fields and codes by their names in Go. */
const spelled = (text: string, resource: ResourceName) =>
  text.replaceAll(/`(\w+)`/g, (quoted, name: string) => {
    if (name in ERRORS) return `[Code${pascal(name)}]`
    const isMethod = methods.some((one) => one.resource === resource && one.name === name)
    return isMethod || name.includes('_') ? pascal(name) : quoted
  })
