"""The same promises against a real server. `DAKERA_LIVE_URL` names one that was started with --demo."""

from __future__ import annotations

import os
import secrets
from functools import reduce
from typing import Any

import pytest

from .conformance import FOLDER, KINDS, Case, cases, check_outcome, fill_in, make

URL = os.environ.get("DAKERA_LIVE_URL")
SCENARIOS = cases(FOLDER / "live")
RUN = {kind: secrets.token_hex(6) for kind in KINDS}

pytestmark = pytest.mark.skipif(not URL, reason="DAKERA_LIVE_URL names no server")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[f"{one['file']}: {one['name']}" for one in SCENARIOS])
def test_scenario(scenario: Case, kind: str) -> None:
    kept: dict[str, Any] = {"run": RUN[kind]}
    for i, template in enumerate(scenario["steps"], 1):
        step = fill_in(template, kept)
        options = {"idempotency_key": step["idempotency_key"]} if "idempotency_key" in step else {}
        outcome = make(kind, step, 1, base_url=URL, api_key=step["key"], call_options=options)
        try:
            check_outcome(step, outcome)
        except Exception as error:
            raise AssertionError(f"step {i}, {step['operation']}: {error}") from error
        for name, path in step.get("keep", {}).items():
            kept[name] = reduce(
                lambda part, word: part[int(word) if isinstance(part, list) else word], path.split("."), outcome
            )
