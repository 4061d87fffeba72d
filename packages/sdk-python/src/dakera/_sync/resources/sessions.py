# @generated from _async/resources/sessions.py by scripts/generate.ts; do not edit.
"""Stretches of work of an agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._models import Memory, Session
from ..._options import RequestOptions, Unpack
from ..._pages import Listing, Page, Place, Plan
from ..._request import Call, given, path
from ..transport import Transport


class Sessions:
    """Stretches of work of an agent, and the memories that belong to them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(
        self,
        agent_id: str,
        metadata: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> Session:
        """Start a session. Memories are added to it by `session_id`.

        An `id` of your own needs a read-write grant, as a taken one is refused.
        """
        body = given(agent_id=agent_id, metadata=metadata, id=id)
        call = Call("sessions.start", "POST", "/v1/sessions/start", _session, body=body, options=options)
        return self._transport.request(call)

    def end(
        self,
        session_id: str,
        summary: str | None = None,
        *,
        agent_id: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> Session:
        """End a session. If it has ended already, only its summary changes."""
        url, query = path("/v1/sessions", session_id, "end"), given(agent_id=agent_id)
        body = given(summary=summary)
        call = Call("sessions.end", "POST", url, _session, query=query, body=body, options=options)
        return self._transport.request(call)

    def get(self, session_id: str, *, agent_id: str | None = None, **options: Unpack[RequestOptions]) -> Session:
        """Fetch one session. Raises NotFoundError if there is none this key may read."""
        url, query = path("/v1/sessions", session_id), given(agent_id=agent_id)
        call = Call("sessions.get", "GET", url, Session, query=query, options=options)
        return self._transport.request(call)

    def list(
        self,
        agent_id: str | None = None,
        *,
        active_only: bool | None = None,
        limit: int | None = None,
        offset: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> Listing[Session]:
        """List sessions, newest first: of one namespace, or of every one this key may read.

        `active_only` leaves out those that have ended. A page has 100 of them unless `limit` is said.
        """

        def call(place: Place) -> Call[Page[Session]]:
            query = given(agent_id=agent_id, active_only=active_only, limit=limit, offset=place)
            return Call("sessions.list", "GET", "/v1/sessions", _page, query=query, options=options)

        return self._transport.list(Plan(call, offset, by_offset=True))

    def memories(
        self,
        session_id: str,
        *,
        agent_id: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> Listing[Memory]:
        """List the memories of a session in the order they were stored. A page has 100 unless `limit` is said."""
        url = path("/v1/sessions", session_id, "memories")

        def call(place: Place) -> Call[Page[Memory]]:
            query = given(agent_id=agent_id, limit=limit, offset=place)
            return Call("sessions.memories", "GET", url, _memories, query=query, options=options)

        return self._transport.list(Plan(call, offset, by_offset=True))


def _session(reply: Any) -> Session:
    return Session(reply["session"])


def _page(reply: Any) -> Page[Session]:
    return Page([Session(session) for session in reply["sessions"]], total=reply["total"])


def _memories(reply: Any) -> Page[Memory]:
    return Page([Memory(memory) for memory in reply["memories"]], total=reply["total"])
