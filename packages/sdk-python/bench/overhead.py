"""Measures the cost of a client's call over plain httpx: pnpm bench:sdk.

Address and key: DAKERA_URL, DAKERA_API_KEY.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable

import httpx

from dakera import DakeraClient

CALLS = 2000
WARM_UP = 200


def main() -> None:
    """Let both ways take turns, and print how long each took."""
    url, key = os.environ["DAKERA_URL"], os.environ["DAKERA_API_KEY"]
    times: dict[str, list[float]] = {"sdk": [], "raw": []}
    with DakeraClient() as client, httpx.Client() as raw:
        headers = {"authorization": f"Bearer {key}"}
        ways: dict[str, Callable[[], object]] = {
            "sdk": client.whoami,
            "raw": lambda: raw.get(f"{url}/v1/auth/whoami", headers=headers).json(),
        }
        for i in range(-WARM_UP, CALLS):
            for name, call in ways.items():
                started = time.perf_counter()
                call()
                if i >= 0:
                    times[name].append((time.perf_counter() - started) * 1000)
    print(json.dumps({name: summary(values) for name, values in times.items()}))


def summary(values: list[float]) -> dict[str, float]:
    """Median and tails, in milliseconds."""
    ordered = sorted(values)
    return {f"p{share}": ordered[math.ceil(share / 100 * len(ordered)) - 1] for share in (50, 95, 99)}


if __name__ == "__main__":
    main()
