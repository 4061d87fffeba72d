"""Sends calls: hooks, time limits, size limits and retries."""

from __future__ import annotations

import time
from itertools import count
from typing import Any, NoReturn, TypeVar

import anyio
import httpx

from .._connections import AsyncConnections
from .._errors import UsageError
from .._options import Options, RequestEvent, ResponseEvent
from .._pages import AsyncListing, Plan
from .._request import Answer, Call, Done, Failed, Prepared, judge, no_answer, too_large

T = TypeVar("T")


class AsyncTransport:
    """Sends calls with the options of one client."""

    def __init__(self, options: Options, http_client: httpx.AsyncClient | None) -> None:
        self.base_url = options.base_url
        self._options = options
        self._connections = AsyncConnections(options.base_url, http_client)

    def __deepcopy__(self, memo: object) -> AsyncTransport:
        """A copy of a client shares its connections."""
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "A client cannot be pickled: its connections cannot be copied, and its key should not be. "
            "Make one where it is needed, for example in the worker process."
        )

    async def close(self) -> None:
        """Close the connections, unless they are the caller's own."""
        await self._connections.close()

    async def request(self, call: Call[T]) -> T:
        """Send one call, and retry it while that may help."""
        prepared = Prepared(self._options, call)
        if self._connections.are_closed:
            raise UsageError(f"{call.operation}: the client is closed.")
        for attempt in count(1):
            outcome = await self._try(prepared, attempt)
            if isinstance(outcome, Done):
                return outcome.value
            wait = outcome.wait(attempt, prepared.max_retries)
            if wait is None:
                raise outcome.error from outcome.cause
            await anyio.sleep(wait)
        raise AssertionError

    def list(self, plan: Plan[T]) -> AsyncListing[T]:
        """Read a list."""
        return AsyncListing(self.request, plan)

    async def _try(self, prepared: Prepared[T], attempt: int) -> Done[T] | Failed:
        call, url = prepared.call, str(prepared.url)
        open_headers = httpx.Headers(prepared.headers)
        if self._options.on_request:
            self._options.on_request(RequestEvent(call.operation, call.method, url, attempt, open_headers))
        started_at = time.monotonic()
        try:
            with anyio.fail_after(prepared.timeout):
                answer = await self._send(prepared, open_headers, started_at + prepared.timeout)
        except (httpx.HTTPError, httpx.StreamError, OSError) as cause:
            return no_answer(prepared, cause)
        if self._options.on_response:
            duration = time.monotonic() - started_at
            self._options.on_response(
                ResponseEvent(call.operation, call.method, url, attempt, answer.status, answer.request_id, duration)
            )
        return judge(prepared, answer)

    async def _send(self, prepared: Prepared[Any], headers: httpx.Headers, deadline: float) -> Answer:
        """Read in pieces, so that an endless response ends at the limit and not when memory is full."""
        http = await self._connections.get()
        request = http.build_request(
            prepared.call.method,
            prepared.url,
            headers=prepared.with_key(headers),
            content=prepared.content,
            timeout=prepared.timeout,
        )
        # Redirects are not followed: the key would be sent wherever they lead.
        response = await http.send(request, stream=True, follow_redirects=False, auth=None)
        try:
            content = bytearray()
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > prepared.client.max_response_bytes:
                    raise too_large(prepared, response.status_code)
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("")
            return Answer(response.status_code, response.headers, bytes(content))
        finally:
            await response.aclose()
