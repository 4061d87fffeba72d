"""The client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType

import httpx

from .._options import RequestEvent, ResponseEvent, check_options
from .flat import AsyncFlatNames
from .resources.agents import AsyncAgents
from .resources.health import AsyncHealthChecks
from .resources.keys import AsyncKeys
from .resources.memories import AsyncMemories
from .resources.namespace_keys import AsyncNamespaceKeys
from .resources.namespaces import AsyncNamespaces
from .resources.sessions import AsyncSessions
from .transport import AsyncTransport


class AsyncDakeraClient(AsyncFlatNames):
    """A client for one server and one key. Give each agent its own key, and so its own client.

    Invalid options raise UsageError here; a missing key does so in the first call that needs one.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 30.0,
        max_retries: int = 2,
        max_response_bytes: int = 256 * 1024 * 1024,
        headers: Mapping[str, str] | None = None,
        on_request: Callable[[RequestEvent], None] | None = None,
        on_response: Callable[[ResponseEvent], None] | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        """Creates a client. All options have a default except the key.

        Args:
            base_url: The address of the server. Default: `DAKERA_URL`, otherwise `http://localhost:3300`.
            api_key: The agent's key. Default: `DAKERA_API_KEY`. Health calls need none.
            timeout: The time limit of one attempt, in seconds.
            max_retries: The maximum number of retries of a failed attempt. 2 make three attempts in total.
            max_response_bytes: A larger response is rejected while it arrives.
            headers: Sent with every request.
            on_request: Called before every attempt. An exception in a hook ends the call.
            on_response: Called after every response.
            http_client: Your own HTTP client, for proxies and certificates. It stays open when this client is closed.

        """
        options = check_options(
            base_url, api_key, timeout, max_retries, max_response_bytes, headers, on_request, on_response
        )
        self._transport = transport = AsyncTransport(options, http_client)
        self.memories = AsyncMemories(transport)
        self.namespaces = AsyncNamespaces(transport)
        self.keys = AsyncKeys(transport)
        self.namespace_keys = AsyncNamespaceKeys(transport)
        self.sessions = AsyncSessions(transport)
        self.agents = AsyncAgents(transport)
        self.health = AsyncHealthChecks(transport)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._transport.base_url!r})"

    async def close(self) -> None:
        """Close the connections. Calls after it raise UsageError."""
        await self._transport.close()

    async def __aenter__(self) -> AsyncDakeraClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
