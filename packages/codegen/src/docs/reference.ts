import { ERRORS } from '@dakera-ai/protocol'
import { type Field, type Model, models, type Operation, operations, type Type } from '../contract.ts'
import { unique } from '../text.ts'

/** The contract as a page: every operation, then every model. Each SDK's page says how its language writes them. */
export function referencePage(): string {
  const parts = [
    '<!-- @generated from packages/protocol by pnpm generate; do not edit. -->',
    '# Reference',
    'Every operation and every model of the API. How a language writes them: [TypeScript](sdks/typescript.md), ' +
      '[Python](sdks/python.md), [Rust](sdks/rust.md), [Go](sdks/go.md).',
    '## Operations',
    ...operations.map(describeOperation),
    '## Models',
    ...models.map(describeModel),
  ]
  return `${parts.join('\n\n')}\n`
}

function describeOperation({ id, method, path, aliases, summary, body, arguments: args, query, ...rest }: Operation) {
  const codes = unique([...rest.errors, 'INTERNAL_ERROR', 'SERVICE_UNAVAILABLE'])
  const byStatus = unique(codes.map(statusOf)).flatMap((status) => codes.filter((code) => statusOf(code) === status))
  const lines = [
    `### ${id}`,
    `\`${method} ${path}\`${aliases.length > 0 ? `, also ${aliases.map((alias) => `\`${alias}\``).join(', ')}` : ''}`,
    summary,
    body ? `Takes ${linkTo(body.model.name)}.` : '',
    `Answers ${rest.status} with ${typeOf(rest.reply)}.`,
    table(
      ['In the address', 'Type', ''],
      [...args.map(({ name }) => [`\`${name}\``, 'string', '']), ...query.map((field) => rowOf(field, false))],
    ),
    `Errors: ${byStatus.map((code) => `[${code}](errors/${code}.md)`).join(', ')}.`,
  ]
  return lines.filter((line) => line !== '').join('\n\n')
}

const statusOf = (code: string) => ERRORS[code as keyof typeof ERRORS].status

const describeModel = ({ name, doc = '', fields }: Model): string =>
  [
    `### ${name}`,
    doc,
    table(
      ['Field', 'Type', ''],
      fields.map((field) => rowOf(field)),
    ),
  ]
    .filter((line) => line !== '')
    .join('\n\n')

/** A question mark behind a name says that it may be left out. */
function rowOf({ name, type, isNullable, isRequired, doc, default: value }: Field, isDefaultSaid = true): string[] {
  const otherwise = value === undefined || !isDefaultSaid ? '' : `Default \`${JSON.stringify(value)}\`.`
  return [
    `\`${name}\`${isRequired ? '' : '?'}`,
    typeOf(type) + (isNullable ? ' or null' : ''),
    [doc, otherwise].filter(Boolean).join(' '),
  ]
}

function typeOf(type: Type): string {
  switch (type.kind) {
    case 'model':
      return linkTo(type.name)
    case 'constant':
      return `\`${JSON.stringify(type.value)}\``
    case 'words':
      return type.words.length > 12 ? 'one of many words' : type.words.map((word) => `\`${word}\``).join(' or ')
    case 'union':
      return unique(type.of.map(typeOf)).join(' or ')
    case 'instant':
      return 'number or string'
    case 'list':
      return `list of ${typeOf(type.of)}`
    case 'map':
      return type.of.kind === 'any' ? 'object' : `object of ${typeOf(type.of)}`
    case 'any':
      return 'anything'
    default:
      return type.kind
  }
}

const linkTo = (name: string) => `[${name}](#${name.toLowerCase()})`

function table(head: string[], rows: string[][]): string {
  if (rows.length === 0) return ''
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
