"""What every test has: no settings of the surroundings, and servers that end with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from .server import Reply, Server


@pytest.fixture(autouse=True)
def no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("DAKERA_") and name != "DAKERA_LIVE_URL":
            monkeypatch.delenv(name)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*replies: Reply) -> Server:
        servers.append(Server(replies))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
