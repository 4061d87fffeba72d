# @generated from packages/protocol by packages/codegen; do not edit.
"""Agents."""

from __future__ import annotations

from ..._models import Agent, AgentStats, Memory
from ..._options import RequestOptions, Unpack
from ..._pages import AsyncListing, Page, Place, Plan, page_of
from ..._request import Call, given, path
from ..transport import AsyncTransport


class AsyncAgents:
    """Namespaces as the places of agents: who is there, and what is in them."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self, **options: Unpack[RequestOptions]) -> Page[Agent]:
        """List the namespaces this key can read, with counts of memories and sessions."""
        call = Call("agents.list", "GET", "/v1/agents", page_of(Agent), options=options)
        return await self._transport.request(call)

    async def stats(self, agent_id: str, **options: Unpack[RequestOptions]) -> AgentStats:
        """Return statistics of one namespace."""
        call = Call("agents.stats", "GET", path("/v1/agents", agent_id, "stats"), AgentStats, options=options)
        return await self._transport.request(call)

    def memories(
        self,
        agent_id: str,
        *,
        memory_type: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> AsyncListing[Memory]:
        """List the memories of one namespace, newest first.

        A page has 100 unless `limit` is given.

        Args:
            memory_type: Only memories of this type.

        """
        url = path("/v1/agents", agent_id, "memories")

        def call(place: Place) -> Call[Page[Memory]]:
            query = given(memory_type=memory_type, limit=limit, offset=place)
            return Call("agents.memories", "GET", url, page_of(Memory), query=query, options=options)

        return self._transport.list(Plan(call, offset, by_offset=True))
