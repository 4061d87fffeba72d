import { ERRORS } from '@dakera-ai/protocol'
import { type Field, type Model, modelNameOf, modelOf, models, type Type } from '../contract.ts'
import { docstring } from './docstring.ts'
import { keywordTypes } from './methods.ts'
import { literal, literals, namedWords, typeOf, union } from './names.ts'

/**
 * Replies that the client's methods take apart; the types that they return instead are in `MERGED` and in the page
 * types.
 */
const TAKEN_APART =
  /^((List\w+|SessionMemories|StartSession|EndSession|Recall|StoreMemory)Response|RecalledMemory|Error|Issue)$/

/** Results that contain the fields of two models. */
const MERGED: Record<string, { doc: string; of: [string, string]; without?: string }> = {
  StoredMemory: {
    doc: 'A stored memory: its fields at top level, and again under `memory`.',
    of: ['Memory', 'StoreMemoryResponse'],
  },
  FoundMemory: {
    doc: 'A memory as recall and search return it: its own fields, and how well it matches the query.',
    of: ['Memory', 'RecalledMemory'],
    without: 'memory',
  },
}

/**
 * Keyword arguments of the methods that take many: the request they are from, without the fields that the method names.
 */
const KEYWORDS: Record<string, { doc: string; of: string; without: string[] }> = {
  StoreOptions: {
    doc: 'Further fields of a memory that is stored.',
    of: 'NewMemory',
    without: ['content', 'memory_type', 'importance', 'metadata', 'session_id', 'tags', 'ttl_seconds', 'expires_at'],
  },
  RecallOptions: {
    doc: 'Options of recall.',
    of: 'RecallRequest',
    without: ['agent_id', 'namespaces', 'query', 'top_k'],
  },
  SearchOptions: {
    doc: 'Options of search.',
    of: 'SearchRequest',
    without: ['agent_id', 'namespaces', 'query', 'top_k'],
  },
  FilterOptions: { doc: 'Conditions on memories: a memory must match all of them.', of: 'MemoryFilter', without: [] },
}

/** Base classes of other results: a stored memory can be used wherever a memory can. */
const BASES = ['Memory', 'Key', 'NamespaceKey']

/** src/dakera/_models.py, as ruff formats it. */
export function pythonModels(): string {
  const results = models.filter(({ name, isInput }) => !isInput && !TAKEN_APART.test(name))
  const classes = inDependencyOrder([...results, ...Object.entries(MERGED).map(merged)]).map(resultClass)
  const options = [...Object.entries(KEYWORDS).map(keywords), ...keywordTypes().map(settings)]
  const codes = Object.keys(ERRORS).map((code) => `    ${literal(code)},\n`)
  return `from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeAlias, TypedDict

from ._options import RequestOptions
from ._result import Result, many, moment, named, one

Instant: TypeAlias = float | str | date
"""A moment in a request: unix seconds, ISO-8601 (UTC unless it says otherwise), or a datetime (local if naive)."""

ErrorCode: TypeAlias = Literal[
${codes.join('')}]
"""Every code an error of the API can have. A code never changes its meaning."""

${namedWords().map(wordAlias).join('')}

${[weights(), newMemory(), ...options, ...classes].join('\n\n')}`
}

function wordAlias([name, { words }]: [string, { words: string[] }]): string {
  const own = words.filter((word) => word !== 'none')
  const lines = own.map((word) => `    ${literal(word)},\n`).join('')
  return `${name}: TypeAlias = ${own.length > 8 ? `Literal[\n${lines}]` : literals(own)}\n`
}

// ── Arguments ──

const member = (field: Field, type: string) => `    ${field.name}: ${type}\n${sentences(field)}`
const argument = (field: Field) => member(field, union([typeOf(field.type, false), 'None']))

function sentences({ doc, default: value }: Field): string {
  const text = [doc, value !== undefined && `Default ${literal(value)}.`].filter(Boolean).join(' ')
  return text && docstring(text, '    ')
}

const keywords = ([name, { doc, of, without }]: [string, (typeof KEYWORDS)[string]]) =>
  `class ${name}(RequestOptions, total=False):\n    """${doc}"""\n\n${fieldsOf(of, without).map(argument).join('')}`

const settings = ({ name, doc, fields }: ReturnType<typeof keywordTypes>[number]) =>
  `class ${name}(RequestOptions, total=False):\n    """${doc}"""\n\n${fields.map(argument).join('')}`

const fieldsOf = (model: string, without: string[]) =>
  modelOf(model).fields.filter(({ name }) => !without.includes(name))

function weights(): string {
  const members = fieldsOf('Weights', []).map((field) => member(field, typeOf(field.type, false)))
  const head = 'class Weights(TypedDict, total=False):'
  return `${head}\n    """The weights of the ranking in recall."""\n\n${members.join('')}`
}

const newMemory = () => `class _Content(TypedDict):
    content: str


class NewMemory(_Content, total=False):
    """One memory of a batch. Only its content is required."""

${fieldsOf('NewMemory', ['content']).map(argument).join('')}`

// ── Results ──

function merged([name, { doc, of, without }]: [string, (typeof MERGED)[string]]): Model {
  const fields = of.flatMap((one) => modelOf(one).fields).filter((field) => field.name !== without)
  return { name, doc, fields, isInput: false }
}

function resultClass({ name, doc, fields }: Model): string {
  const makers = fields.flatMap(maker)
  const optional = fields.filter(({ isRequired }) => !isRequired).map((field) => field.name)
  const secrets = fields.filter(({ isSecret }) => isSecret).map((field) => field.name)
  const copies = fields.flatMap((field) => (field.also ? [`${literal(field.also)}: ${literal(field.name)}`] : []))
  const facts = [
    ...(copies.length > 0 ? [`    _also = {${copies.join(', ')}}`] : []),
    ...(makers.length > 0 ? [`    _nested = {${makers.join(', ')}}`] : []),
    ...(optional.length > 0 ? [setOf('_optional', optional)] : []),
    ...(secrets.length > 0 ? [setOf('_secret', secrets)] : []),
  ]
  const base = baseOf(name, fields)
  const own = fields.filter((field) => !base?.fields.some((inherited) => inherited.name === field.name))
  return `class ${name}(${base?.name ?? 'Result'}):
    """${doc ?? `The contract's \`${name}\`.`}"""

    __slots__ = ()
${facts.map((fact) => `${fact}\n`).join('')}
${[...own, ...own.flatMap(also)].map((field) => member(field, resultType(field))).join('')}${own
  .filter(({ isTime }) => isTime)
  .map(datetime)
  .join('')}`
}

const resultType = ({ type, isNullable, isRequired }: Field) =>
  union([typeOf(type, true), ...(isNullable || !isRequired ? ['None'] : [])])

const also = (field: Field): Field[] =>
  field.also
    ? [{ ...field, name: field.also, doc: `The same as \`${field.name}\`, by its name in a single namespace.` }]
    : []

function baseOf(name: string, fields: Field[]): Model | undefined {
  const names = new Set(fields.map((field) => field.name))
  const found = BASES.find((base) => base !== name && modelOf(base).fields.every((field) => names.has(field.name)))
  return found === undefined ? undefined : modelOf(found)
}

/**
 * Returns how the runtime makes results of the objects inside a result. Weights stay a plain dict, which can be sent
 * again.
 */
function maker({ name, type }: Field): string[] {
  const model = modelNameOf(type)
  const kinds: Partial<Record<Type['kind'], string>> = { list: 'many', map: 'named', model: 'one' }
  return model && model !== 'Weights' ? [`${literal(name)}: ${kinds[type.kind]}(${model})`] : []
}

/** Returns the property that returns a time of a reply as a datetime. */
const datetime = ({ name, isNullable, isRequired }: Field) => `
    @property
    def ${name}_datetime(self) -> datetime${isNullable || !isRequired ? ' | None' : ''}:
        """\`${name}\` as a datetime in UTC."""
        return moment(self.${name})
`

/** Returns a set of names: on one line of at most 120 characters, or each on its own. */
function setOf(name: string, members: string[]): string {
  const line = `    ${name} = frozenset({${members.map(literal).join(', ')}})`
  if (line.length <= 120) return line
  const lines = members.map((member) => `            ${literal(member)},\n`).join('')
  return `    ${name} = frozenset(\n        {\n${lines}        }\n    )`
}

/** Sorts classes, because a class must be defined before those that name it. */
function inDependencyOrder(all: Model[]): Model[] {
  const ordered: Model[] = []
  const visit = (model: Model) => {
    if (ordered.includes(model)) return
    const base = baseOf(model.name, model.fields)?.name
    const needed = [base, ...model.fields.map(({ type }) => modelNameOf(type))]
    for (const name of needed) all.filter((one) => one.name === name && one !== model).forEach(visit)
    ordered.push(model)
  }
  all.forEach(visit)
  return ordered
}
