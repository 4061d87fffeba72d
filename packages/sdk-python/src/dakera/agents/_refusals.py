"""What a model reads in place of an exception."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from .._errors import DakeraError
from .._result import is_array, is_object
from ._arguments import Problem
from ._table import PROBLEMS, REFUSAL_OF, REFUSALS


@dataclass(frozen=True)
class Answer:
    """What a tool answers its model."""

    text: str
    """For the model."""
    is_refused: bool = False
    """The tool did not do what it was asked for; the text says so."""
    code: str | None = None
    """Of the error behind a refusal, for logs."""


def refusal_of(error: Exception, act: str, arguments: Collection[str]) -> Answer:
    """A sentence. The text of the exception would name ids of requests and namespaces."""
    if isinstance(error, Problem):
        return refuse(REFUSALS["invalid"].format(problem=error), "INVALID_REQUEST")
    code = error.code if isinstance(error, DakeraError) else "UNKNOWN"
    wait = getattr(error, "retry_after", None)
    if wait:
        return refuse(REFUSALS["busy"].format(seconds=math.ceil(wait)), code)
    refusal = REFUSAL_OF.get(code, "unreachable")
    if refusal == "denied":
        return denied(act, code)
    if refusal != "invalid":
        return refuse(REFUSALS[refusal], code)
    return refuse(REFUSALS["invalid"].format(problem=_problem_of(error, arguments)), code)


def denied(act: str, code: str = "NAMESPACE_ACCESS_DENIED") -> Answer:
    """What is refused whatever else is said; `act` is `read` or `write`."""
    return refuse(REFUSALS[act].format(code=code), code)


def refuse(text: str, code: str) -> Answer:
    """A refusal."""
    return Answer(text, is_refused=True, code=code)


def _problem_of(error: Exception, arguments: Collection[str]) -> str:
    """What the server says of an argument; of anything else the model knows nothing."""
    issues: object = getattr(error, "issues", None)
    for issue in issues if is_array(issues) else []:
        if is_object(issue) and issue.get("path") in arguments:
            return f"{issue['path']} {issue.get('message')}"
    return PROBLEMS["other"]
