"""Results are dicts with attributes; lists are lists."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
import pprint
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import anyio
import pytest

from dakera import (
    AsyncDakeraClient,
    CreatedKey,
    DakeraClient,
    DakeraError,
    FoundMemory,
    KeyUsage,
    Memory,
    Namespace,
    Page,
    Readiness,
    RotatedKey,
)
from dakera._async.resources.memories import _found  # pyright: ignore[reportPrivateUsage]
from dakera._rules import MOMENTS

from .conformance import FOLDER
from .server import Reply, Server

KEY = "dk-test-key"
Serve = Callable[..., Server]


def memory(id: str) -> dict[str, Any]:
    fields = {"content": f"Content of {id}", "importance": 0.85, "tags": ["finding"], "metadata": {"source": "r"}}
    return {"id": id, "agent_id": "n", **fields, "memory_type": "semantic", "created_at": 1767225600}


def ok(body: Any) -> Reply:
    return {"status": 200, "headers": {"content-type": "application/json"}, "body": body}


FOUND = ok(
    {
        "memories": [
            {"memory": memory("a"), "score": 0.9, "text_score": 0.5},
            {"memory": memory("b"), "score": 0.1, "of_tomorrow": 7},
        ],
        "total_found": 2,
        "query_time_ms": 3,
    }
)


def test_recall_gives_a_real_list_that_names_itself_and_the_total(serve: Serve) -> None:
    found = DakeraClient(serve(FOUND).url, KEY).recall("team-shared", "HNSW", top_k=6)
    assert isinstance(found, list)
    assert len(found) == 2
    assert found.memories is found
    assert (found.total_found, found.query_time_ms, found.denied) == (2, 3, [])
    assert [f["id"] for f in found] == [f.id for f in found] == ["a", "b"]
    assert f"{found[0]['importance']:.2f} {found[0]['content'][:7]}" == "0.85 Content"
    assert found[0] == {**memory("a"), "score": 0.9, "text_score": 0.5}
    assert isinstance(found[0], Memory)
    assert json.loads(json.dumps(found)) == found


def test_a_result_is_a_dict_whose_fields_are_attributes() -> None:
    one = FoundMemory({**memory("a"), "score": 1, "of_tomorrow": 7})
    assert (one.id, one["id"], one.get("id"), one.metadata["source"]) == ("a", "a", "a", "r")
    assert "content" in one
    assert dict(one) == one
    assert {**one}["score"] == 1
    assert getattr(one, "of_tomorrow") == one["of_tomorrow"] == 7  # noqa: B009
    match one:
        case {"id": "a", "content": content}:
            assert content == "Content of a"
        case _:
            pytest.fail("it is no mapping")
    assert repr(one).startswith("FoundMemory(id='a', agent_id='n', content='Content of a'")
    assert "content" in dir(one)


def test_a_field_that_is_not_there_says_what_is() -> None:
    one: Any = Memory({"id": "a", "content": "x"})
    with pytest.raises(AttributeError, match=r"^Memory has no field 'contnt'\. It has id, content\.$"):
        _ = one.contnt
    with pytest.raises(AttributeError, match=r"result\['content'\] = …"):
        one.content = "y"
    assert not hasattr(one, "__len_hint__")


def test_an_optional_field_that_was_not_sent_is_none() -> None:
    one = Namespace({"namespace": "n"})
    assert one.memory_count is None
    assert "memory_count" not in one


def test_what_stands_inside_is_a_result_too_and_metadata_stays_as_it_is() -> None:
    usage = KeyUsage({"by_endpoint": [{"endpoint": "memories.recall", "requests": 2}], "by_namespace": None})
    assert usage.by_endpoint[0].endpoint == "memories.recall"
    assert Readiness({"checks": {"database": {"status": "pass"}}}).checks["database"].status == "pass"
    assert type(Memory(memory("a")).metadata) is dict


def test_a_new_secret_is_in_the_result_and_not_in_its_repr() -> None:
    created = CreatedKey({"key_id": "key_1", "key": "dk-secret-1"})
    assert (created.key, created["key"]) == ("dk-secret-1", "dk-secret-1")
    assert repr(created) == str(created) == "CreatedKey(key_id='key_1', key=<secret>)"
    shown = f"{created} {created!r} {[created]} {pprint.pformat({'made': created})}"
    rotated = RotatedKey({"key_id": "key_1", "key": "dk-secret-1", "new_key": "dk-secret-1"})
    assert "dk-secret" not in f"{shown} {rotated}"
    assert "dk-secret-1" in json.dumps(created), "that is how it is saved"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_results_can_be_copied_and_pickled(serve: Serve, again: Callable[[Any], Any]) -> None:
    page = {"memories": [memory("a")], "total": 2, "filtered": 2, "next_cursor": "c"}
    client = DakeraClient(serve(FOUND, ok(page)).url, KEY)
    found, listed = client.recall("n", "q"), client.list_memories("n")
    assert (again(found), again(found).total_found, type(again(found)[0])) == (found, 2, FoundMemory)
    assert (again(listed), again(listed).next_cursor, type(again(listed))) == (listed, "c", Page)


def test_a_stored_memory_has_its_fields_at_top_level_and_under_memory(serve: Serve) -> None:
    stored = DakeraClient(serve(ok({"memory": memory("a"), "embedding_time_ms": 1})).url, KEY).store_memory("n", "x")
    assert (stored.id, stored["id"], stored.memory.id, stored.embedding_time_ms) == ("a", "a", "a", 1)
    assert repr(stored).count("'a'") == repr(stored).count("Content of a") == 1, "it is printed once"


def test_a_page_is_a_list_and_goes_on_when_asked(serve: Serve) -> None:
    first = ok({"memories": [memory("a")], "total": 2, "filtered": 2, "next_cursor": "c"})
    server = serve(first, ok({"memories": [memory("b")], "total": 2, "filtered": 2}))
    page = DakeraClient(server.url, KEY).list_memories("n", limit=1)
    assert [len(page), page.total, page.filtered, page.next_cursor] == [1, 2, 2, "c"]
    assert len(server.seen) == 1
    assert [one.id for one in page.all()] == ["a", "b"]
    assert [seen.body.get("cursor") for seen in server.seen] == [None, "c"]


def test_an_async_list_is_asked_for_once_it_is_awaited_or_iterated(serve: Serve) -> None:
    first = ok({"memories": [memory("a")], "total": 2, "filtered": 2, "next_cursor": "c"})
    server = serve(first, first, ok({"memories": [memory("b")], "total": 2, "filtered": 2}))

    async def run() -> None:
        async with AsyncDakeraClient(server.url, KEY) as client:
            listing = client.list_memories("n", limit=1)
            await anyio.sleep(0.02)
            assert server.seen == []
            page = await listing
            assert [page[0].id, page.next_cursor] == ["a", "c"]
            assert [one.id async for one in listing] == ["a", "b"]

    anyio.run(run)


def test_a_list_that_fails_raises_by_page_and_by_iteration(serve: Serve) -> None:
    first = ok({"memories": [memory("a")], "total": 2, "filtered": 2, "next_cursor": "c"})
    denied: Reply = {"status": 403, "body": {"error": "No.", "code": "NAMESPACE_ACCESS_DENIED", "request_id": "r"}}
    items = DakeraClient(serve(first, denied).url, KEY).list_memories("n").all()
    assert next(items).id == "a"
    with pytest.raises(Exception, match="NAMESPACE_ACCESS_DENIED"):
        next(items)


def test_a_moment_may_be_a_date_and_a_naive_one_is_local(serve: Serve) -> None:
    stored = ok({"memory": memory("a"), "embedding_time_ms": 1})
    server = serve(stored, stored, stored, ok({"deleted_count": 1, "status": "ok"}))
    client = DakeraClient(server.url, KEY)
    east = timezone(timedelta(hours=2))
    client.store_memory("n", "x", expires_at=datetime(2027, 1, 1, 2, tzinfo=east), metadata={"on": date(2026, 5, 1)})
    client.store_memory("n", "x", expires_at=datetime(2027, 1, 1))
    client.store_memory("n", "x", expires_at=1798761600)
    client.forget("n", before_timestamp=date(2026, 1, 1), tags=("t",))
    local = datetime(2027, 1, 1).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    sent = [seen.body for seen in server.seen]
    assert [body.get("expires_at") for body in sent] == ["2027-01-01T00:00:00Z", local, 1798761600, None]
    assert sent[0]["metadata"] == {"on": "2026-05-01"}
    assert sent[3] == {"agent_id": "n", "tags": ["t"], "before_timestamp": "2026-01-01"}


def test_a_moment_with_a_fraction_is_sent_as_such_and_what_is_no_moment_stays(serve: Serve) -> None:
    server = serve(*[ok({"memory": memory("a"), "embedding_time_ms": 1})] * 2, FOUND, *[ok({})] * 5)
    client: Any = DakeraClient(server.url, KEY, max_retries=0)
    client.store_memory("n", "x", expires_at=1767225600.5, metadata={"since": 1767225600.5})
    client.store_memory("n", "x", expires_at=1767225600.0)
    client.recall("n", "q", since=1767225600.25, filter={"until": 1.5})
    calls: list[Callable[[], object]] = [
        lambda: client.update_memory("a", expires_at=1767225600.5),
        lambda: client.store_memories("n", [{"content": "x", "valid_from": 1767225600.5}]),
        lambda: client.list_memories("n", created_before=1767225600.5),
        lambda: client.batch_forget("n", created_after=1767225600.5),
        lambda: client.forget("n", before_timestamp=1767225600.5),
    ]
    for call in calls:
        with contextlib.suppress(DakeraError):
            call()
    sent = [seen.body for seen in server.seen]
    half = "2026-01-01T00:00:00.500000Z"
    assert (sent[0]["expires_at"], sent[0]["metadata"]) == (half, {"since": 1767225600.5})
    assert sent[1]["expires_at"] == 1767225600
    assert (sent[2]["since"], sent[2]["filter"]) == ("2026-01-01T00:00:00.250000Z", {"until": 1.5})
    assert sent[3] == {"expires_at": half}
    assert sent[4]["memories"] == [{"content": "x", "valid_from": half}]
    assert (sent[5]["filter"], sent[6]["filter"]) == ({"created_before": half}, {"created_after": half})
    assert sent[7]["before_timestamp"] == half


def is_moment(schema: dict[str, Any]) -> bool:
    return schema.get("format") == "date" or any(is_moment(one) for one in schema.get("anyOf", ()))


def test_every_moment_of_a_request_in_the_contract_is_known() -> None:
    schemas = json.loads((FOLDER.parent / "openapi.json").read_text("utf-8"))["components"]["schemas"]
    found = {
        name
        for schema, one in schemas.items()
        if schema.endswith("Request") or schema in ("NewMemory", "MemoryFilter")
        for name, field in one.get("properties", {}).items()
        if is_moment(field)
    }
    assert found == MOMENTS


def test_a_moment_of_a_reply_is_read_as_a_datetime() -> None:
    one = Memory({**memory("a"), "valid_from": -1, "expires_at": None})
    assert one.created_at_datetime == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert one.valid_from_datetime == datetime(1969, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
    assert one.expires_at_datetime is None


def test_none_is_as_not_said_except_where_it_has_a_meaning(serve: Serve) -> None:
    updated = ok({**memory("a"), "memory": memory("a")})
    server = serve(updated, updated, FOUND)
    client = DakeraClient(server.url, KEY)
    client.update_memory("a", content="x", tags=None)
    client.update_memory("a", expires_at=None)
    client.recall("n", "q", None, min_importance=None, timeout=None)
    assert [seen.body for seen in server.seen] == [
        {"content": "x"},
        {"expires_at": None},
        {"agent_id": "n", "query": "q"},
    ]


def test_forget_without_a_condition_leaves_the_refusal_to_the_server(serve: Serve) -> None:
    server = serve(*[ok({"deleted_count": 0, "status": "ok"})] * 2)
    client = DakeraClient(server.url, KEY)
    client.forget("n", [])
    client.forget("n")
    assert [seen.body for seen in server.seen] == [{"agent_id": "n", "memory_ids": []}, {"agent_id": "n"}]


def test_a_recall_of_100_memories_is_read_in_a_moment() -> None:
    reply = {
        "memories": [{"memory": memory(f"m{i}"), "score": 0.5, "vector_score": 0.5} for i in range(100)],
        "total_found": 100,
        "query_time_ms": 3,
    }
    text = json.dumps(reply)
    times: list[float] = []
    for _ in range(30):
        started_at = time.perf_counter()
        _found(json.loads(text))
        times.append(time.perf_counter() - started_at)
    assert min(times) < 0.02
