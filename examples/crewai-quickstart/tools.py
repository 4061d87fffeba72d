"""The memory tools of the agents. Key, namespace, source and importance are fixed when a tool is created.

A model chooses only the words: no argument names a namespace or a source.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crewai.tools import BaseTool
from dakera import AuthorizationError, DakeraClient
from pydantic import PrivateAttr


@dataclass(frozen=True)
class Used:
    """A call of a tool, and its result."""

    agent: str
    tool: str
    outcome: str


@dataclass(frozen=True)
class Access:
    """Access of an agent to one namespace, with its own key."""

    agent: str
    client: DakeraClient
    namespace: str
    log: list[Used]

    def use(self, tool: str, call: Callable[[], str]) -> str:
        """Make the call, and return a rejection of the server to the model."""
        try:
            outcome = call()
        except AuthorizationError as error:
            outcome = f"refused, {error.status} {error.code}"
        self.log.append(Used(self.agent, tool, outcome))
        print(f"{self.agent:<10} | {tool}: {outcome}", flush=True)
        return outcome


class Store(BaseTool):
    """Stores a text. Everything except the words is decided here."""

    _access: Access = PrivateAttr()
    _importance: float = PrivateAttr()
    _tags: Sequence[str] = PrivateAttr()

    def __init__(self, access: Access, name: str, description: str, importance: float, tags: Sequence[str]) -> None:
        super().__init__(name=name, description=description)
        self._access, self._importance, self._tags = access, importance, tags

    def _run(self, content: str) -> str:
        return self._access.use(self.name, lambda: self._store(content))

    def _store(self, content: str) -> str:
        self._access.client.store_memory(
            self._access.namespace,
            content,
            importance=self._importance,
            tags=self._tags,
            metadata={"source": self._access.agent, "type": self._tags[0], "verified": "verified" in self._tags},
        )
        return f"stored [{self._importance:.2f}] {content}"


class Recall(BaseTool):
    """Finds the memories that answer a question best."""

    _access: Access = PrivateAttr()
    _tags: Sequence[str] = PrivateAttr()

    def __init__(self, access: Access, name: str, description: str, tags: Sequence[str] = ()) -> None:
        super().__init__(name=name, description=description)
        self._access, self._tags = access, tags

    def _run(self, query: str) -> str:
        return self._access.use(self.name, lambda: self._recall(query))

    def _recall(self, query: str) -> str:
        found = self._access.client.recall(self._access.namespace, query, top_k=6, tags=self._tags)
        lines = [f"- [{memory.importance:.2f}] {memory.content} ({memory.metadata['source']})" for memory in found]
        return "\n".join([f"found {len(found)}", *lines])
