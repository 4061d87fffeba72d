import { isByHand, printedOf } from '../by-hand.ts'
import { classOf, methods, modelNameOf, type ResourceName, resourceDocs } from '../contract.ts'
import { unique } from '../text.ts'
import { fileOf, kebab, ownTypes } from './methods.ts'

/** Prints src/printed.ts: the public names of the printed code, which index.ts exports together with the others. */
export function exports(): string {
  const resources = (Object.keys(resourceDocs) as ResourceName[]).filter((resource) => printedOf(resource).length > 0)
  const own = resources.flatMap((resource) =>
    printedOf(resource)
      .flatMap(ownTypes)
      .map(({ name }) => name),
  )
  const named = methods
    .filter((operation) => !isByHand(operation))
    .flatMap(({ body, reply, result }) => [
      body?.apart.every(({ name }) => name === 'agent_id') ? body.model.name : undefined,
      modelNameOf(result.kind === 'page' ? result.of : result.kind === 'field' ? result.type : reply),
    ])
    .filter((name) => name !== undefined && !own.includes(name))
  const files = resources.map((resource) => {
    const types = printedOf(resource)
      .flatMap(ownTypes)
      .map(({ name }) => name)
    const classes = fileOf(resource) === `resources/${kebab(resource)}.ts` ? [classOf(resource)] : []
    const names = [...classes, ...types].sort()
    return names.length > 0 ? `export type { ${names.join(', ')} } from './${fileOf(resource)}'\n` : ''
  })
  return `export type { ${unique(named).sort().join(', ')} } from './models.ts'
${files.join('')}`
}
