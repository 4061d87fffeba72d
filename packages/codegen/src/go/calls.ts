import { isByHand } from '../by-hand.ts'
import { methods, type Operation } from '../contract.ts'
import type { Files } from '../files.ts'
import { listed } from './layout.ts'
import { HEAD } from './models.ts'
import { flatNameOf, isFlatByHand, itemType, iterationOf, methodName, signatureOf } from './signatures.ts'

/** calls_printed_test.go: how the conformance cases call the printed methods. */
export function goCalls(): Files {
  const printed = methods.filter((operation) => !isByHand(operation))
  const iterated = printed.filter(iterationOf)
  return {
    'packages/sdk-go/calls_printed_test.go': `${HEAD.replace('package dakera', 'package dakera_test')}
import (
	"context"

	dakera "github.com/dakera-ai/dakera/packages/sdk-go"
)

// printedOperations call the printed methods, by their flat names if those return the same.
var printedOperations = map[string]operation{
${printed.map((one) => entry(one, callLines(one))).join('')}}

// printedIterations are the lists that have more than one page.
var printedIterations = map[string]operation{
${iterated.map((one) => entry(one, collected(one))).join('')}}
`,
  }
}

const collected = (operation: Operation) =>
  `${listed('\t\treturn collect(', [called(operation, iterationOf(operation) ?? '')], ')')}\n`

const entry = ({ id }: Operation, lines: string) => {
  const parameters = ['ctx context.Context', 'c *dakera.Client', 'a args', 'o ...dakera.RequestOption']
  return `${listed(`\t"${id}": func(`, parameters, ') (any, error) {')}\n${lines}\t},\n`
}

function callLines(operation: Operation): string {
  const { result } = operation
  const flat = isFlatByHand(operation) ? undefined : flatNameOf(operation)
  const call = called(operation, flat ?? methodName(operation.name), flat !== undefined)
  if (result.kind !== 'whole' || result.type.kind !== 'list') return `\t\treturn ${call}\n`
  const item = qualified(itemType(result.type.of))
  return `\t\titems, err := ${call}\n\t\treturn dakera.Page[${item}]{Items: items}, err\n`
}

function called(operation: Operation, name: string, isFlat = false): string {
  const args = signatureOf(operation).parameters.map((one) => argument(operation, one.name, one.type))
  const options = operation.isInNamespace ? 'inNamespace(a, o)...' : 'o...'
  const owner = isFlat ? 'c' : `c.${methodName(operation.resource)}`
  return `${owner}.${name}(${['ctx', ...args, options].join(', ')})`
}

/** Options are an argument of their own if an address has arguments; otherwise they are the whole call. */
function argument({ arguments: args }: Operation, name: string, type: string): string {
  if (type === 'string') return `a.text("${name}")`
  if (name !== 'which') return `as[${qualified(type)}](a, "${name}")`
  return args.length > 0 ? `as[${qualified(type)}](a, "options")` : `whole[${qualified(type.slice(1))}](a)`
}

const qualified = (type: string) => type.replaceAll(/\b[A-Z]\w*/g, (name) => `dakera.${name}`)
