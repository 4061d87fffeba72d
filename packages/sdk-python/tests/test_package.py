"""What is published, installed where nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from .snippets import PAGES, ROOT, AnyCallServer, program

DIST = os.environ.get("DAKERA_TEST_DIST")
"""Folder with the wheel and the sdist, which scripts/test.ts has built."""
UV = os.environ.get("DAKERA_TEST_UV", "uv")

pytestmark = pytest.mark.skipif(not DIST, reason="DAKERA_TEST_DIST names no built package")


def artefact(pattern: str) -> Path:
    (found,) = Path(str(DIST)).glob(pattern)
    return found


def run(*command: str | Path, cwd: Path) -> str:
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    ended = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(params=["dakera-*.whl", "dakera-*.tar.gz"])
def clean(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A Python of its own, with the artefact and what it asks for."""
    run(UV, "venv", "--quiet", "--python", sys.executable, "venv", cwd=tmp_path)
    run(UV, "pip", "install", "--quiet", "--python", "venv", artefact(request.param), cwd=tmp_path)
    return tmp_path


def test_the_artefact_makes_calls_and_is_typed(clean: Path) -> None:
    python = clean / "venv" / "bin" / "python"
    where = run(python, "-c", "import dakera; print(dakera.__file__, dakera.__version__)", cwd=clean)
    assert str(clean) in where
    server = AnyCallServer()
    try:
        program_of_a_user = clean / "user.py"
        program_of_a_user.write_text(program("docs/sdks/python.md", server.url), "utf-8")
        run(python, "-W", "error", program_of_a_user, cwd=clean)
    finally:
        server.close()
    assert server.seen[0].headers["user-agent"] == f"dakera-python/{where.split()[-1]}"
    run(sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "user.py", cwd=clean)
    wrong = clean / "wrong.py"
    wrong.write_text("from dakera import DakeraClient\nDakeraClient().recall('n', 'q', topk=3)[0].contnt\n", "utf-8")
    with pytest.raises(AssertionError, match=r'Unexpected keyword argument "topk"(.|\n)*has no attribute "contnt"'):
        run(sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "wrong.py", cwd=clean)


def test_the_wheel_holds_the_package_with_its_types_and_nothing_else() -> None:
    with zipfile.ZipFile(artefact("dakera-*.whl")) as wheel:
        names = wheel.namelist()
        metadata = wheel.read(next(name for name in names if name.endswith("METADATA"))).decode()
        license_text = wheel.read(next(name for name in names if name.endswith(".dist-info/licenses/LICENSE")))
    assert license_text == (ROOT / "LICENSE").read_bytes()
    assert "dakera/py.typed" in names
    assert all(name.startswith("dakera") for name in names)
    assert "Requires-Python: >=3.10" in metadata
    assert "License-Expression: Apache-2.0" in metadata


def test_the_sdist_holds_what_a_build_needs_and_nothing_else() -> None:
    with tarfile.open(artefact("dakera-*.tar.gz")) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "src/dakera/py.typed"} <= names
    assert not [name for name in names if name.startswith(("tests", "scripts", "package.json"))]


def test_the_readme_of_the_package_is_the_one_that_is_tested() -> None:
    with zipfile.ZipFile(artefact("dakera-*.whl")) as wheel:
        metadata = wheel.read(next(name for name in wheel.namelist() if name.endswith("METADATA"))).decode()
    assert PAGES["README.md"].read_text("utf-8").strip() in metadata
