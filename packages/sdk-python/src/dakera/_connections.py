"""The HTTP client of a client: its proxy, its event loop and its end."""

from __future__ import annotations

import ipaddress
import ssl
import weakref
from collections.abc import AsyncGenerator
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from anyio.lowlevel import RunVar

from ._errors import UsageError


class Connections:
    """One HTTP client, closed at exit unless it is the caller's own: the samples of the product close nothing."""

    def __init__(self, base_url: str, given: httpx.Client | None) -> None:
        self._is_owner = given is None
        self._http = given or _made(httpx.Client, base_url)
        if self._is_owner:
            weakref.finalize(self, self._http.close)

    @property
    def are_closed(self) -> bool:
        """Whether the client is closed."""
        return self._http.is_closed

    def get(self) -> httpx.Client:
        """The client to send with."""
        return self._http

    def close(self) -> None:
        """Close the connections, unless they are the caller's own."""
        if self._is_owner:
            self._http.close()


class AsyncConnections:
    """One HTTP client for each event loop: a connection works only in the loop in which it was opened."""

    def __init__(self, base_url: str, given: httpx.AsyncClient | None) -> None:
        self._base_url = base_url
        self._given = given
        self._is_closed = False
        if given is None:
            _proxy(base_url)  # an invalid proxy is reported here

    @property
    def are_closed(self) -> bool:
        """Whether the client is closed."""
        return self._is_closed if self._given is None else self._given.is_closed

    async def get(self) -> httpx.AsyncClient:
        """The client to send with in the running loop."""
        if self._given is not None:
            return self._given
        here = _of_this_loop()
        if self not in here:
            http = _made(httpx.AsyncClient, self._base_url)
            here[self] = http, _open(http)
            await anext(here[self][1])
        return here[self][0]

    async def close(self) -> None:
        """Close the connections of the running loop, unless they are the caller's own. Other loops close their own."""
        self._is_closed = True
        if self in (here := _of_this_loop()):
            await here.pop(self)[1].aclose()


async def _open(http: httpx.AsyncClient) -> AsyncGenerator[None]:
    """Closes the client with its loop, or when nothing refers to it any more, as every unfinished generator ends."""
    try:
        yield
    finally:
        await http.aclose()


_Open = weakref.WeakKeyDictionary[AsyncConnections, tuple[httpx.AsyncClient, AsyncGenerator[None]]]
_open_here: RunVar[_Open] = RunVar("dakera_open_here")


def _of_this_loop() -> _Open:
    try:
        return _open_here.get()
    except LookupError:
        _open_here.set(weakref.WeakKeyDictionary())
        return _open_here.get()


def _made(cls: type[Any], base_url: str) -> Any:
    # The environment is read here: httpx would use a proxy for this machine, and fails on NO_PROXY=[::1].
    return cls(verify=_tls(), trust_env=False, proxy=_proxy(base_url))


@cache
def _tls() -> ssl.SSLContext:
    """Created once for all clients of a process: reading the certificates takes longer than a call."""
    return httpx.create_ssl_context()


def _proxy(base_url: str) -> httpx.Proxy | None:
    """The proxy that the environment names for a server. None is used for this machine."""
    url = urlsplit(base_url)
    host = url.hostname or ""
    proxies = getproxies()
    address = proxies.get(url.scheme) or proxies.get("all")
    if not address or _is_loopback(host) or any(proxy_bypass(one) for one in (url.netloc, host, f"[{host}]")):
        return None
    try:
        return httpx.Proxy(address if "://" in address else f"http://{address}")
    except (ValueError, httpx.InvalidURL):  # its text may contain a password
        raise UsageError(
            "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names no usable proxy. It should look like http://proxy:8080."
        ) from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
