import { isMixed, printedOf } from '../by-hand.ts'
import { type Argument, classOf, type Operation, ORDER, type ResourceName } from '../contract.ts'
import type { Files } from '../files.ts'
import { snake } from '../text.ts'
import { aligned, listed } from './layout.ts'
import { comment, HEAD, optionsSource } from './models.ts'
import { nameOf, pascal } from './names.ts'
import { iterationSentences, methodSentences, resourceSentences } from './sentences.ts'
import {
  declared,
  flatNameOf,
  isFlatByHand,
  itemType,
  iterationOf,
  methodName,
  methodsOf,
  ownOptions,
  type Signature,
  signatureOf,
} from './signatures.ts'

/**
 * Prints a file for each resource, beside the one written by hand if there is one, and client_printed.go with the
 * resources and the flat names of the client.
 */
export function goMethods(): Files {
  const written = ORDER.flatMap((resource) => {
    const printed = printedOf(resource)
    if (printed.length === 0) return []
    const file = `packages/sdk-go/${snake(resource)}${isMixed(resource) ? '_printed' : ''}.go`
    return [[file, resourceSource(resource, printed)] as const]
  })
  return {
    ...Object.fromEntries(written),
    'packages/sdk-go/client_printed.go': `${HEAD}\nimport "context"\n\n${clientSource()}${flatSource()}`,
  }
}

function resourceSource(resource: ResourceName, printed: Operation[]): string {
  const parts = printed.map((operation) => methodSource(operation) + iterationSource(operation))
  const own = printed.flatMap((operation) => {
    const name = ownOptions(operation)
    return name ? [optionsSource(name, operation)] : []
  })
  const imports = ['context', ...(printed.some(iterationOf) ? ['iter'] : []), 'net/http']
  const type = `${comment(resourceSentences(resource))}type ${classOf(resource)} struct{ t *transport }\n`
  return [
    `${HEAD}\nimport (\n${imports.map((name) => `\t"${name}"\n`).join('')})\n`,
    ...(isMixed(resource) ? [] : [type]),
    ...own,
    ...parts,
  ].join('\n')
}

// ── Methods ──

const receiverOf = (resource: ResourceName) => classOf(resource).charAt(0).toLowerCase()

function head(operation: Operation, name: string, { parameters }: Signature, result: string): string {
  const { resource } = operation
  return listed(`func (${receiverOf(resource)} *${classOf(resource)}) ${name}(`, declared(parameters), `) ${result} {`)
}

function methodSource(operation: Operation): string {
  const signature = signatureOf(operation)
  return `${comment(methodSentences(operation, signature))}\
${head(operation, signature.method, signature, `(${signature.result}, error)`)}
${bodyLines(operation)}${sendLines(operation)}}
`
}

/** Returns the lines that create the body, if it is more than the rest of the fields. */
function bodyLines({ body }: Operation): string {
  if (!body || body.apart.length === 0) return ''
  const fields = body.apart.map(({ name }) => `\tbody["${name}"] = ${name === 'agent_id' ? 'namespace' : name}\n`)
  return `\tbody := omitZero(${body.word})\n${fields.join('')}`
}

function sendLines(operation: Operation): string {
  const { resource, result, reply } = operation
  const type = result.kind === 'whole' && result.type.kind === 'model' ? nameOf(result.type.name) : itemType(reply)
  const sent = `send[${type}](ctx, ${receiverOf(resource)}.t, call{\n${callFields(operation)}\t}, options)\n`
  if (result.kind === 'whole' && result.type.kind === 'model') return `\treturn ${sent}`
  return `\treply, err := ${sent}\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn ${resultOf(operation)}, nil\n`
}

function callFields({ id, method, segments, options, body, isPublic, isInNamespace }: Operation): string {
  const path = segments.map((segment: string | Argument) =>
    typeof segment === 'string' ? `"${segment}"` : segment.word,
  )
  const fields: Array<[string, string]> = [
    ['operation:', `"${id}",`],
    ['method:', `http.Method${pascal(method)},`],
    ['path:', `path{${path.join(', ')}},`],
  ]
  if (options.length > 0) fields.push(['query:', 'omitZero(which),'])
  if (body) fields.push(['body:', body.apart.length > 0 ? 'body,' : `omitZero(${body.word}),`])
  if (isPublic) fields.push(['isPublic:', 'true,'])
  if (isInNamespace) fields.push(['isByID:', 'true,'])
  return aligned(fields, '\t\t')
}

function resultOf({ result }: Operation): string {
  if (result.kind === 'whole') return '*reply'
  if (result.kind === 'field') return `${result.type.kind === 'model' ? '&' : ''}reply.${pascal(result.name)}`
  const items = result.field === undefined ? '*reply' : `reply.${pascal(result.field)}`
  const facts = result.says.map((fact) =>
    fact === 'next_cursor' ? 'NextCursor: reply.NextCursor' : `${pascal(fact)}: &reply.${pascal(fact)}`,
  )
  return `&Page[${itemType(result.of)}]{${[`Items: ${items}`, ...facts].join(', ')}}`
}

/** Returns the method that yields the items of every page; the last parameter is the start of the first one. */
function iterationSource(operation: Operation): string {
  const { resource, result } = operation
  const name = iterationOf(operation)
  if (!name || result.kind !== 'page') return ''
  const signature = signatureOf(operation)
  const which = signature.parameters.at(-1)?.name
  const item = itemType(result.of)
  const [walk, place, type] = result.by === 'cursor' ? ['byCursor', 'cursor', 'string'] : ['byOffset', 'offset', 'int']
  const args = signature.parameters.map((one) => (one.name === which ? '&page' : one.name))
  return `
${comment(iterationSentences(operation))}${head(operation, name, signature, `iter.Seq2[${item}, error]`)}
	part := valueOf(${which})
	return ${walk}(part.${pascal(place)}, func(${place} ${type}) (*Page[${item}], error) {
		page := part
		page.${pascal(place)} = ${place}
		return ${receiverOf(resource)}.${signature.method}(${['ctx', ...args, 'options...'].join(', ')})
	})
}
`
}

// ── Client ──

function clientSource(): string {
  const fields = ORDER.map((resource): [string, string] => [methodName(resource), `*${classOf(resource)}`])
  const values = fields.map(([name, type]): [string, string] => [`${name}:`, `&${type.slice(1)}{t},`])
  return `// Client calls one server with one key. Give each agent its own key, and so its own client.
type Client struct {
${aligned(fields, '\t')}}

func clientOf(t *transport) *Client {
	return &Client{
${aligned(values, '\t\t')}	}
}
`
}

/** Returns the methods with the names of the product's samples. */
const flatSource = () =>
  ORDER.flatMap(methodsOf)
    .map((operation) => {
      const name = flatNameOf(operation)
      if (!name || isFlatByHand(operation)) return ''
      const { method, parameters, result } = signatureOf(operation)
      const args = ['ctx', ...parameters.map((one) => one.name), 'options...'].join(', ')
      return `
// ${name} is short for [${classOf(operation.resource)}.${method}].
${listed(`func (c *Client) ${name}(`, declared(parameters), `) (${result}, error) {`)}
	return c.${methodName(operation.resource)}.${method}(${args})
}
`
    })
    .join('')
