"""Plays packages/protocol/conformance against a client of either kind."""

from __future__ import annotations

import json
import re
import time
import traceback
from collections.abc import Callable
from inspect import isawaitable
from pathlib import Path
from typing import Any, TypeAlias

import anyio

import dakera
from dakera import AsyncDakeraClient, DakeraClient, FoundMemories, Page

from .printed_calls import PRINTED_CALLS
from .server import Seen, Server

FOLDER = Path(__file__).parents[2] / "protocol" / "conformance"
KEY = "dk-test-key"
KINDS = ["sync", "async"]

Case: TypeAlias = "dict[str, Any]"
Calls: TypeAlias = "dict[str, Callable[..., Any]]"


def cases(folder: Path = FOLDER) -> list[Case]:
    """Every case, with the file it stands in."""
    files = sorted(folder.glob("*.json"))
    return [{**case, "file": file.name} for file in files for case in json.loads(file.read_text("utf-8"))]


def _named(value: dict[str, Any] | None) -> dict[str, Any]:
    return value or {}


def _forget(client: Any, namespace: str, which: Any) -> Any:
    return client.forget(namespace, **which) if isinstance(which, dict) else client.forget(namespace, which)


def _list(client: Any, namespace: str, filter: Any = None, **options: Any) -> Any:
    return client.list_memories(namespace, **_named(filter), **options)


CALLS: Calls = {
    **PRINTED_CALLS,
    "health.get": lambda c, a: c.health(),
    "health.ready": lambda c, a: c.health.ready(),
    "health.live": lambda c, a: c.health.live(),
    "memories.store": lambda c, a, **options: c.store_memory(a["namespace"], **a["memory"], **options),
    "memories.storeBatch": lambda c, a: c.store_memories(a["namespace"], a["memories"]),
    "memories.recall": lambda c, a: c.recall(a["namespace"], a["query"], **_named(a.get("options"))),
    "memories.search": lambda c, a: c.search_memories(a["namespace"], a["query"], **_named(a.get("options"))),
    "memories.update": lambda c, a: c.update_memory(
        a["id"], **a["changes"], agent_id=a.get("namespace"), if_version=a.get("if_version")
    ),
    "memories.setImportance": lambda c, a: c.set_importance(a["namespace"], a["ids"], a["importance"]),
    "memories.forget": lambda c, a: _forget(c, a["namespace"], a["which"]),
    "memories.forgetBatch": lambda c, a: c.batch_forget(a["namespace"], dry_run=a.get("dry_run"), **a["filter"]),
    "memories.list": lambda c, a: _list(c, a["namespace"], **_named(a.get("options"))),
}
"""How each operation is written in Python."""

CLASSES = {
    "validation": dakera.ValidationError,
    "authentication": dakera.AuthenticationError,
    "authorization": dakera.AuthorizationError,
    "not_found": dakera.NotFoundError,
    "conflict": dakera.ConflictError,
    "rate_limit": dakera.RateLimitError,
    "server": dakera.ServerError,
    "api": dakera.ApiError,
    "connection": dakera.ConnectionError,
    "timeout": dakera.TimeoutError,
    "response": dakera.ResponseError,
    "usage": dakera.UsageError,
}


def play(case: Case, kind: str) -> None:
    """Runs one case and fails where it differs."""
    elsewhere = Server([]) if "$elsewhere" in json.dumps(case["replies"]) else None
    server = Server(case["replies"], elsewhere.url if elsewhere else "")
    options = case.get("client", {})
    given = {"timeout": options.get("timeout_ms", 30_000) / 1000, "max_retries": options.get("max_retries", 2)}
    base_url = server.url + options.get("base_path", "")
    started_at = time.monotonic()
    try:
        outcome = make(
            kind, case, case.get("times", 1), base_url=base_url, api_key=options.get("api_key", KEY), **given
        )
    finally:
        server.close()
        if elsewhere:
            elsewhere.close()
    elapsed = (time.monotonic() - started_at) * 1000
    check_outcome(case, outcome)
    assert len(server.seen) == len(case["requests"])
    for seen, expected in zip(server.seen, case["requests"], strict=True):
        _check_request(seen, expected, server.seen[0])
    assert not elsewhere or elsewhere.seen == [], "another host was called"
    assert len(server.seen) == case.get("tries", len(server.seen))
    assert case.get("least_ms", 0) <= elapsed <= case.get("most_ms", elapsed)


def make(
    kind: str, step: Case, times: int, *, call_options: dict[str, Any] | None = None, **client_options: Any
) -> Any:
    """Makes a call with a client of its own, and gives the neutral result or the error."""
    operation = CALLS.get(step["operation"])
    assert operation, f"there is no call for {step['operation']}"

    def run() -> Any:
        last: Any = None
        with DakeraClient(**client_options) as client:
            for _ in range(times):
                result = operation(client, step["call"], **(call_options or {}))
                last = neutral(list(result.all()) if step.get("iterate") else result)
        return last

    async def run_async() -> Any:
        last: Any = None
        async with AsyncDakeraClient(**client_options) as client:
            for _ in range(times):
                result = operation(client, step["call"], **(call_options or {}))
                if step.get("iterate"):
                    result = [item async for item in result]
                last = neutral(await result if isawaitable(result) else result)
        return last

    try:
        return run() if kind == "sync" else anyio.run(run_async, backend="trio" if kind == "trio" else "asyncio")
    except Exception as error:
        return error


def neutral(result: Any) -> Any:
    """The neutral form of conformance/README.md."""
    if isinstance(result, FoundMemories):
        assert result.memories is result
        return {
            "memories": list(result),
            "total_found": result.total_found,
            "query_time_ms": result.query_time_ms,
            "denied": result.denied,
        }
    if isinstance(result, Page):
        page: Page[Any] = result
        names = {"next_cursor": page.next_cursor, "total": page.total, "filtered": page.filtered}
        return {"items": list(page), **{name: value for name, value in names.items() if value is not None}}
    return {"items": result} if isinstance(result, list) else result


def check_outcome(step: Case, outcome: Any) -> None:
    """Compares what a call gave with what it should give."""
    if "error" in step:
        _check_error(step, outcome)
    elif isinstance(outcome, Exception):
        raise outcome
    elif "result" in step:
        matches(outcome, step["result"], "result")


def _check_error(step: Case, error: Any) -> None:
    expected = step["error"]
    assert isinstance(error, Exception), f"expected an error, got {error!r}"
    if not isinstance(error, dakera.DakeraError):
        raise error
    assert type(error) is CLASSES[expected["kind"]]
    assert error.status == expected.get("status")
    assert error.code == expected["code"]
    assert step["operation"] in str(error) or expected["kind"] == "usage", "the message does not name the call"
    shown = [*traceback.format_exception(error), repr(vars(error))]
    assert KEY not in "".join(shown), "the error shows the key"
    if "request_id" in expected:
        assert error.request_id == expected["request_id"]
        assert expected["request_id"] in str(error)
    for name in ("retry_after", "issues"):
        if name in expected:
            assert getattr(error, name) == expected[name]


def _check_request(seen: Seen, expected: dict[str, Any], first: Seen) -> None:
    assert (seen.method, seen.path) == (expected["method"], expected["path"])
    if "query" in expected:
        assert seen.query == expected["query"]
    if "body" in expected:
        assert seen.body == expected["body"]
    for name, value in expected.get("headers", {}).items():
        actual = seen.headers.get(name)
        if value is None:
            assert actual is None, f"{name} was sent"
        elif value == "*":
            assert actual, f"{name} is missing"
        elif value == "$same":
            assert actual == first.headers[name], f"{name} changed"
        elif value == "$new":
            assert actual, f"{name} is missing"
            assert actual != first.headers[name], f"{name} did not change"
        else:
            assert actual == value, name


def matches(actual: Any, expected: Any, at: str) -> None:
    """Everything that is expected is there; more may be."""
    if isinstance(expected, list):
        assert isinstance(actual, list), f"{at} is no list"
        assert len(actual) == len(expected), f"{at}: length"
        for i, (one, other) in enumerate(zip(actual, expected, strict=True)):
            matches(one, other, f"{at}[{i}]")
    elif isinstance(expected, dict):
        assert isinstance(actual, dict), f"{at} is no object"
        for name, value in expected.items():
            matches(actual.get(name), value, f"{at}.{name}")
    else:
        assert actual == expected, f"{at}: {actual!r} is not {expected!r}"


def fill_in(value: Any, kept: dict[str, Any]) -> Any:
    """Puts what was kept into every string; one that is nothing but a name becomes the value itself."""
    if isinstance(value, str):
        if value.startswith("$") and value[1:] in kept:
            return kept[value[1:]]
        return re.sub(r"\$([a-z_]+)", lambda found: str(kept.get(found[1], found[0])), value)
    if isinstance(value, list):
        return [fill_in(item, kept) for item in value]
    if isinstance(value, dict):
        return {fill_in(name, kept): fill_in(inner, kept) for name, inner in value.items()}
    return value
