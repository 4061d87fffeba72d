"""The options of a client, which are checked before anything is sent."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypedDict, TypeVar
from urllib.parse import urlsplit

import httpx

from ._errors import UsageError

if sys.version_info >= (3, 11):
    from typing import Unpack as Unpack
else:
    from typing_extensions import Unpack as Unpack


class RequestOptions(TypedDict, total=False):
    """The options of any call."""

    timeout: float | None
    """The time limit of one attempt, in seconds."""
    max_retries: int | None
    """The maximum number of retries of a failed attempt."""
    idempotency_key: str | None
    """Sent with a write, so that a retry is not stored twice. The client generates one by default."""


class Keep(Enum):
    """Means that a field stays unchanged, because None has its own meaning."""

    AS_IT_IS = "as it is"


@dataclass(frozen=True)
class RequestEvent:
    """The argument of a hook before an attempt.

    Headers set here are sent; the key is added later, so that no hook can log it.
    """

    operation: str
    method: str
    url: str
    attempt: int
    headers: httpx.Headers


@dataclass(frozen=True)
class ResponseEvent:
    """The argument of a hook after a response."""

    operation: str
    method: str
    url: str
    attempt: int
    status: int
    request_id: str | None
    duration: float
    """In seconds."""


@dataclass(frozen=True)
class Options:
    """The options of a client, checked and complete."""

    base_url: str
    api_key: str | None = field(repr=False)
    timeout: float
    max_retries: int
    max_response_bytes: int
    headers: Mapping[str, str]
    on_request: Callable[[RequestEvent], None] | None
    on_response: Callable[[ResponseEvent], None] | None


def check_options(
    base_url: str | None,
    api_key: str | None,
    timeout: float,
    max_retries: int,
    max_response_bytes: int,
    headers: Mapping[str, str] | None,
    on_request: Callable[[RequestEvent], None] | None,
    on_response: Callable[[ResponseEvent], None] | None,
) -> Options:
    """Checks the options now, so that a mistake is reported where it was made and not in the first call."""
    return Options(
        base_url=_check_url(
            base_url if base_url is not None else os.environ.get("DAKERA_URL") or "http://localhost:3300"
        ),
        api_key=_check_key(api_key if api_key is not None else os.environ.get("DAKERA_API_KEY") or None),
        timeout=check_number("timeout", timeout, least=0.001),
        max_retries=check_number("max_retries", max_retries, least=0),
        max_response_bytes=check_number("max_response_bytes", max_response_bytes, least=1),
        headers=_check_headers(headers or {}),
        on_request=on_request,
        on_response=on_response,
    )


def _check_url(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        httpx.URL(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or re.search(r"\s", base_url):
            raise ValueError(base_url)
    except (ValueError, TypeError, AttributeError, httpx.InvalidURL):
        raise UsageError(
            "base_url (or DAKERA_URL) is not an http or https URL. It should look like http://localhost:3300."
        ) from None
    if "@" in parts.netloc:
        raise UsageError("base_url must not contain a user name or password. Pass the key as api_key.")
    if "?" in base_url or "#" in base_url:
        raise UsageError('base_url must end with its path, without "?" or "#".')
    return base_url.rstrip("/")


def _check_key(api_key: str | None) -> str | None:
    """Checks the key. The message never repeats it."""
    if api_key == "":
        raise UsageError("api_key is empty. Leave it out to read DAKERA_API_KEY.")
    if api_key is not None and not re.fullmatch(r"[\x21-\x7e]+", api_key):
        raise UsageError(
            "api_key has spaces, line breaks or other characters that no key has. Is there a line break at its end?"
        )
    return api_key


N = TypeVar("N", int, float)


def check_number(name: str, value: N, least: float) -> N:
    """Rejects a limit that is not a number, too small or too large."""
    try:
        if least <= value < 2**40:
            return value
    except TypeError:
        pass
    raise UsageError(f"{name} must be a number of at least {least:g}.")


def _check_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not re.fullmatch(r"[\t\x20-\x7e]*", value):
            raise UsageError(f"The header {name!r} has a name or value that HTTP does not allow.")
    return dict(headers)
