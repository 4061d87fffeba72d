"""The tools of one agent."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._errors import AuthorizationError
from .._sync.client import DakeraClient
from ._arguments import InputSchema, read_arguments
from ._refusals import Answer, denied, refusal_of, refuse
from ._table import ANSWERS, HITS, IMPORTANCE, MOST_READ, REFUSALS, TASK_TAGS, TOOLS
from ._texts import fitting, memories_text, tasks_text


class SharedKeyWarning(UserWarning):
    """Two agents of one process have the same key: the server cannot keep them apart."""


@dataclass(frozen=True)
class AgentTool:
    """A tool of one agent, ready to be given to a framework. Many threads may call it at once."""

    name: str
    title: str
    description: str
    """For the model."""
    input_schema: InputSchema
    """A flat JSON Schema."""
    is_read_only: bool
    is_destructive: bool
    is_idempotent: bool
    _do: Callable[[dict[str, Any]], Answer] = field(repr=False)

    def run(self, arguments: object = None) -> Answer:
        """Do it. Never raises: a refusal is a sentence for the model."""
        try:
            return self._do(read_arguments(self.input_schema, arguments))
        except Exception as error:  # a tool that raises ends the run of most frameworks
            return refusal_of(error, _act(self.name), self.input_schema["properties"])

    def __call__(self, **arguments: object) -> str:
        """Do it and return the text for the model."""
        return self.run(arguments).text


def agent_tools(
    client: DakeraClient,
    *,
    read: str | Sequence[str] = (),
    note: str | None = None,
    publish: str | Sequence[str] = (),
    tasks: str | None = None,
    source: str | None = None,
    importance: float = IMPORTANCE["publish"],
    tags: Sequence[str] = (),
    offers_details: bool = False,
) -> list[AgentTool]:
    """The tools that an agent with these bounds has.

    A model chooses words; it never chooses a namespace beyond these. Warns when another agent of this process has the
    same key.

    Args:
        client: The agent's own, with its own key.
        read: Where `recall` and `search_memory` look.
        note: Where `note` stores: a namespace of this agent alone.
        publish: Where `publish` stores.
        tasks: Where `list_tasks` looks: the namespace of the coordinator.
        source: The `source` in the metadata of what is published.
        importance: Of what is published.
        tags: Of what is published.
        offers_details: Lets the model say `source`, `importance`, `tags` and `ttl_hours`.

    """
    _warn_of_shared_key(client, note, source)
    bound = _Bound(client, _list(read), note, _list(publish), tasks, source, importance, [*tags], offers_details)
    return [_build(name, bound) for name in TOOLS if bound.offers(name)]


class _Bound:
    """What the tools of one agent share."""

    def __init__(
        self,
        client: DakeraClient,
        read: list[str],
        note: str | None,
        publish: list[str],
        tasks: str | None,
        source: str | None,
        importance: float,
        tags: list[str],
        offers_details: bool,
    ) -> None:
        self.client = client
        self.read = read
        self.note = note
        self.publish = publish
        self.tasks = tasks
        self.source = source
        self.importance = importance
        self.tags = tags
        self.offers_details = offers_details
        self._author: str | None = None

    @property
    def author(self) -> str:
        """The name of the agent's key."""
        if self._author is None:
            self._author = self.client.keys.whoami().name
        return self._author

    def offers(self, name: str) -> bool:
        return {
            "read": bool(self.read),
            "note": self.note is not None,
            "publish": bool(self.publish),
            "write": self.note is not None or bool(self.publish),
            "tasks": self.tasks is not None,
            "nothing": True,
        }[TOOLS[name]["needs"]]


def _build(name: str, bound: _Bound) -> AgentTool:
    tool = TOOLS[name]
    do = _DO[name]
    return AgentTool(
        name=name,
        title=tool["title"],
        description=tool["description"],
        input_schema=_schema(tool, bound),
        is_read_only=tool["isReadOnly"],
        is_destructive=tool["isDestructive"],
        is_idempotent=tool["isIdempotent"],
        _do=lambda arguments: do(bound, arguments),
    )


def _act(name: str) -> str:
    return "read" if TOOLS[name]["isReadOnly"] else "write"


def _schema(tool: dict[str, Any], bound: _Bound) -> InputSchema:
    """The arguments that are not bound."""
    place = tool["place"]
    places = bound.read if place == "in" else bound.publish
    shown: dict[str, dict[str, Any]] = {}
    for argument, schema in tool["properties"].items():
        if argument != place:
            if bound.offers_details or argument not in tool["details"]:
                shown[argument] = schema
        elif len(places) > MOST_READ:
            shown[argument] = schema
        elif len(places) > 1:
            shown[argument] = {**schema, "enum": [*places]}
    needed = {*tool["required"], *(["in"] if len(places) > MOST_READ else [])}
    return {"type": "object", "properties": shown, "required": [name for name in shown if name in needed]}


def _recall(bound: _Bound, arguments: dict[str, Any]) -> Answer:
    where = _within(bound.read, arguments.get("in"))
    if not where:
        return denied("read")
    return Answer(memories_text(bound.client.memories.recall(where, arguments["query"], arguments.get("limit", HITS))))


def _search(bound: _Bound, arguments: dict[str, Any]) -> Answer:
    where = _within(bound.read, arguments.get("in"))
    if not where:
        return denied("read")
    query, limit = arguments["query"], arguments.get("limit", HITS)
    return Answer(memories_text(bound.client.memories.search(where, query, limit, mode="exact")))


def _note(bound: _Bound, arguments: dict[str, Any]) -> Answer:
    hours = arguments.get("ttl_hours")
    memory = bound.client.memories.store(
        bound.note or "",
        arguments["content"],
        importance=IMPORTANCE["note"],
        ttl_seconds=None if hours is None else hours * 3600,
    )
    return Answer(ANSWERS["noted"].format(id=memory.id))


def _publish(bound: _Bound, arguments: dict[str, Any]) -> Answer:
    where = _within(bound.publish, arguments.get("to"))
    if not where:
        return denied("write")
    source = arguments.get("source", bound.source)
    memory = bound.client.memories.store(
        where[0],
        arguments["content"],
        importance=arguments.get("importance", bound.importance),
        tags=[*bound.tags, *arguments.get("tags", [])],
        metadata=None if source is None else {"source": source},
    )
    return Answer(ANSWERS["published"].format(namespace=where[0], id=memory.id))


def _forget(bound: _Bound, arguments: dict[str, Any]) -> Answer:
    for place in dict.fromkeys([*_list(bound.note), *bound.publish]):
        if _forget_in(place, arguments["id"], bound):
            return Answer(ANSWERS["forgotten"])
    return refuse(REFUSALS["absent"], "NOT_FOUND")


def _forget_in(place: str, memory_id: str, bound: _Bound) -> bool:
    try:
        return bound.client.memories.forget(place, memory_id, author=bound.author).deleted_count > 0
    except AuthorizationError as error:
        if error.code == "INSUFFICIENT_SCOPE":  # where an agent may only add, it forgets nothing
            return False
        raise


def _list_namespaces(bound: _Bound, _: dict[str, Any]) -> Answer:
    roles = {"read": bound.read, "note": _list(bound.note), "publish": bound.publish, "tasks": _list(bound.tasks)}
    names = dict.fromkeys(name for places in roles.values() for name in places)
    if not names:
        return Answer(ANSWERS["noNamespaces"])
    counts = {one.name: one.memory_count for one in bound.client.namespaces.list().all()}
    lines: list[str] = []
    for name in names:
        mine = ", ".join(role for role, places in roles.items() if name in places)
        count = counts.get(name)
        lines.append(f"{name}: {mine}" if count is None else f"{name}: {mine} · memories: {count}")
    return Answer(fitting(lines))


def _list_tasks(bound: _Bound, arguments: dict[str, Any]) -> Answer:
    page = bound.client.memories.list(bound.tasks or "", tags_any=[TASK_TAGS["task"], TASK_TAGS["update"]], limit=200)
    return Answer(tasks_text(page, arguments.get("limit", HITS)))


_DO: dict[str, Callable[[_Bound, dict[str, Any]], Answer]] = {
    "recall": _recall,
    "search_memory": _search,
    "note": _note,
    "publish": _publish,
    "forget": _forget,
    "list_namespaces": _list_namespaces,
    "list_tasks": _list_tasks,
}


def _within(bound: list[str], chosen: str | None) -> list[str]:
    """The bound namespaces, or of them the one that the model chose."""
    return bound if chosen is None else [name for name in bound if name == chosen]


def _list(names: str | Sequence[str] | None) -> list[str]:
    if names is None:
        return []
    return [names] if isinstance(names, str) else [*dict.fromkeys(names)]


_bound_to: dict[str, tuple[str | None, str | None]] = {}
"""What each key of this process is bound to."""
_lock = threading.Lock()


def _warn_of_shared_key(client: DakeraClient, note: str | None, source: str | None) -> None:
    key = client._transport._options.api_key  # pyright: ignore[reportPrivateUsage]
    if key is None:
        return
    with _lock:
        other = _bound_to.get(key)
        _bound_to[key] = (note, source)
    if other is not None and other != (note, source):
        warnings.warn(
            "Two agents of this process have the same API key. Give each agent a key of its own: only keys keep what "
            "they know apart.",
            SharedKeyWarning,
            stacklevel=3,
        )
