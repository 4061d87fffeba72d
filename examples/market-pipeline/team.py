"""The team, the grants of each role, and the operations of an agent with its own key."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dakera import Access, DakeraClient, Memory

AGENTS = ("data", "analysis", "risk", "report")
PLACES = (*AGENTS, "shared", "coordinator")

# An empty cell means no grant. The server rejects everything that is not listed here.
ACCESS: Mapping[str, Mapping[str, Access]] = {
    **{agent: {agent: "read_write", "shared": "read_write", "coordinator": "read"} for agent in AGENTS},
    "orchestrator": {**dict.fromkeys(AGENTS, "read"), "shared": "read_write", "coordinator": "read_write"},
}

IMPORTANCE = {
    "clean_data_snapshot": 0.9,
    "analysis_summary": 0.85,
    "risk_flags": 0.95,  # surfaces first
    "daily_report": 0.9,
    "trend_report": 0.9,
    "weekly_digest": 0.7,
    "data_quality": 0.4,  # of little use after a week: see orchestrator.py
}

SCRATCH_TTL = 7 * 86_400
STATUS_TTL = 3600


@dataclass
class Agent:
    """One agent: its own client with its own key, and the names of the team's namespaces."""

    role: str
    client: DakeraClient
    names: Mapping[str, str]
    authors: Mapping[str, str]
    """The names of the team's keys. The server records them as author of each memory; no caller can set them."""
    seen: list[Memory] = field(default_factory=list)
    """Every memory that this agent has read, for checks.py."""

    def next_task(self) -> date:
        """The morning to work on, according to the coordinator."""
        tags = ["task", f"assigned:{self.role}", "status:pending"]
        (task,) = self._saw(self.client.list_memories(self.names["coordinator"], tags=tags))
        return date.fromisoformat(task.metadata["date"])

    def note(self, day: date, *notes: str) -> None:
        """Keep a private thought, with low importance, for a week."""
        tags, metadata = ["internal-note"], {"date": day.isoformat()}
        self.client.memories.store_batch(
            self.names[self.role],
            [
                {"content": n, "importance": 0.3, "tags": tags, "metadata": metadata, "ttl_seconds": SCRATCH_TTL}
                for n in notes
            ],
        )

    def publish(self, kind: str, day: date, content: str, **facts: Any) -> None:
        """Share a result, with its source, its date and the figures that others need."""
        self.client.store_memory(
            self.names["shared"],
            content,
            memory_type="semantic",
            importance=IMPORTANCE[kind],
            tags=[kind, "status:verified"],
            metadata={"source": self.role, "type": kind, "date": day.isoformat(), "verified": True, **facts},
        )

    def of_today(self, query: str, day: date, *, by: str | None = None) -> list[Memory]:
        """The results of the others of this morning, best first.

        The date excludes yesterday, and `exclude_author` the agent's own results, which are no facts.
        """
        found = self.client.recall(
            self.names["shared"],
            query,
            top_k=10,
            min_importance=0.8,
            tags=["status:verified"],
            filter={"date": day.isoformat()},
            author=self.authors[by] if by else None,
            exclude_author="self",
        )
        return self._saw(found)

    def earlier(self, kind: str, *, by: str, since: date, before: date) -> list[Memory]:
        """The results of one other agent on the mornings before, oldest first."""
        dates = {"$gte": since.isoformat(), "$lt": before.isoformat()}
        listed = self.client.list_memories(
            self.names["shared"], tags=[kind], author=self.authors[by], metadata={"date": dates}
        )
        return self._saw(sorted(listed.all(), key=lambda memory: str(memory.metadata["date"])))

    def _saw(self, memories: list[Any]) -> list[Memory]:
        self.seen += memories
        return list(memories)


@dataclass(frozen=True)
class Team:
    """The team at work."""

    names: Mapping[str, str]
    authors: Mapping[str, str]
    clients: Mapping[str, DakeraClient]
    agents: Mapping[str, Agent]


def grants_of(role: str, names: Mapping[str, str]) -> dict[str, Access]:
    """The grants of a role, by the names that the namespaces have on the server."""
    return {names[place]: access for place, access in ACCESS[role].items()}


@contextmanager
def open_team(admin: DakeraClient, url: str, name: str, *, clean: bool) -> Iterator[Team]:
    """Create the team's namespaces and a key for each; at the end, delete the keys, and with `clean` the namespaces."""
    names = {place: f"{name}-{place}" for place in PLACES}
    authors = {role: f"{name}-{role}" for role in ACCESS}
    keys: dict[str, tuple[str, str]] = {}
    made: list[str] = []
    try:
        for namespace in names.values():
            if not admin.create_namespace(namespace).created:
                raise SystemExit(f"The namespace {namespace} exists already. Choose another --team.")
            made.append(namespace)
        # Of equally good answers the team wants the important one first.
        admin.upsert_namespace(names["shared"], weights={"importance": 1, "recency": 0})
        for role in ACCESS:
            created = admin.create_key(authors[role], grants_of(role, names), expires_in_days=1)
            keys[role] = created.id, created.key
        clients = {role: DakeraClient(base_url=url, api_key=secret) for role, (_, secret) in keys.items()}
        agents = {role: Agent(role, clients[role], names, authors) for role in AGENTS}
        yield Team(names, authors, clients, agents)
    finally:
        for key_id, _ in keys.values():
            admin.delete_key(key_id)
        for namespace in made if clean else []:
            admin.delete_namespace(namespace)
