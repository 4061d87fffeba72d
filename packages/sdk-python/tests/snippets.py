"""The programs that the documents show."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from .conformance import FOLDER, cases
from .server import Reply, Seen, Server

PACKAGE = Path(__file__).parents[1]
ROOT = PACKAGE.parents[1]
PAGES = {"README.md": PACKAGE / "README.md", "docs/sdks/python.md": ROOT / "docs" / "sdks" / "python.md"}
EXAMPLE = ROOT / "examples" / "shared-memory" / "main.py"


def program(page: str, url: str) -> str:
    """All samples of a page, one after the other, as their reader would run them."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGES[page].read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return "\n\n".join(blocks).replace("http://localhost:3300", url)


class AnyCallServer(Server):
    """Answers every operation with the reply of its first conformance case, and every list with one page."""

    def __init__(self) -> None:
        super().__init__([])
        contract = json.loads((FOLDER.parent / "openapi.json").read_text("utf-8"))
        replies = {case["operation"]: case["replies"][-1] for case in reversed(cases()) if "result" in case}
        self._routes: list[tuple[str, re.Pattern[str], Any]] = [
            (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), replies.get(operation["operationId"]))
            for path, operations in contract["paths"].items()
            for method, operation in operations.items()
        ]

    def take(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        method = "DELETE" if seen.path == "/v1/memories/forget/batch" else seen.method
        found = [reply for verb, path, reply in self._routes if verb == method and path.fullmatch(seen.path) and reply]
        if not found:
            return {"status": 404, "text": "no such route"}
        body = found[0]["body"]
        last = (
            {name: value for name, value in body.items() if name != "next_cursor"} if isinstance(body, dict) else body
        )
        return {**found[0], "body": last}
