"""What memories look like to a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone

from .._models import Memory
from ._table import ANSWER_LENGTH, ANSWERS, TASK_TAGS

_BREAK = re.compile("\r\n|[\n\r\u2028\u2029]")


def memories_text(memories: Sequence[Memory]) -> str:
    """The memories that fit into one answer, and how many were left out."""
    if not memories:
        return ANSWERS["none"]
    return _lines(memories, lambda memory: (memory.namespace, memory.author or ""), len(memories))


def tasks_text(memories: Iterable[Memory], limit: int) -> str:
    """The tasks among the memories of the coordinator, newest first, each with its newest status."""
    statuses: dict[str, str] = {}
    tasks: list[Memory] = []
    for memory in memories:
        status = _tagged(memory, TASK_TAGS["status"])
        if status is not None:
            statuses.setdefault(_tagged(memory, TASK_TAGS["id"]) or memory.id, status)
        if TASK_TAGS["task"] in memory.tags:
            tasks.append(memory)

    def about(task: Memory) -> tuple[str, str]:
        status = statuses.get(_tagged(task, TASK_TAGS["id"]) or task.id, "")
        return status, _tagged(task, TASK_TAGS["to"]) or ""

    return _lines(tasks[:limit], about, len(tasks)) if tasks else ANSWERS["noTasks"]


def _tagged(memory: Memory, prefix: str) -> str | None:
    return next((tag[len(prefix) :] for tag in memory.tags if tag.startswith(prefix) and tag != prefix), None)


def _lines(memories: Sequence[Memory], about: Callable[[Memory], tuple[str, str]], total: int) -> str:
    lines: list[str] = []
    for memory in memories:
        first, second = about(memory)
        day = datetime.fromtimestamp(memory.created_at, timezone.utc).strftime("%Y-%m-%d")
        line = " · ".join(part for part in (f"[{memory.id}] {first}".rstrip(), second, day, memory.content) if part)
        # Whatever is in it, no further line looks like the head of another memory.
        lines.append(_BREAK.sub("\n  ", line))
    return fitting(lines, total)


def fitting(lines: Sequence[str], total: int | None = None) -> str:
    """The lines that fit into one answer, and how many were left out."""
    shown: list[str] = []
    length = 0
    for line in lines:
        length += len(line)
        if shown and length > ANSWER_LENGTH:
            break
        shown.append(line)
    count = (len(lines) if total is None else total) - len(shown)
    return "\n".join([*shown, *([ANSWERS["more"].format(count=count)] if count > 0 else [])])
