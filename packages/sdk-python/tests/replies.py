"""Replies that several tests play, and how an error is caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from dakera import DakeraError

from .server import Reply, Server

KEY = "dk-test-key"
JSON = {"content-type": "application/json", "x-request-id": "req_1"}
OK: Reply = {"status": 200, "headers": JSON, "body": {"id": "mem_1", "content": "x"}}
Serve: TypeAlias = Callable[..., Server]


def failing(status: int, **headers: str) -> Reply:
    body = {"error": "No.", "code": "INTERNAL_ERROR", "status": status, "request_id": "req_2"}
    return {
        "status": status,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "body": body,
    }


def raised(call: Callable[[], object]) -> DakeraError:
    with pytest.raises(DakeraError) as caught:
        call()
    return caught.value
