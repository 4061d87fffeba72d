# @generated from _async/resources/agents.py by scripts/generate.ts; do not edit.
"""Who is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._models import Agent, AgentStats, Memory
from ..._options import RequestOptions, Unpack
from ..._pages import Listing, Page, Place, Plan
from ..._request import Call, given, path
from ..._result import is_array
from ..transport import Transport


class Agents:
    """Namespaces as the places of agents: who is there, and what is in them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, **options: Unpack[RequestOptions]) -> Page[Agent]:
        """List the namespaces this key can read, with counts of memories and sessions."""
        call = Call("agents.list", "GET", "/v1/agents", _agents, options=options)
        return self._transport.request(call)

    def stats(self, agent_id: str, **options: Unpack[RequestOptions]) -> AgentStats:
        """Return statistics of one namespace."""
        call = Call("agents.stats", "GET", path("/v1/agents", agent_id, "stats"), AgentStats, options=options)
        return self._transport.request(call)

    def memories(
        self,
        agent_id: str,
        *,
        memory_type: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> Listing[Memory]:
        """List the memories of one namespace, newest first. A page has 100 unless `limit` is said."""
        url = path("/v1/agents", agent_id, "memories")

        def call(place: Place) -> Call[Page[Memory]]:
            query = given(memory_type=memory_type, limit=limit, offset=place)
            return Call("agents.memories", "GET", url, _memories, query=query, options=options)

        return self._transport.list(Plan(call, offset, by_offset=True))


def _agents(reply: Any) -> Page[Agent]:
    return Page([Agent(agent) for agent in _array(reply)])


def _memories(reply: Any) -> Page[Memory]:
    return Page([Memory(memory) for memory in _array(reply)])


def _array(reply: object) -> Sequence[Any]:
    """A dict could be iterated too, and would give its names."""
    if not is_array(reply):
        raise TypeError("The reply is not an array.")
    return reply
