"""How a client is set up, what it shows, and that its key stays where it is."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import httpx
import pytest

import dakera
from dakera import AsyncDakeraClient, DakeraClient, RequestEvent, ResponseEvent

from .replies import KEY, OK, Serve, failing, raised


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "localhost:3300",
        "ftp://host",
        "not a url",
        "http://",
        "http://host:port",
        "http://host:99999",
        "http://user:secret@host",
        "http://host?x=1",
        "http://host#x",
        "http://host/\n",
    ],
)
def test_an_unusable_base_url_is_refused_at_once(base_url: str) -> None:
    error = raised(lambda: DakeraClient(base_url, KEY))
    assert (type(error), error.code) == (dakera.UsageError, "INVALID_USAGE")
    assert "secret" not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("client", [DakeraClient, AsyncDakeraClient])
@pytest.mark.parametrize("api_key", ["", "two words", "dk-secret\n", "schlüssel"])
def test_an_unusable_key_is_refused_at_once_and_not_repeated(client: Any, api_key: str) -> None:
    error = raised(lambda: client(api_key=api_key))
    assert isinstance(error, dakera.UsageError)
    assert not api_key or api_key.strip() not in str(error)


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"timeout": float("nan")},
        {"timeout": None},
        {"max_retries": -1},
        {"max_response_bytes": 0},
        {"headers": {"x y": "1"}},
        {"headers": {"x": "a\nb"}},
    ],
    ids=str,
)
def test_options_that_cannot_work_are_refused_at_once(options: Any) -> None:
    assert isinstance(raised(lambda: DakeraClient(api_key=KEY, **options)), dakera.UsageError)


def test_address_and_key_come_from_the_environment_unless_given(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(OK, OK)
    monkeypatch.setenv("DAKERA_URL", f"{server.url}/")
    monkeypatch.setenv("DAKERA_API_KEY", "dk-from-environment")
    DakeraClient().get_memory("mem_1")
    DakeraClient(api_key="dk-given").get_memory("mem_1")
    assert [seen.headers["authorization"] for seen in server.seen] == ["Bearer dk-from-environment", "Bearer dk-given"]


def test_an_empty_variable_is_no_key(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAKERA_API_KEY", "")
    server = serve({"status": 200, "body": {"status": "healthy"}})
    client = DakeraClient(server.url)
    assert client.health() == {"status": "healthy"}
    error = raised(lambda: client.recall("n", "q"))
    assert str(error) == "memories.recall needs an API key. Pass api_key to the client or set DAKERA_API_KEY."
    assert len(server.seen) == 1


def test_own_headers_are_sent_and_cannot_replace_those_of_the_client(serve: Serve) -> None:
    server = serve(OK)
    own = {"x-team": "search", "Authorization": "Bearer other", "Accept": "text/html"}
    DakeraClient(server.url, KEY, headers=own).get_memory("mem_1")
    headers = server.seen[0].headers
    assert (headers["x-team"], headers["authorization"], headers["accept"]) == (
        "search",
        f"Bearer {KEY}",
        "application/json",
    )
    assert headers["user-agent"] == f"dakera-python/{dakera.__version__}"
    assert headers["x-dakera-client"] == f"sdk-python/{dakera.__version__}"


def test_another_http_client_can_be_given_and_stays_open() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"id": str(request.url), "content": request.headers["authorization"]})

    with httpx.Client(transport=httpx.MockTransport(answer), auth=("somebody", "else")) as http:
        with DakeraClient(api_key=KEY, http_client=http) as client:
            memory = client.get_memory("m")
            assert memory.id == "http://localhost:3300/v1/memory/get/m"
            assert memory.content == f"Bearer {KEY}"
        assert not http.is_closed


def test_a_closed_client_says_so(serve: Serve) -> None:
    with DakeraClient(serve().url, KEY) as client:
        pass
    assert str(raised(lambda: client.get_memory("m"))) == "memories.get: the client is closed."


def test_a_call_can_have_options_of_its_own(serve: Serve) -> None:
    server = serve(failing(500), OK)
    client = DakeraClient(server.url, KEY, max_retries=5)
    raised(lambda: client.store_memory("n", "x", max_retries=0, idempotency_key="mine"))
    assert [seen.headers["idempotency-key"] for seen in server.seen] == ["mine"]
    assert isinstance(raised(lambda: client.get_memory("m", timeout=0)), dakera.UsageError)


def test_an_argument_that_does_not_exist_is_a_type_error_and_nothing_is_sent(serve: Serve) -> None:
    server = serve(OK)
    client: Any = DakeraClient(server.url, KEY)
    with pytest.raises(TypeError, match=r"^memories\.recall has no argument 'topk'; did you mean top_k\?$"):
        client.recall("n", "q", topk=3)
    with pytest.raises(
        TypeError, match=r"^memories\.recall has no argument 'minimum_score'; did you mean min_score\?$"
    ):
        client.recall("n", "q", minimum_score=3)
    with pytest.raises(TypeError, match=r"^memories\.recall has no argument 'colour'\.$"):
        client.recall("n", "q", colour="red")
    with pytest.raises(TypeError, match=r"^memories\.get has no argument 'retries'; did you mean max_retries\?$"):
        client.get_memory("m", retries=3)
    with pytest.raises(
        TypeError, match=r"^memories\.forget_batch has no argument 'max_importence'; did you mean max_imp"
    ):
        client.batch_forget("n", max_importence=0.5)
    with pytest.raises(TypeError, match=r"^memories\.forget_batch has no argument 'dryrun'; did you mean dry_run\?$"):
        client.batch_forget("n", dryrun=True)
    assert server.seen == []


# ── The key stays where it is ──


def test_neither_client_nor_log_shows_the_key(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = DakeraClient(serve(OK).url, KEY)
    client.get_memory("mem_1")
    shown = (
        repr(client)
        + repr(vars(client))
        + repr(vars(client.memories))
        + repr(vars(vars(client.memories)["_transport"]))
    )
    assert KEY not in shown + caplog.text
    assert caplog.text


def test_a_client_is_printed_with_its_address() -> None:
    assert repr(DakeraClient("http://dakera:3300/", KEY)) == "DakeraClient(base_url='http://dakera:3300')"
    assert repr(AsyncDakeraClient("http://dakera:3300", KEY)) == "AsyncDakeraClient(base_url='http://dakera:3300')"


def test_a_traceback_names_what_the_documents_name_and_ends_where_it_was_raised(serve: Serve) -> None:
    error = raised(lambda: DakeraClient(serve(failing(404)).url, KEY).get_memory("m"))
    shown = traceback.format_exception(error)
    assert shown[-1].startswith("dakera.NotFoundError: memories.get: 404")
    assert "raise outcome.error from outcome.cause" in shown[-2]
    for name, value in vars(dakera).items():
        if isinstance(value, type) and issubclass(value, (Exception, DakeraClient, AsyncDakeraClient)):
            assert (value.__module__, value.__qualname__) == ("dakera", name)


def test_hooks_see_each_try_can_add_headers_and_never_see_the_key(serve: Serve) -> None:
    server = serve(failing(503, retry_after="0"), OK)
    events: list[RequestEvent | ResponseEvent] = []

    def on_request(event: RequestEvent) -> None:
        event.headers["traceparent"] = f"00-{event.attempt}"
        events.append(event)

    client = DakeraClient(server.url, KEY, on_request=on_request, on_response=events.append)
    client.get_memory("mem_1")
    url = f"{server.url}/v1/memory/get/mem_1"
    assert [(e.operation, e.method, e.url, e.attempt) for e in events] == [
        ("memories.get", "GET", url, attempt) for attempt in (1, 1, 2, 2)
    ]
    assert [(e.status, e.request_id) for e in events if isinstance(e, ResponseEvent)] == [(503, None), (200, "req_1")]
    assert all(0 <= e.duration < 5 for e in events if isinstance(e, ResponseEvent))
    assert [seen.headers["traceparent"] for seen in server.seen] == ["00-1", "00-2"]
    assert KEY not in repr(events) + str([dict(e.headers) for e in events if isinstance(e, RequestEvent)])


def test_what_a_hook_raises_ends_the_call(serve: Serve) -> None:
    def enough(_: ResponseEvent) -> None:
        raise LookupError("enough")

    server = serve(OK, OK)
    with pytest.raises(LookupError, match="enough"):
        DakeraClient(server.url, KEY, on_response=enough).get_memory("mem_1")
    assert len(server.seen) == 1


def test_an_error_that_echoes_the_key_does_not_pass_it_on(serve: Serve) -> None:
    page = f"<pre>authorization: Bearer {KEY}</pre>"
    server = serve({"status": 404, "headers": {"content-type": "text/html"}, "text": page})
    error = raised(lambda: DakeraClient(server.url, KEY).get_memory("mem_1"))
    assert isinstance(error, dakera.NotFoundError)
    assert error.body == "<pre>authorization: Bearer [key]</pre>"


def test_an_error_leads_to_no_request_that_holds_the_key() -> None:
    error: BaseException | None = raised(lambda: DakeraClient("http://127.0.0.1:1", KEY, max_retries=0).get_memory("m"))
    while error:
        assert not isinstance(error, httpx.HTTPError)
        error = error.__cause__ or error.__context__
