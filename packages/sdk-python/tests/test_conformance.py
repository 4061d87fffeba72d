"""The cases every client of Dakera passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conformance import CALLS, FOLDER, KINDS, Case, cases, play

ALL = cases()
OTHER_ADDRESSES = {"memories.recallByQuery", "memories.searchByQuery", "memories.patchImportance"}
"""The same calls by another address, which this client has no use for."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", ALL, ids=[f"{case['file']}: {case['name']}" for case in ALL])
def test_case(case: Case, kind: str) -> None:
    play(case, kind)


@pytest.mark.parametrize(
    "case", [case for case in ALL if case["file"] == "requests.json"], ids=lambda case: case["name"]
)
def test_trio(case: Case) -> None:
    play(case, "trio")


def test_every_declared_operation_has_a_call_and_a_case() -> None:
    contract = json.loads((FOLDER.parent / "openapi.json").read_text("utf-8"))
    declared = {operation["operationId"] for path in contract["paths"].values() for operation in path.values()}
    assert set(CALLS) == declared - OTHER_ADDRESSES
    assert {case["operation"] for case in ALL if "result" in case} == set(CALLS)


def test_an_unknown_operation_fails_its_case() -> None:
    case = {"operation": "dreams.read", "call": {}, "requests": [], "replies": []}
    with pytest.raises(AssertionError, match=r"no call for dreams\.read"):
        play(case, "sync")


def test_the_cases_are_read_from_every_file(tmp_path: Path) -> None:
    (tmp_path / "new.json").write_text('[{"name": "a"}]')
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "b.json").write_text("[{}]")
    assert cases(tmp_path) == [{"name": "a", "file": "new.json"}]
