# @generated from _async/resources/sessions.py by packages/codegen; do not edit.
"""Sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._models import Memory, Session
from ..._options import RequestOptions, Unpack
from ..._pages import Listing, Page, Place, Plan, page_of
from ..._request import Call, given, path
from ..._result import part_of
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
        """Start a session.

        Memories are added to it by `session_id`.

        Args:
            agent_id: The namespace.
            metadata: Any JSON object. The server does not use it.
            id: Chosen by the caller. Requires a read-write grant, because an id that is taken is rejected.

        """
        body = given(agent_id=agent_id, metadata=metadata, id=id)
        call = Call(
            "sessions.start", "POST", "/v1/sessions/start", part_of(Session, "session"), body=body, options=options
        )
        return self._transport.request(call)

    def end(
        self,
        session_id: str,
        summary: str | None = None,
        *,
        agent_id: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> Session:
        """End a session.

        If it has ended already, only its summary changes.

        Args:
            summary: The outcome of the session. If omitted, the previous summary stays.
            agent_id: The namespace. Without it the server looks in every namespace that the key may read.

        """
        url = path("/v1/sessions", session_id, "end")
        query = given(agent_id=agent_id)
        body = given(summary=summary)
        call = Call("sessions.end", "POST", url, part_of(Session, "session"), query=query, body=body, options=options)
        return self._transport.request(call)

    def get(self, session_id: str, *, agent_id: str | None = None, **options: Unpack[RequestOptions]) -> Session:
        """Fetch one session.

        Raises NotFoundError if there is none this key may read.

        Args:
            agent_id: The namespace. Without it the server looks in every namespace that the key may read.

        """
        query = given(agent_id=agent_id)
        call = Call("sessions.get", "GET", path("/v1/sessions", session_id), Session, query=query, options=options)
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
        """List the sessions of one namespace, or of all namespaces this key can read, newest first.

        A page has 100 unless `limit` is given.

        Args:
            agent_id: The namespace. By default, all namespaces this key can read.
            active_only: Excludes sessions that have ended.

        """

        def call(place: Place) -> Call[Page[Session]]:
            query = given(agent_id=agent_id, active_only=active_only, limit=limit, offset=place)
            return Call(
                "sessions.list", "GET", "/v1/sessions", page_of(Session, "sessions"), query=query, options=options
            )

        return self._transport.list(Plan(call, offset, by_offset=True))

    def memories(
        self,
        session_id: str,
        *,
        limit: int | None = None,
        offset: int | None = None,
        agent_id: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> Listing[Memory]:
        """List the memories of a session in the order they were stored.

        A page has 100 unless `limit` is given.

        Args:
            agent_id: The namespace. Without it the server looks in every namespace that the key may read.

        """
        url = path("/v1/sessions", session_id, "memories")

        def call(place: Place) -> Call[Page[Memory]]:
            query = given(agent_id=agent_id, limit=limit, offset=place)
            return Call("sessions.memories", "GET", url, page_of(Memory, "memories"), query=query, options=options)

        return self._transport.list(Plan(call, offset, by_offset=True))
