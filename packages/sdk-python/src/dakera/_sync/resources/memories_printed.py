# @generated from _async/resources/memories_printed.py by packages/codegen; do not edit.
"""Memories."""

from __future__ import annotations

from ..._models import Memory
from ..._options import RequestOptions, Unpack
from ..._request import Call, given, path
from ..transport import Transport


class PrintedMemories:
    """The methods of `client.memories` that follow from the contract."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, memory_id: str, *, agent_id: str | None = None, **options: Unpack[RequestOptions]) -> Memory:
        """Fetch one memory.

        Raises NotFoundError if there is none this key may read.

        Args:
            agent_id: The namespace. Without it the server looks in every namespace that the key may read.

        """
        query = given(agent_id=agent_id)
        call = Call("memories.get", "GET", path("/v1/memory/get", memory_id), Memory, query=query, options=options)
        return self._transport.request(call)
