"""The parts of a call without network: how it is written, what a response means, when it is retried."""

from __future__ import annotations

import builtins
import difflib
import inspect
import json
import random
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote

import httpx

from ._errors import ConnectionError, DakeraError, ResponseError, TimeoutError, UsageError, api_error
from ._options import Options, RequestOptions, check_number
from ._result import is_array, is_object
from ._rules import FIRST_WAIT, LONGEST_WAIT, MOMENTS, MOST_WAIT, RETRIED
from ._version import VERSION

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """One operation, ready to be sent."""

    operation: str
    method: str
    path: str
    decode: Callable[[Any], T]
    """Makes the result from the decoded reply."""
    query: Mapping[str, object] = field(default_factory=dict[str, object])
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    is_public: bool = False
    """Health calls: no key is needed, and none is sent."""
    is_read: bool = False
    """A POST that changes nothing needs no idempotency key."""
    options: RequestOptions = field(default_factory=RequestOptions)


class Prepared(Generic[T]):
    """A call, ready to be sent. Made once, before the first attempt: all attempts have the same idempotency key."""

    def __init__(self, client: Options, call: Call[T]) -> None:
        known = RequestOptions.__optional_keys__
        for name in call.options.keys() - known:
            raise no_such_argument(call.operation, name, known)
        if not call.is_public and client.api_key is None:
            raise UsageError(f"{call.operation} needs an API key. Pass api_key to the client or set DAKERA_API_KEY.")
        timeout, max_retries = call.options.get("timeout"), call.options.get("max_retries")
        self.client = client
        self.call = call
        self.timeout = client.timeout if timeout is None else check_number("timeout", timeout, least=0.001)
        self.max_retries = client.max_retries if max_retries is None else check_number("max_retries", max_retries, 0)
        query = _as_query(call.query)
        self.url = httpx.URL(client.base_url + call.path, params=query or None)
        self.content = None if call.body is None else _as_json(call.operation, call.body)
        self.headers = httpx.Headers(client.headers)
        self.headers.update(call.headers)
        self.headers.update(
            {
                "accept": "application/json",
                "user-agent": f"dakera-python/{VERSION}",
                "x-dakera-client": f"sdk-python/{VERSION}",
            }
        )
        if self.content is not None:
            self.headers["content-type"] = "application/json"
        if call.method != "GET" and not call.is_read:
            self.headers["idempotency-key"] = call.options.get("idempotency_key") or secrets.token_hex(16)

    def with_key(self, headers: httpx.Headers) -> httpx.Headers:
        """Returns a copy: a hook that keeps its headers never sees the key."""
        copy = httpx.Headers(headers)
        if not self.call.is_public:
            copy["authorization"] = f"Bearer {self.client.api_key}"
        return copy


@dataclass(frozen=True)
class Answer:
    """A complete response."""

    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def request_id(self) -> str | None:
        """Identifies the log entry of the server."""
        return cast("str | None", self.headers.get("x-request-id"))


@dataclass(frozen=True)
class Done(Generic[T]):
    """An attempt with a result."""

    value: T


@dataclass(frozen=True)
class Failed:
    """An attempt without a result."""

    error: DakeraError
    cause: BaseException | None = None
    is_transient: bool = False
    retry_after: float | None = None

    def wait(self, attempt: int, max_retries: int) -> float | None:
        """The time to wait before the next attempt; None if there should be none."""
        seconds = _backoff(attempt) if self.retry_after is None else self.retry_after
        is_last = attempt > max_retries or not self.is_transient or seconds > MOST_WAIT
        return None if is_last else seconds


def judge(prepared: Prepared[T], answer: Answer) -> Done[T] | Failed:
    """Returns the outcome of a response."""
    call, status = prepared.call, answer.status

    def unusable(problem: str, cause: BaseException | None = None) -> Failed:
        tail = f" (request {answer.request_id})" if answer.request_id else ""
        message = f"{call.operation}: {status} {problem}. Is base_url the address of a Dakera server?{tail}"
        return Failed(ResponseError(message, status=status, request_id=answer.request_id), cause)

    if 300 <= status < 400:
        return unusable("is a redirect, which is not followed because the key would go with it")
    if status >= 400:
        text = without_key(answer.content.decode("utf-8", "replace"), prepared.client.api_key)
        body = _parse(text)
        retry_after = _seconds(answer.headers.get("retry-after"))
        error = api_error(call.operation, status, text[:1000] if body is None else body, answer.request_id, retry_after)
        return Failed(error, None, status in RETRIED, retry_after)
    if status == 204:
        return Done(cast("T", None))
    reply = _parse(answer.content)
    if not is_object(reply) and not is_array(reply):
        return unusable(f"came with {answer.headers.get('content-type', 'a body')} that is no JSON object")
    try:
        return Done(call.decode(reply))
    except (KeyError, TypeError, ValueError, AttributeError) as cause:
        return unusable("came with JSON of another shape than the API has", cause)


def too_large(prepared: Prepared[Any], status: int) -> ResponseError:
    """The error for a response that does not end in time."""
    limit = prepared.client.max_response_bytes
    return ResponseError(f"{prepared.call.operation}: the answer is larger than {limit} bytes.", status=status)


def no_answer(prepared: Prepared[Any], cause: Exception) -> Failed:
    """The outcome of a network failure. Only the innermost reason is kept: httpx's own errors contain the key."""
    operation, host = prepared.call.operation, prepared.url.netloc.decode("ascii")
    if isinstance(cause, (httpx.TimeoutException, builtins.TimeoutError)):
        late = TimeoutError(f"{operation}: no answer from {host} within {prepared.timeout:g} s.")
        return Failed(late, is_transient=True)
    reason: BaseException = cause
    while reason.__cause__ or reason.__context__:
        reason = reason.__cause__ or reason.__context__ or reason
    words = without_key(str(reason) or type(reason).__name__, prepared.client.api_key)
    broken = ConnectionError(f"{operation}: no whole answer from {host} ({words}).")
    return Failed(broken, None if isinstance(reason, httpx.HTTPError) else reason, is_transient=True)


def path(*parts: str) -> str:
    """Builds a path from a beginning, ids and words. Each is escaped; one that could leave the path is rejected."""
    beginning, *rest = parts
    return "/".join([beginning, *map(_segment, rest)])


def _segment(part: str) -> str:
    try:
        if part in ("", ".", ".."):
            raise ValueError
        return quote(part, safe="")
    except (ValueError, TypeError):
        raise UsageError(f"Not a usable id or name: {part!r}.") from None


def given(**fields: object) -> dict[str, object]:
    """The fields that were given."""
    return with_moments({name: value for name, value in fields.items() if value is not None})


def with_moments(fields: Mapping[str, object]) -> dict[str, object]:
    """Moments as the API accepts them: `time.time() - 60` has a fraction, which it accepts in ISO-8601 only."""
    return {name: _exact(value) if name in MOMENTS else value for name, value in fields.items()}


def _exact(moment: object) -> object:
    if not isinstance(moment, float):
        return moment
    try:
        return int(moment) if moment.is_integer() else datetime.fromtimestamp(moment, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return moment  # NaN, or an impossible year: it is rejected later


def apart(
    operation: str, how: Mapping[str, object], known: Collection[str]
) -> tuple[dict[str, object], RequestOptions]:
    """Splits a method's keyword arguments into fields of the request and options of the call."""
    for name in how:
        if name not in known:
            method = inspect.stack(0)[1].frame.f_code
            own = method.co_varnames[1 : method.co_argcount + method.co_kwonlyargcount]
            raise no_such_argument(operation, name, [*known, *own])
    fields = {name: value for name, value in how.items() if name not in RequestOptions.__optional_keys__}
    options = {name: value for name, value in how.items() if name in RequestOptions.__optional_keys__}
    return given(**fields), cast("RequestOptions", options)


def no_such_argument(operation: str, name: str, known: Iterable[str]) -> TypeError:
    """The error for a misspelt argument; it names the method as Python does."""
    method = re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", operation)
    near = difflib.get_close_matches(name, known, n=1)
    return TypeError(
        f"{method} has no argument {name!r}{f'; did you mean {near[0]}' if near else ''}{'?' if near else '.'}"
    )


def without_key(text: str, api_key: str | None) -> str:
    """Removes the key, which a proxy may echo. (A key shorter than any server issues could be a part of any word.)"""
    return text if api_key is None or len(api_key) < 8 else text.replace(api_key, "[key]")


def _as_query(query: Mapping[str, object]) -> dict[str, str]:
    said = given(**query).items()
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in said}


def _as_json(operation: str, body: Mapping[str, object]) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_moment).encode()
    except (TypeError, ValueError, RecursionError) as cause:
        raise UsageError(f"{operation}: the request cannot be written as JSON ({cause}).") from cause


def _moment(value: object) -> str:
    """A datetime without a zone is local time, as everywhere in Python."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _parse(content: bytes | str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _backoff(attempt: int) -> float:
    """Doubles up to the longest wait, minus a jitter: clients that failed together do not retry together."""
    seconds = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt - 1, 10))
    return seconds * (1 - random.random() / 2)  # noqa: S311 - not used for security


def _seconds(retry_after: str | None) -> float | None:
    """Parses Retry-After, which is seconds or a date."""
    if retry_after is None:
        return None
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", retry_after):
        return float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError):
        return None
    return max(0.0, at.timestamp() - datetime.now(timezone.utc).timestamp())
