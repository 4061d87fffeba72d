# @generated from packages/protocol by packages/codegen; do not edit.
"""The rules of the contract for every call."""

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which an attempt is retried."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 8.0
MOST_WAIT = 60.0
"""In seconds. The wait doubles from the first to the longest; a Retry-After above MOST_WAIT is not waited for."""

KINDS = {
    400: "validation",
    401: "authentication",
    403: "authorization",
    404: "not_found",
    409: "conflict",
    413: "validation",
    422: "validation",
    429: "rate_limit",
}
"""The kind of error for a status."""

MOMENTS = frozenset(
    {
        "expires_at",
        "created_after",
        "created_before",
        "before_timestamp",
        "since",
        "until",
        "valid_from",
    }
)
"""The fields of requests that contain a moment."""
