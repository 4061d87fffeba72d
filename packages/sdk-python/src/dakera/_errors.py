"""The errors of this package.

DakeraError                    base of all errors of this package; switch on `code`
├── ApiError                   the server responded with an error: status, request_id, body, docs
│   ├── ValidationError        400 413 422   issues
│   ├── AuthenticationError    401
│   ├── AuthorizationError     403
│   ├── NotFoundError          404
│   ├── ConflictError          409
│   ├── RateLimitError         429           retry_after
│   └── ServerError            5xx           retry_after
├── ConnectionError            no complete response arrived; also a builtin ConnectionError
├── TimeoutError               no response arrived in time; also a builtin TimeoutError
├── ResponseError              the response is not from a Dakera server: HTML, a redirect, invalid JSON
└── UsageError                 the client was configured or called incorrectly; nothing was sent
"""

from __future__ import annotations

import builtins
from typing import Any

from ._result import is_array, is_object
from ._rules import KINDS


class DakeraError(Exception):
    """Base of all errors that this package raises. Switch on `code`."""

    code: str
    """A code of the server, or `CONNECTION_FAILED`, `TIMEOUT`, `INVALID_RESPONSE`, `INVALID_USAGE`;
    `HTTP_<status>` if a proxy responded without a code.
    """
    status: int | None
    """The HTTP status, if there was a response."""
    request_id: str | None
    """Identifies the log entry of the server, if the response had an id."""

    def __init__(
        self, message: str = "", *, code: str = "", status: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.request_id = request_id


class ApiError(DakeraError):
    """The server responded with an error."""

    status: int  # pyright: ignore[reportIncompatibleVariableOverride] - there was an answer
    body: Any = None
    """The decoded reply; its text if it is not JSON."""
    docs: str | None = None
    """The page about this code."""
    resource: str | None = None
    """The namespace or id the error is about."""


class ValidationError(ApiError):
    """The server does not accept the request: 400, 413 or 422."""

    issues: list[dict[str, str]]
    """Each invalid field: its `path` and a `message`."""


class AuthenticationError(ApiError):
    """The key is missing, unknown, inactive or expired: 401."""


class AuthorizationError(ApiError):
    """The key is valid but may not do this: 403."""


class NotFoundError(ApiError):
    """No resource with that id or name is visible to this key: 404."""


class ConflictError(ApiError):
    """The change conflicts with what is stored: 409."""


class RateLimitError(ApiError):
    """Too many requests: 429."""

    retry_after: float | None = None
    """Seconds to wait, if the server sent them."""


class ServerError(ApiError):
    """The server failed: 5xx."""

    retry_after: float | None = None
    """Seconds to wait, if the server sent them."""


class ConnectionError(DakeraError, builtins.ConnectionError):
    """The server could not be reached, or the connection ended before the complete response arrived."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message, code="CONNECTION_FAILED")


class TimeoutError(DakeraError, builtins.TimeoutError):
    """No response arrived within `timeout` seconds."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message, code="TIMEOUT")


class ResponseError(DakeraError):
    """The response is not from a Dakera server. Most often another program listens at `base_url`."""

    def __init__(self, message: str = "", *, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(message, code="INVALID_RESPONSE", status=status, request_id=request_id)


class UsageError(DakeraError):
    """The client was configured or called incorrectly. Nothing was sent."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message, code="INVALID_USAGE")


_CLASSES = {
    "validation": ValidationError,
    "authentication": AuthenticationError,
    "authorization": AuthorizationError,
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "rate_limit": RateLimitError,
}


def api_error(
    operation: str, status: int, body: Any, request_id: str | None = None, retry_after: float | None = None
) -> ApiError:
    """The error for an answer, of the class for its status."""
    said: dict[str, Any] = {}
    if is_object(body) and isinstance(body.get("error"), str) and isinstance(body.get("code"), str):
        said = body
    code = said.get("code") or f"HTTP_{status}"
    request_id = said.get("request_id") or request_id
    reason = said.get("error", "no error body of Dakera came with it")
    tail = f" (request {request_id})" if request_id else ""
    other = ServerError if status >= 500 else ApiError
    cls = _CLASSES[KINDS[status]] if status in KINDS else other
    error = cls(f"{operation}: {status} {code}: {reason}{tail}", code=code, status=status, request_id=request_id)
    error.body = body
    error.docs = said.get("docs")
    error.resource = said.get("resource")
    if isinstance(error, ValidationError):
        issues: object = said.get("issues")
        error.issues = issues if is_array(issues) else []
    if isinstance(error, (RateLimitError, ServerError)):
        error.retry_after = retry_after
    return error
