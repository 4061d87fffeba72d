"""Every sample in the documents runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from .snippets import EXAMPLE, PACKAGE, PAGES, ROOT, AnyCallServer, program

URL = os.environ.get("DAKERA_LIVE_URL")
live = pytest.mark.skipif(not URL, reason="DAKERA_LIVE_URL names no server")
HEADINGS = [
    "Install",
    "First calls",
    "Finding",
    "Every call",
    "Options",
    "Errors",
    "Retries and time-outs",
    "Lists",
    "Cancelling",
    "Tracing",
    "From your framework",
]


def run(*arguments: str, url: str = "") -> str:
    env = {**os.environ, "DAKERA_URL": url, "PYTHONWARNINGS": "error"}
    ended = subprocess.run(
        [sys.executable, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


@pytest.mark.parametrize("page", PAGES)
def test_the_samples_run_against_a_server_that_answers_any_call(page: str) -> None:
    server = AnyCallServer()
    try:
        run("-c", program(page, server.url))
    finally:
        server.close()
    assert "/v1/memory/store" in {seen.path for seen in server.seen}


def test_every_page_leads_to_filters_keys_and_the_reference() -> None:
    pages = [*(ROOT / "docs" / "sdks").glob("*.md"), *ROOT.glob("packages/sdk-*/README.md")]
    assert len(pages) == 8
    for page in pages:
        text = page.read_text("utf-8")
        assert not [name for name in ("recall", "keys-and-grants", "reference") if f"/{name}.md)" not in text], page


@live
@pytest.mark.parametrize("page", PAGES)
def test_the_samples_run_against_a_real_server(page: str) -> None:
    printed = run("-c", program(page, str(URL)))
    assert "HNSW answers in 5 ms" in printed
    assert "NAMESPACE_ACCESS_DENIED" in printed


@live
def test_the_example_shares_what_is_verified_and_is_refused_what_is_private() -> None:
    lines = run(str(EXAMPLE), url=str(URL)).splitlines()
    assert lines[0].startswith("Namespaces: ")
    assert re.fullmatch(r"The writer finds \d+ findings:", lines[1])
    assert lines[2].startswith("  [0.8")
    assert lines[-2].startswith("The researcher sees: Article finished")
    assert lines[-1] == "The writer asks for the researcher's notes: 403 NAMESPACE_ACCESS_DENIED"


def test_the_page_has_the_headings_of_every_language() -> None:
    assert re.findall(r"^## (.*)$", PAGES["docs/sdks/python.md"].read_text("utf-8"), re.MULTILINE) == HEADINGS


def test_the_first_sample_of_both_pages_is_the_same() -> None:
    readme, page = (path.read_text("utf-8") for path in PAGES.values())
    first = readme[readme.index("```python") : readme.index("```\n\nOne client")]
    assert first in page


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    names = ("pythonhosted.org", "pypi.org", "npmjs.org", "/" + "root/", "/" + "work/")
    files = [EXAMPLE, *PAGES.values(), *PACKAGE.glob("*.*"), *PACKAGE.glob("src/**/*.py"), *PACKAGE.glob("scripts/*")]
    for path in [*files, *(path for path in PACKAGE.glob("tests/*.py") if path.name != "test_docs.py")]:
        if path.is_file():
            assert not [name for name in names if name in path.read_text("utf-8")], path.relative_to(ROOT)
