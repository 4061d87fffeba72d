import { wrap } from '../text.ts'
import { agentTables } from '../tools.ts'

/** agents/_table.py: the tools of agents and all their texts. */
export function agentTable(): string {
  const constants = agentTables.map(
    ([name, doc, value]) => `${name}: Final[${typeOf(value)}] = ${literal(value, '')}\n"""${doc}"""\n`,
  )
  return `"""The tools of agents and all their texts."""

from __future__ import annotations

from typing import Any, Final

${constants.join('\n')}`
}

function typeOf(value: unknown): string {
  if (typeof value === 'string') return 'str'
  if (typeof value === 'number') return 'int'
  if (typeof value !== 'object' || value === null) return 'Any'
  if (Array.isArray(value)) return `list[${typeOf(value[0] ?? null)}]`
  const values = Object.values(value)
  if (values.every((one) => typeof one === 'string')) return 'dict[str, str]'
  if (values.every((one) => typeof one === 'number')) return 'dict[str, float]'
  return `dict[str, ${new Set(values.map(typeOf)).size === 1 ? typeOf(values[0]) : 'Any'}]`
}

/** A value as ruff lays it out: one element a line, and a text that does not fit behind its name in pieces. */
function literal(value: unknown, indent: string, head = ''): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return text(value, indent, head)
  if (typeof value !== 'object') return JSON.stringify(value)
  const inner = `${indent}    `
  const isList = Array.isArray(value)
  const lines = Object.entries(value).map(([name, one]) => {
    const head = isList ? inner : `${inner}${quoted(name)}: `
    return `${head}${literal(one, inner, head)},\n`
  })
  const [open, close] = isList ? '[]' : '{}'
  return lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join('')}${indent}${close}`
}

const WIDTH = 120

function text(value: string, indent: string, head: string): string {
  if (head.length + quoted(value).length < WIDTH) return quoted(value)
  const inner = `${indent}    `
  const lines = inner.length + quoted(value).length <= WIDTH ? [value] : wrap(value, '', 88).split('\n')
  const pieces = lines.map((line, i) => `${inner}${quoted(i < lines.length - 1 ? `${line} ` : line)}\n`)
  return `(\n${pieces.join('')}${indent})`
}

/** Ruff prefers the quotes that need fewer escapes. */
const quoted = (value: string) => (value.includes('"') && !value.includes("'") ? `'${value}'` : JSON.stringify(value))
