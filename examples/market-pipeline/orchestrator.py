"""The orchestrator: assigns the work, reports when it is done, and cleans up once a week."""

from datetime import date, timedelta

from dakera import DakeraClient

from team import AGENTS, IMPORTANCE, STATUS_TTL, Team

PRODUCT = dict(zip(AGENTS, ("clean_data_snapshot", "analysis_summary", "risk_flags", "daily_report"), strict=True))
"""The task of each agent every morning."""


class Orchestrator:
    """Writes in the coordinator namespace, which the agents can only read."""

    def __init__(self, team: Team) -> None:
        self._team = team
        self._client: DakeraClient = team.clients["orchestrator"]
        self._shared, self._coordinator = team.names["shared"], team.names["coordinator"]

    def say(self, content: str, *, ttl_seconds: int = STATUS_TTL) -> None:
        """Post a status message, which expires after a day."""
        self._client.store_memory(
            self._coordinator, content, importance=0.7, tags=["status-update"], ttl_seconds=ttl_seconds
        )

    def assign(self, role: str, day: date) -> str:
        """Post a task for an agent."""
        task = self._client.store_memory(
            self._coordinator,
            f"The {role} agent publishes {PRODUCT[role]} of {day}.",
            importance=0.8,
            tags=["task", f"assigned:{role}", "status:pending"],
            metadata={"date": day.isoformat()},
            ttl_seconds=STATUS_TTL,
        )
        return task.id

    def complete(self, task_id: str, role: str, day: date) -> None:
        """Close a task, once its result is published by the agent's own key."""
        published = self._client.list_memories(
            self._shared, tags=[PRODUCT[role]], author=self._team.authors[role], metadata={"date": day.isoformat()}
        )
        if len(published) != 1:
            raise RuntimeError(f"The {role} agent published {len(published)} {PRODUCT[role]} of {day}.")
        self._client.update_memory(task_id, tags=["task", f"assigned:{role}", "status:complete"])

    def compact(self, day: date) -> tuple[int, int] | None:
        """Merge memories of low importance and older than a week into one. Return how many it counted, and forgot."""
        cutoff = (day - timedelta(days=7)).isoformat()
        old = {"date": {"$lt": cutoff}}
        found = list(self._client.list_memories(self._shared, max_importance=0.5, metadata=old).all())
        if not found:
            return None
        # A dry run first: forgetting cannot be undone.
        counted = self._client.batch_forget(self._shared, max_importance=0.5, metadata=old, dry_run=True).deleted_count
        if counted != len(found):
            raise RuntimeError(f"{counted} memories would be forgotten, and {len(found)} were read.")
        # The digest is stored before the forgetting, so that a crash in between loses nothing.
        odd, quotes = (sum(memory.metadata[name] for memory in found) for name in ("odd", "quotes"))
        self._client.store_memory(
            self._shared,
            f"Data quality before {cutoff}, {counted} mornings: {odd} of {quotes} quotes left out.",
            memory_type="semantic",
            importance=IMPORTANCE["weekly_digest"],
            tags=["weekly_digest", "status:verified"],
            metadata={
                "source": "orchestrator",
                "type": "weekly_digest",
                "date": day.isoformat(),
                "mornings": counted,
                "odd": odd,
            },
        )
        forgotten = self._client.batch_forget(self._shared, max_importance=0.5, metadata=old).deleted_count
        return counted, forgotten
