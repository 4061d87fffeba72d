"""What a model sends."""

from __future__ import annotations

import math
from typing import Any, TypedDict

from .._result import is_array, is_object
from ._table import PROBLEMS


class InputSchema(TypedDict):
    """A flat JSON Schema."""

    type: str
    properties: dict[str, dict[str, Any]]
    required: list[str]


class Problem(Exception):
    """What is wrong with the arguments of a model, as a sentence about them."""


def read_arguments(schema: InputSchema, given: object) -> dict[str, Any]:
    """Read what a model sent.

    It may send null for nothing, numbers as text and a word in place of a list, and it invents arguments, which are
    left out.
    """
    sent: dict[str, Any] = given if is_object(given) else {}
    read: dict[str, Any] = {}
    for name, argument in schema["properties"].items():
        value = sent.get(name)
        if value is not None and value != "":
            read[name] = _READ.get(argument["type"], _number)(name, argument, value)
        elif name in schema["required"]:
            raise Problem(PROBLEMS["missing"].format(name=name))
    return read


def _text(name: str, schema: dict[str, Any], value: object) -> str:
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, (int, float)):
        value = str(value)
    if not isinstance(value, str):
        raise Problem(PROBLEMS["text"].format(name=name))
    longest = schema.get("maxLength")
    if longest is not None and len(value) > longest:
        raise Problem(PROBLEMS["long"].format(name=name, max=longest))
    return value


def _number(name: str, schema: dict[str, Any], value: object) -> float:
    least, most = schema.get("minimum", 0), schema["maximum"]
    try:
        number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isnan(number):
        # A count that is too high has an obvious meaning; a number does not.
        if schema["type"] == "integer":
            return int(min(most, max(least, number)))
        if least <= number <= most and number != schema.get("exclusiveMinimum"):
            return number
    raise Problem(PROBLEMS["number"].format(name=name, min=least, max=most))


def _list(name: str, schema: dict[str, Any], value: object) -> list[str]:
    values = [value] if isinstance(value, str) else value
    if not is_array(values):
        raise Problem(PROBLEMS["list"].format(name=name))
    if len(values) > schema["maxItems"]:
        raise Problem(PROBLEMS["many"].format(name=name, max=schema["maxItems"]))
    return [_text(name, schema["items"], item) for item in values]


_READ = {"string": _text, "array": _list}
