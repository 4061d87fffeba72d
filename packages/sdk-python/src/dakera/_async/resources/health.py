"""Health of the server."""

from __future__ import annotations

from ..._errors import ServerError
from ..._models import Health, Liveness, Readiness
from ..._options import RequestOptions, Unpack
from ..._request import Call
from ..._result import is_object
from ..transport import AsyncTransport


class AsyncHealthChecks:
    """Health of the server. Needs no key, and sends none. `client.health()` is short for `client.health.get()`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def __call__(self, **options: Unpack[RequestOptions]) -> Health:
        """Report that the server responds."""
        return await self.get(**options)

    async def get(self, **options: Unpack[RequestOptions]) -> Health:
        """Report that the server responds."""
        call = Call("health.get", "GET", "/health", Health, is_public=True, options=options)
        return await self._transport.request(call)

    async def ready(self, **options: Unpack[RequestOptions]) -> Readiness:
        """Report, part by part, whether requests will succeed.

        A server that is not ready is a result, not an error, and is asked once.
        """
        once: RequestOptions = {"max_retries": 0, **options}
        try:
            call = Call("health.ready", "GET", "/health/ready", Readiness, is_public=True, options=once)
            return await self._transport.request(call)
        except ServerError as error:
            if is_object(error.body) and isinstance(error.body.get("ready"), bool):
                return Readiness(error.body)
            raise

    async def live(self, **options: Unpack[RequestOptions]) -> Liveness:
        """Report that the process is running."""
        call = Call("health.live", "GET", "/health/live", Liveness, is_public=True, options=options)
        return await self._transport.request(call)
