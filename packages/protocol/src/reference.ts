import { type ApiDocument, describe, type Field, type OperationRow, type Type } from './describe.ts'

/** The contract as Markdown: every operation, then every model. Each SDK's page says how its language writes them. */
export function referencePage(document: ApiDocument): string {
  const { groups, models } = describe(document)
  return [
    '<!-- @generated from packages/protocol by pnpm generate; do not edit. -->',
    '# Reference',
    'Every operation and every model of the API. In each language:\n[TypeScript](sdks/typescript.md), ' +
      '[Python](sdks/python.md), [Rust](sdks/rust.md), [Go](sdks/go.md).',
    '## Operations',
    ...groups.flatMap(({ operations }) => operations.map(printOperation)),
    '## Models',
    ...models.map(({ name, text, fields }) => sections(`### ${name}`, text, printFields('Field', fields))),
  ].join('\n\n')
}

function printOperation({ id, method, path, aliases, text, inPath, inQuery, body, replies, errors }: OperationRow) {
  const [reply] = replies
  return sections(
    `### ${id}`,
    [code(`${method} ${path}`), ...(aliases.length > 0 ? [`also ${aliases.map(code).join(',\n')}`] : [])].join(', '),
    text,
    body ? `Request body: ${printType(body.type)}.` : '',
    reply?.type ? `Response ${reply.status}: ${printType(reply.type)}.` : '',
    printFields('In the address', [...inPath, ...inQuery]),
    `Errors:\n${errors.map((error) => `[${error.code}](errors/${error.code}.md)`).join(',\n')}.`,
  )
}

const sections = (...parts: string[]) => parts.filter((part) => part !== '').join('\n\n')
const code = (text: string) => `\`${text}\``

/** Prints a table. A question mark behind a name says that the field may be left out. */
function printFields(head: string, fields: Field[]): string {
  if (fields.length === 0) return ''
  const rows = fields.map(({ name, type, isRequired, text, default: standard }) => [
    `${code(name)}${isRequired ? '' : '?'}`,
    printType(type),
    [text, standard === undefined ? '' : `Default ${code(standard)}.`].filter(Boolean).join(' '),
  ])
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line([head, 'Type', '']), line(['---', '---', '---']), ...rows.map(line)].join('\n')
}

function printType(type: Type): string {
  switch (type.kind) {
    case 'model':
      return `[${type.name}](#${type.name.toLowerCase()})`
    case 'values':
      return type.values.length > 12
        ? 'one of many words'
        : type.values.map((value) => code(String(value))).join(' or ')
    case 'union':
      return [...new Set(type.types.map(printType))].join(' or ')
    case 'list':
      return `list of ${printType(type.of)}`
    case 'map':
      return `object of ${printType(type.of)}`
    case 'plain':
      return type.name === 'any' ? 'anything' : type.name
  }
}
