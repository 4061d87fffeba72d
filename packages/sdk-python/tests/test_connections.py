"""Where a client's connections go, and what they belong to."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import threading
from typing import Any

import anyio
import pytest
import trio

import dakera
from dakera import AsyncDakeraClient, DakeraClient

from .replies import KEY, OK, Serve, raised


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


# ── Event loops ──


def test_one_async_client_serves_one_event_loop_after_the_other(serve: Serve) -> None:
    server = serve(*[OK] * 5)
    client = AsyncDakeraClient(server.url, KEY)

    async def get() -> str:
        await client.get_memory("a")
        return (await client.get_memory("a")).id

    assert asyncio.run(get()) == asyncio.run(get()) == "mem_1"
    assert len(server.seen) == 4
    trio.run(client.get_memory, "a")
    gc.collect()  # a socket that was left open would be a warning here, and so an error


def test_one_async_client_serves_event_loops_of_several_threads_at_once(serve: Serve) -> None:
    server = serve(*[OK] * 40)
    client = AsyncDakeraClient(server.url, KEY)
    found: list[str] = []

    async def get() -> None:
        found.extend([(await client.get_memory("a")).id for _ in range(10)])

    threads = [threading.Thread(target=asyncio.run, args=(get(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["mem_1"] * 40


def test_an_async_client_that_nobody_holds_any_more_leaves_no_socket_behind(serve: Serve) -> None:
    server = serve(OK, OK)

    async def get() -> None:
        for _ in range(2):
            await AsyncDakeraClient(server.url, KEY).get_memory("a")
            gc.collect()
            await anyio.sleep(0.01)

    asyncio.run(get())
    gc.collect()


def test_a_closed_async_client_says_so_in_every_loop(serve: Serve) -> None:
    client = AsyncDakeraClient(serve(OK).url, KEY)

    async def use() -> None:
        async with client:
            await client.get_memory("a")

    async def use_again() -> None:
        await client.get_memory("a")

    asyncio.run(use())
    assert str(raised(lambda: asyncio.run(use_again()))) == "memories.get: the client is closed."


# ── Copies ──


@pytest.mark.parametrize("cls", [DakeraClient, AsyncDakeraClient])
def test_a_client_is_not_pickled_and_says_why(cls: Any) -> None:
    with pytest.raises(TypeError, match=r"^A client cannot be pickled: its connections cannot be copied, and its key"):
        pickle.dumps(cls(api_key=KEY))


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_client_shares_its_connections(serve: Serve, again: Any) -> None:
    client = DakeraClient(serve(OK, OK).url, KEY)
    settings = again({"memory": client})
    assert settings["memory"].get_memory("a").id == client.get_memory("a").id
    client.close()
    assert "closed" in str(raised(lambda: settings["memory"].get_memory("a")))


# ── Proxies ──

REMOTE = "http://dakera.invalid:3300"


@pytest.mark.parametrize("name", ["http_proxy", "ALL_PROXY"])
def test_another_machine_is_reached_through_the_proxy_of_the_surroundings(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    proxy = serve(OK, OK)
    monkeypatch.setenv(name, proxy.url.removeprefix("http://"))
    assert DakeraClient(REMOTE, KEY).get_memory("a").id == "mem_1"
    assert anyio.run(AsyncDakeraClient(REMOTE, KEY).get_memory, "a").id == "mem_1"
    assert [seen.headers["host"] for seen in proxy.seen] == ["dakera.invalid:3300"] * 2


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_reached_without_a_proxy(serve: Serve, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    proxy, server = serve(OK, OK), serve(OK, OK)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    url = server.url.replace("127.0.0.1", host)
    DakeraClient(url, KEY).get_memory("a")
    anyio.run(AsyncDakeraClient(url, KEY).get_memory, "a")
    assert (len(server.seen), len(proxy.seen)) == (2, 0)


@pytest.mark.parametrize(
    "no_proxy",
    ["dakera.invalid", "localhost, .invalid", "dakera.invalid:3300", "*", "localhost,127.0.0.1,[::1],dakera.invalid"],
)
def test_no_proxy_names_what_is_reached_directly(serve: Serve, monkeypatch: pytest.MonkeyPatch, no_proxy: str) -> None:
    proxy = serve(OK)
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert isinstance(raised(lambda: DakeraClient(REMOTE, KEY, max_retries=0).get_memory("a")), dakera.ConnectionError)
    assert proxy.seen == []


@pytest.mark.parametrize("no_proxy", ["[::1]", "localhost,127.0.0.1,[::1]", "[fd00::1]:80", "a b,::::"])
def test_no_proxy_with_brackets_is_understood(monkeypatch: pytest.MonkeyPatch, no_proxy: str) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    for url in ("http://[::1]:3300", "http://[fd00::1]", REMOTE):
        DakeraClient(url, KEY)
        AsyncDakeraClient(url, KEY)


@pytest.mark.parametrize("client", [DakeraClient, AsyncDakeraClient])
@pytest.mark.parametrize("proxy", ["ftp://proxy", "http://user:secret@pro xy:port"])
def test_a_proxy_that_is_none_is_refused_at_once(monkeypatch: pytest.MonkeyPatch, client: Any, proxy: str) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    error = raised(lambda: client(REMOTE, KEY))
    assert isinstance(error, dakera.UsageError)
    assert "secret" not in str(error)
