"""A researcher, a writer and a QC of CrewAI share one memory, each with its own key. See README.md."""

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from dakera import AuthorizationError, DakeraClient, DakeraError

from team import ACCESS, Team, open_team

if TYPE_CHECKING:
    from tools import Used

# CrewAI reads these when it is imported: no telemetry, no traces, no check for a newer version.
os.environ.update(CREWAI_DISABLE_TELEMETRY="true", CREWAI_TRACING_ENABLED="false", CREWAI_DISABLE_VERSION_CHECK="true")

Claim = tuple[bool, str]


def main(arguments: list[str] | None = None) -> int:
    """Run the crew and print what it has shown; return 1 if any claim is false."""
    options = _parse(arguments)
    admin = DakeraClient(base_url=options.url, api_key=options.admin_key)
    try:
        with open_team(admin, options.url, options.team, clean=options.clean) as team:
            from crew import TASKS, model_name, run_crew  # takes seconds, so invalid settings are reported before

            print(f"Namespaces: {', '.join(team.names.values())}\nModel: {model_name() or 'a script'}\n")
            for role in ("researcher", "writer"):
                _assign(team, role, TASKS[role])
            answer, log = run_crew(team)
            print(f"\n{answer}\n")
            claims = list(_claims(team, admin, log))
    except DakeraError as error:
        return _explain(error)
    for holds, text in claims:
        print(f"{'ok    ' if holds else 'FAILED'} {text}")
    return 0 if all(holds for holds, _ in claims) else 1


def _assign(team: Team, role: str, task: str) -> None:
    team.clients["orchestrator"].store_memory(
        team.names["coordinator"],
        task,
        importance=0.8,
        tags=["task", f"assigned:{role}", "status:in-progress"],
        metadata={"source": "orchestrator"},
        ttl_seconds=3600,
    )


def _claims(team: Team, admin: DakeraClient, log: "list[Used]") -> Iterator[Claim]:
    held = {place: list(admin.list_memories(name).all()) for place, name in team.names.items()}
    published = held["shared"]
    private = {note.content for note in (*held["researcher"], *held["writer"])} - {m.content for m in published}

    notes = f"{len(held['researcher'])} notes of the researcher and {len(held['writer'])} of the writer are private"
    leaks = [used for used in log if used.tool.startswith("read_") and any(note in used.outcome for note in private)]
    yield bool(private) and not leaks, f"{notes}; none of them came out of any agent's recall."

    strangers = [m for m in published if m.author != f"{_team_name(team)}-{m.metadata['source']}"]
    yield bool(published) and not strangers, f"{len(published)} memories are published; source and author agree."

    findings = [memory.content for memory in published if memory.metadata["source"] == "researcher"]
    met = [text for text in findings if any(used.agent == "writer" and text in used.outcome for used in log)]
    yield bool(met), f"The writer recalled {len(met)} of {len(findings)} findings of the researcher."

    intruders = [m.author for m in held["coordinator"] if m.metadata["source"] != "orchestrator"]
    yield not intruders, "Only the orchestrator has written to the coordinator's namespace."

    tries = list(_forbidden(team))
    allowed = [name for name, call in tries if not _is_refused(call)]
    text = f"{len(tries) - len(allowed)} of {len(tries)} calls that the table forbids were refused with 403"
    yield not allowed, f"{text}{''.join(f'; allowed: {name}' for name in allowed)}."


def _team_name(team: Team) -> str:
    return team.names["shared"].removesuffix("-shared")


def _forbidden(team: Team) -> Iterator[tuple[str, Callable[[], object]]]:
    """Tries every cell of the table that lacks a grant."""
    for role, client in team.clients.items():
        for place, name in team.names.items():
            access = ACCESS[role].get(place)
            if access is None:
                yield f"{role} reads {place}", partial(client.recall, name, "HNSW")
            if access != "read_write":
                yield f"{role} writes to {place}", partial(client.store_memory, name, "To be refused.")


def _is_refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except AuthorizationError:
        return True
    return False


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="With OPENAI_API_KEY set, a model of OpenAI replaces the script."
    )
    parser.add_argument(
        "--url",
        default=os.environ.get("DAKERA_URL") or "http://localhost:3300",
        help="the server (DAKERA_URL; default http://localhost:3300)",
    )
    parser.add_argument(
        "--admin-key",
        default=os.environ.get("DAKERA_ADMIN_KEY") or "dk-admin-key",
        help="an admin's key (DAKERA_ADMIN_KEY; default the one of --demo)",
    )
    parser.add_argument(
        "--team", default=f"crewai-{secrets.token_hex(3)}", help="prefix of the namespaces (default: random)"
    )
    parser.add_argument("--clean", action="store_true", help="remove the namespaces at the end")
    return parser.parse_args(arguments)


def _explain(error: DakeraError) -> int:
    print(error, file=sys.stderr)
    if error.code == "CONNECTION_FAILED":
        print("Is the server running? In another terminal: npm start -- --demo", file=sys.stderr)
    if error.status in (401, 403):
        print("This needs an admin's key in --admin-key.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
