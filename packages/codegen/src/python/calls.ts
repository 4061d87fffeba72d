import { isByHand } from '../by-hand.ts'
import { methods, type Operation } from '../contract.ts'
import { snake } from '../text.ts'
import { bracketed } from './layout.ts'

/** tests/printed_calls.py: how each printed operation is called with the arguments of a case. */
export function calls(): string {
  const lines = methods.filter((operation) => !isByHand(operation)).map((operation) => `${callOf(operation)}\n`)
  return `"""How each printed operation is written in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _fields(value: dict[str, Any] | None) -> dict[str, Any]:
    """The namespace is called agent_id, as on the wire."""
    return {"agent_id" if name == "namespace" else name: field for name, field in (value or {}).items()}


PRINTED_CALLS: dict[str, Callable[..., Any]] = {
${lines.join('')}}
`
}

function callOf({ id, resource, name, flat, arguments: args, body, options, isInNamespace }: Operation): string {
  const apart = (body?.apart ?? []).map((field) => (field.name === 'agent_id' ? 'namespace' : field.name))
  const passed = [
    ...[...args.map(({ word }) => word), ...apart].map((word) => `a["${word}"]`),
    ...(isInNamespace ? ['agent_id=a.get("namespace")'] : []),
    ...(body && body.rest.length > 0 ? [`**_fields(a.get("${body.word}"))`] : []),
    ...(options.length > 0 ? [args.length > 0 ? '**_fields(a.get("options"))' : '**_fields(a)'] : []),
  ]
  const method = flat ? snake(flat) : `${snake(resource)}.${snake(name)}`
  return bracketed(`"${id}": lambda c, a: c.${method}(`, passed, '),', '    ')
}
