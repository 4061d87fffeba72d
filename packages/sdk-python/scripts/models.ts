export type Schema = {
  $ref?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  type?: string | string[]
  format?: string
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  description?: string
  default?: unknown
}
type Schemas = Record<string, Schema>

/** Replies that the client's methods take apart; what they give instead stands in RESULTS, LISTS and FOUND. */
const TAKEN_APART = /^(List\w+Response|SessionMemoriesResponse|(Start|End)SessionResponse|RecallResponse|RecalledMemory|StoreMemoryResponse|NamespaceSummary|Error)$/

/** Results that hold the fields of two schemas. */
const MERGED: Record<string, { doc: string; of: [string, string]; without?: string }> = {
  StoredMemory: { doc: 'A stored memory: its fields at top level, and again under `memory`.', of: ['Memory', 'StoreMemoryResponse'] },
  FoundMemory: {
    doc: 'A memory as recall and search give it: its own fields and how well it answers the query.',
    of: ['Memory', 'RecalledMemory'],
    without: 'memory',
  },
}

/**
 * Keyword arguments of the methods that take many, and the request they are taken from, without what the method spells
 * itself.
 */
const KEYWORDS: Record<string, { doc: string; of: string; without: string[] }> = {
  StoreOptions: {
    doc: 'What else a memory may be stored with.',
    of: 'NewMemory',
    without: ['content', 'memory_type', 'importance', 'metadata', 'session_id', 'tags', 'ttl_seconds', 'expires_at'],
  },
  RecallOptions: { doc: 'How to recall.', of: 'RecallRequest', without: ['agent_id', 'namespaces', 'query', 'top_k'] },
  SearchOptions: { doc: 'How to search.', of: 'SearchRequest', without: ['agent_id', 'namespaces', 'query', 'top_k'] },
  FilterOptions: { doc: 'Which memories are meant: all that is said must hold.', of: 'MemoryFilter', without: [] },
  NamespaceOptions: { doc: 'How a namespace is set up.', of: 'CreateNamespaceRequest', without: ['name'] },
  KeyOptions: { doc: 'What a key is issued with, beside its name and grants.', of: 'CreateKeyRequest', without: ['name', 'grants'] },
}

/** What other results are too: a stored memory can go wherever a memory can. */
const BASES = ['Memory', 'Key', 'NamespaceKey']

/** Choices that have a name of their own. */
const NAMED_CHOICES: Record<string, string> = { 'read write read_write': 'Access' }

export function modelsOf(schemas: Schemas): string {
  const choices = new Map<string, string>()
  const inline: string[] = []
  const isResult = (name: string) => !name.endsWith('Request') && !['NewMemory', 'MemoryFilter', 'Weights'].includes(name)

  function typeOf(schema: Schema, place: string): string {
    if (schema.$ref) return refOf(schema)
    if (schema.const !== undefined) return `Literal[${literal(schema.const)}]`
    if (schema.enum) return choice(schema.enum, place)
    if (schema.anyOf?.some(({ format }) => format === 'date')) return 'Instant'
    if (schema.anyOf) return union(schema.anyOf.map((inner) => typeOf(inner, place)))
    if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type }, place)))
    if (schema.type === 'array') return `${place === '' ? 'Sequence' : 'list'}[${typeOf(schema.items ?? {}, place)}]`
    if (schema.properties) return nested(schema, place)
    if (schema.type === 'object') return `${place === '' ? 'Mapping' : 'dict'}[str, ${typeof schema.additionalProperties === 'object' ? typeOf(schema.additionalProperties, place) : 'Any'}]`
    return { string: 'str', integer: 'int', number: 'float', boolean: 'bool', null: 'None' }[schema.type ?? ''] ?? 'Any'
  }

  /** An object without a name of its own gets one from where it stands. */
  function nested(schema: Schema, place: string): string {
    const parent = Object.keys(schemas).find((name) => place.startsWith(name))
    if (!inline.some((text) => text.startsWith(`class ${place}(`))) inline.push(result(place, schema, `A part of \`${parent}\`.`))
    return place
  }

  function choice(values: unknown[], place: string): string {
    const text = `Literal[${values.map(literal).join(', ')}]`
    const name = NAMED_CHOICES[values.join(' ')] ?? (values.includes('english') ? 'Language' : undefined)
    if (name) choices.set(name, values.length > 8 ? `Literal[\n${values.map((value) => `    ${literal(value)},\n`).join('')}]` : text)
    return name ?? (place === '' ? text : 'str') // a reply of tomorrow may say a word that is not known today
  }

  function result(name: string, schema: Schema, doc: string): string {
    const fields = Object.entries(schema.properties ?? {})
    const required = new Set(schema.required)
    const optional = fields.filter(([field]) => !required.has(field)).map(([field]) => field)
    const makers = fields.flatMap(([field, inner]) => maker(field, inner, name + pascal(field)))
    const secrets = fields.filter(([, { format }]) => format === 'password').map(([field]) => field)
    const facts = [
      ...(makers.length > 0 ? [`    _nested = {${makers.join(', ')}}`] : []),
      ...(optional.length > 0 ? [setOf('_optional', optional)] : []),
      ...(secrets.length > 0 ? [setOf('_secret', secrets)] : []),
    ]
    const base = BASES.find((one) => one !== name && Object.keys(schemas[one]?.properties ?? {}).every((field) => schema.properties?.[field]))
    const members = fields
      .filter(([field]) => !base || !schemas[base]?.properties?.[field])
      .map(([field, inner]) => member(field, inner, typeOf(inner, name + pascal(field)), !required.has(field)))
    const moments = fields
      .filter(([field, inner]) => (!base || !schemas[base]?.properties?.[field]) && /(_at|_from|_used)$/.test(field) && /^int( |$)/.test(typeOf(inner, name)))
      .map(([field, inner]) => datetime(field, typeOf(inner, name).includes('None') || !required.has(field)))
    return `class ${name}(${base ?? 'Result'}):\n    """${doc}"""\n\n    __slots__ = ()\n${facts.map((fact) => `${fact}\n`).join('')}\n${members.join('')}${moments.join('')}`
  }

  /** How the runtime makes results of what stands inside a result. */
  function maker(field: string, schema: Schema, place: string): string[] {
    const made = (kind: string, inner: Schema) => {
      const type = inner.properties || inner.$ref ? typeOf(inner, place) : ''
      return type && type !== 'Weights' ? [`${literal(field)}: ${kind}(${type})`] : []
    }
    if (schema.type === 'array') return made('many', schema.items ?? {})
    if (typeof schema.additionalProperties === 'object') return made('named', schema.additionalProperties)
    return made('one', schema)
  }

  /** Arguments have no place: no type is made for what stands inside them. */
  const argument = ([name, schema]: [string, Schema]) => member(name, schema, union([typeOf(schema, ''), 'None']), false)
  const without = (schema: Schema, names: string[]) => Object.entries(schema.properties ?? {}).filter(([name]) => !names.includes(name))
  const keywords = Object.entries(KEYWORDS).map(
    ([name, { doc, of, without: names }]) =>
      `class ${name}(RequestOptions, total=False):\n    """${doc}"""\n\n${without(schemas[of] ?? {}, names).map(argument).join('')}`,
  )
  const weights = `class Weights(TypedDict, total=False):\n    """What counts how much in recall."""\n\n${without(schemas['Weights'] ?? {}, [])
    .map(([name, schema]) => member(name, schema, typeOf(schema, ''), false))
    .join('')}`
  const newMemory = `class _Content(TypedDict):\n    content: str\n\n\nclass NewMemory(_Content, total=False):\n    """One memory of a batch. Only its content is required."""\n\n${without(schemas['NewMemory'] ?? {}, ['content']).map(argument).join('')}`

  const results = Object.entries(schemas)
    .filter(([name]) => isResult(name) && !TAKEN_APART.test(name))
    .map(([name, schema]) => result(name, schema, schema.description ?? `The contract's \`${name}\`.`))
  const merged = Object.entries(MERGED).map(([name, { doc, of, without: dropped }]) => {
    const [first, second] = of.map((one) => schemas[one] ?? {}) as [Schema, Schema]
    const properties = Object.fromEntries(Object.entries({ ...first.properties, ...second.properties }).filter(([field]) => field !== dropped))
    return result(name, { properties, required: [...(first.required ?? []), ...(second.required ?? [])] }, doc)
  })
  const listed = schemas['NamespaceSummary'] ?? {}
  const listedNamespace = result(
    'ListedNamespace',
    {
      properties: { ...listed.properties, namespace: { type: 'string', description: 'The same as `name`, as single namespaces call it.' } },
      required: [...(listed.required ?? []), 'namespace'],
    },
    'A namespace in a list.',
  )
  const codes = (schemas['Error']?.properties?.['code']?.enum ?? []).map((code) => `    ${literal(code)},\n`).join('')

  const classes = inDependencyOrder([...inline, ...results, ...merged, listedNamespace])
  const aliases = [...choices].map(([name, text]) => `${name}: TypeAlias = ${text}\n`).join('')
  return `# @generated from packages/protocol/openapi.json by scripts/generate.ts; do not edit.
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeAlias, TypedDict

from ._options import RequestOptions
from ._result import Result, many, moment, named, one

Instant: TypeAlias = float | str | date
"""A moment in a request: unix seconds, ISO-8601 (UTC unless it says otherwise), or a datetime (local if naive)."""

ErrorCode: TypeAlias = Literal[
${codes}]
"""Every code an error of the API can have. A code never changes its meaning."""

${aliases}

${[weights, newMemory, ...keywords, ...classes].join('\n\n')}`
}

function refOf({ $ref = '' }: Schema): string {
  return $ref.slice($ref.lastIndexOf('/') + 1)
}

function member(name: string, schema: Schema, type: string, isOptional: boolean): string {
  const inner = schema.anyOf?.find(({ description }) => description)
  const text = [schema.description ?? inner?.description, schema.default !== undefined && `Default ${literal(schema.default)}.`].filter(Boolean).join(' ')
  return `    ${name}: ${isOptional ? union([type, 'None']) : type}\n${text && docstring(text)}`
}

/** A moment of a reply as Python has them. */
const datetime = (field: string, isOptional: boolean) => `
    @property
    def ${field}_datetime(self) -> datetime${isOptional ? ' | None' : ''}:
        """\`${field}\` as a datetime in UTC."""
        return moment(self.${field})
`

/** A set of names: in one line of at most 120 characters, or each in its own. */
function setOf(name: string, members: string[]): string {
  const line = `    ${name} = frozenset({${members.map(literal).join(', ')}})`
  if (line.length <= 120) return line
  return `    ${name} = frozenset(\n        {\n${members.map((member) => `            ${literal(member)},\n`).join('')}        }\n    )`
}

/** A line of at most 120 characters, or several. */
function docstring(text: string): string {
  const safe = text.replaceAll('\\', '\\\\')
  const quoted = safe.endsWith('"') ? `${safe} ` : safe
  if (quoted.length <= 110) return `    """${quoted}"""\n`
  const lines: string[] = []
  for (const word of quoted.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < 112) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return `    """${lines.join('\n    ')}\n    """\n`
}

/** A class must stand before those whose `_nested` names it. */
function inDependencyOrder(classes: string[]): string[] {
  const byName = new Map(classes.map((text) => [/^class (\w+)/.exec(text)?.[1] ?? '', text]))
  const ordered: string[] = []
  const visit = (text: string) => {
    if (ordered.includes(text)) return
    const needed = (text.match(/^class.*|_nested = .*/gm) ?? []).flatMap((line) => [...line.matchAll(/\((\w+)\)/g)])
    for (const [, name = ''] of needed) visit(byName.get(name) ?? '')
    if (text) ordered.push(text)
  }
  classes.forEach(visit)
  return ordered
}

const union = (types: string[]) => [...new Set(types.flatMap((type) => type.split(/ \| (?![^[]*\])/)))].sort((a, b) => Number(a === 'None') - Number(b === 'None')).join(' | ')
const pascal = (name: string) => name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
const literal = (value: unknown): string => (value === true ? 'True' : value === false ? 'False' : value === null ? 'None' : JSON.stringify(value))
