"""How any call behaves, beyond what the conformance cases say."""

from __future__ import annotations

import contextlib
import gzip
import pickle
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import pytest

import dakera
from dakera import AsyncDakeraClient, DakeraClient, DakeraError

from .replies import JSON, KEY, OK, Serve, failing, raised
from .server import Reply


def test_nobody_there_names_the_call_the_host_and_the_reason() -> None:
    error = raised(lambda: DakeraClient("http://127.0.0.1:1", KEY, max_retries=0).recall("n", "q"))
    assert (type(error), error.code, error.status) == (dakera.ConnectionError, "CONNECTION_FAILED", None)
    assert isinstance(error, ConnectionError)
    assert str(error) == "memories.recall: no whole answer from 127.0.0.1:1 ([Errno 111] Connection refused)."


def test_a_host_that_does_not_exist_is_a_connection_error() -> None:
    error = raised(lambda: DakeraClient("http://nowhere.invalid", KEY, max_retries=0).recall("n", "q"))
    assert isinstance(error, dakera.ConnectionError)


def test_an_answer_without_end_is_refused_while_it_arrives(serve: Serve) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    server = serve({"status": 200, "headers": {"content-encoding": "gzip"}, "text": bomb})
    error = raised(lambda: DakeraClient(server.url, KEY, max_response_bytes=1_000_000).recall("n", "q"))
    assert isinstance(error, dakera.ResponseError)
    assert str(error) == "memories.recall: the answer is larger than 1000000 bytes."
    assert len(server.seen) == 1


def test_a_redirect_is_an_error_whatever_comes_with_it(serve: Serve) -> None:
    server = serve({**OK, "status": 302, "headers": {**JSON, "location": "http://127.0.0.1:1/"}})
    error = raised(lambda: DakeraClient(server.url, KEY).get_memory("mem_1"))
    assert isinstance(error, dakera.ResponseError)
    assert str(error).startswith("memories.get: 302 is a redirect, which is not followed because the key would go")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a": ' * 100_000, "\udcff".encode("utf-8", "surrogateescape"), "null", "7", '"x"', "[]"]
)
def test_a_200_that_is_no_json_object_is_an_error_that_names_call_status_and_request(serve: Serve, text: Any) -> None:
    server = serve({"status": 200, "headers": JSON, "text": text})
    error = raised(lambda: DakeraClient(server.url, KEY).get_memory("mem_1"))
    assert (type(error), error.status, error.request_id) == (dakera.ResponseError, 200, "req_1")
    assert str(error).startswith("memories.get: 200 came with ")
    assert "(request req_1)" in str(error)


@pytest.mark.parametrize(
    ("call", "reply"),
    [
        (lambda c: c.store_memory("n", "x"), {"memory": {}}),
        (lambda c: c.store_memory("n", "x"), {"memory": None}),
        (lambda c: c.recall("n", "q"), {"memories": [{"score": 1}], "total_found": 1, "query_time_ms": 1}),
        (lambda c: c.recall("n", "q"), {"memories": ["x"], "total_found": 1, "query_time_ms": 1}),
        (lambda c: c.list_memories("n"), {"memories": None}),
        (lambda c: c.list_namespaces(), {"namespaces": ["a"]}),
        (lambda c: c.list_agents(), {"agents": []}),
        (lambda c: c.list_keys(), []),
        (lambda c: c.start_session("n"), {}),
    ],
)
def test_a_200_of_another_shape_is_an_error(serve: Serve, call: Callable[[Any], object], reply: Any) -> None:
    client = DakeraClient(serve({"status": 200, "headers": JSON, "body": reply}).url, KEY)
    assert isinstance(raised(lambda: call(client)), dakera.ResponseError)


def test_204_is_an_answer_with_nothing_to_say(serve: Serve) -> None:
    assert DakeraClient(serve({"status": 204}).url, KEY).delete_namespace("n") is None


def test_429_without_retry_after_waits_a_little_and_has_none(serve: Serve) -> None:
    server = serve(failing(429), failing(429))
    error = raised(lambda: DakeraClient(server.url, KEY, max_retries=1).get_memory("m"))
    assert isinstance(error, dakera.RateLimitError)
    assert error.retry_after is None
    assert len(server.seen) == 2


@pytest.mark.parametrize("value", ["soon", "-5", "1e9", "nan", ""])
def test_a_retry_after_that_says_nothing_is_as_none(serve: Serve, value: str) -> None:
    server = serve(failing(503, retry_after=value), OK)
    assert DakeraClient(server.url, KEY).get_memory("m").id == "mem_1"


# ── Requests ──


@pytest.mark.parametrize("bad", ["", ".", "..", "\ud800", None, 7])
def test_an_unusable_id_is_refused_before_anything_is_sent(serve: Serve, bad: Any) -> None:
    server = serve(OK)
    client = DakeraClient(server.url, KEY)
    calls: list[Callable[..., object]] = [
        client.get_memory,
        client.get_namespace,
        client.get_key,
        client.get_session,
        client.agent_stats,
    ]
    for call in calls:
        assert isinstance(raised(partial(call, bad)), dakera.UsageError)
    assert server.seen == []


def test_an_id_stays_in_its_segment(serve: Serve) -> None:
    server = serve(OK)
    DakeraClient(server.url, KEY).get_memory("../keys?x=1#y;a=b%2f")
    assert server.seen[0].path == "/v1/memory/get/..%2Fkeys%3Fx%3D1%23y%3Ba%3Db%252f"


CIRCULAR: dict[str, Any] = {}
CIRCULAR["again"] = [CIRCULAR]


@pytest.mark.parametrize(
    "metadata",
    [
        {"x": float("nan")},
        {"x": [{"y": float("-inf")}]},
        {"x": {1, 2}},
        {"x": b"bytes"},
        {"x": "\ud800"},
        {"x": object()},
        {(1, 2): "x"},
        CIRCULAR,
    ],
    ids=["nan", "infinity", "set", "bytes", "surrogate", "object", "key", "circle"],
)
def test_what_is_no_json_is_refused_before_anything_is_sent(serve: Serve, metadata: Any) -> None:
    server = serve(OK)
    error = raised(lambda: DakeraClient(server.url, KEY).store_memory("n", "x", metadata=metadata))
    assert isinstance(error, dakera.UsageError)
    assert str(error).startswith("memories.store: the request cannot be written as JSON")
    assert server.seen == []


# ── Time ──


def test_a_slow_body_ends_with_the_time(serve: Serve) -> None:
    server = serve({"status": 200, "headers": JSON, "text": " " * 1000, "drip_ms": 50})
    started_at = time.monotonic()
    error = raised(lambda: DakeraClient(server.url, KEY, timeout=0.3, max_retries=0).get_memory("m"))
    assert isinstance(error, dakera.TimeoutError)
    assert isinstance(error, TimeoutError)
    assert str(error) == f"memories.get: no answer from {server.url.removeprefix('http://')} within 0.3 s."
    assert time.monotonic() - started_at < 20


def test_a_server_that_accepts_and_says_nothing_ends_with_the_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = DakeraClient(f"http://127.0.0.1:{silent.getsockname()[1]}", KEY, timeout=0.2, max_retries=0)
        assert isinstance(raised(lambda: client.get_memory("m")), dakera.TimeoutError)


def test_headers_that_drip_end_with_the_time_in_the_async_client() -> None:
    with socket.create_server(("127.0.0.1", 0)) as slow:

        def drip() -> None:
            connection, _ = slow.accept()
            with connection, contextlib.suppress(OSError):
                for letter in b"HTTP/1.1 200 OK\r\nx: " + b"x" * 1000:
                    connection.send(bytes([letter]))
                    time.sleep(0.05)

        thread = threading.Thread(target=drip)
        thread.start()

        async def run() -> None:
            async with AsyncDakeraClient(f"http://127.0.0.1:{slow.getsockname()[1]}", KEY, max_retries=0) as client:
                with pytest.raises(dakera.TimeoutError):
                    await client.get_memory("m", timeout=0.3)

        started_at = time.monotonic()
        anyio.run(run)
        assert time.monotonic() - started_at < 20
        thread.join()


def test_waits_grow_and_are_jittered(monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    server = serve(*[failing(500)] * 9)
    raised(lambda: DakeraClient(server.url, KEY, max_retries=7).get_memory("m"))
    for wait, longest in zip(waits, [0.5, 1, 2, 4, 8, 8, 8], strict=True):
        assert longest / 2 <= wait <= longest
    assert len({wait / longest for wait, longest in zip(waits, [0.5, 1, 2, 4, 8, 8, 8], strict=True)}) > 3


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("reply", [{**OK, "delay_ms": 30_000}, failing(503, retry_after="30")], ids=["request", "wait"])
def test_cancelling_ends_a_request_and_a_wait_at_once(serve: Serve, reply: Reply, backend: str) -> None:
    server = serve(reply, OK)

    async def run() -> bool:
        async with AsyncDakeraClient(server.url, KEY) as client:
            with anyio.move_on_after(0.3) as scope:
                await client.get_memory("mem_1")
            assert scope.cancelled_caught
            server.replies[1:] = [OK]
            return (await client.get_memory("mem_1")).id == "mem_1"  # the client is still of use

    started_at = time.monotonic()
    assert anyio.run(run, backend=backend)
    assert time.monotonic() - started_at < 20
    assert len(server.seen) == 2


def test_one_client_serves_many_threads_and_tasks(serve: Serve) -> None:
    server = serve(*[OK] * 40)
    client = DakeraClient(server.url, KEY)
    threads = [threading.Thread(target=client.get_memory, args=(f"m{i}",)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def run() -> None:
        async with AsyncDakeraClient(server.url, KEY) as many, anyio.create_task_group() as tasks:
            for i in range(20, 40):
                tasks.start_soon(many.get_memory, f"m{i}")

    anyio.run(run)
    assert {seen.path for seen in server.seen} == {f"/v1/memory/get/m{i}" for i in range(40)}


# ── Errors ──


def test_errors_can_be_pickled(serve: Serve) -> None:
    server = serve(
        {"status": 400, "body": {"error": "No.", "code": "INVALID_REQUEST", "issues": [{"path": "x", "message": "y"}]}}
    )
    for error in (
        raised(lambda: DakeraClient(server.url, KEY).get_memory("m")),
        dakera.TimeoutError("late"),
        dakera.UsageError("no"),
        dakera.ResponseError("what", status=200, request_id="r"),
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_the_tree_is_as_it_is_drawn() -> None:
    api = ["Validation", "Authentication", "Authorization", "NotFound", "Conflict", "RateLimit", "Server"]
    assert {cls.__name__ for cls in dakera.ApiError.__subclasses__()} == {f"{name}Error" for name in api}
    own = ["Api", "Connection", "Timeout", "Response", "Usage"]
    assert {cls.__name__ for cls in DakeraError.__subclasses__()} == {f"{name}Error" for name in own}
