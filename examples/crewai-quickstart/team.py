"""The team: the grants of each role, and a key for each."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from dakera import Access, DakeraClient

PLACES = ("researcher", "writer", "shared", "coordinator")

# An empty cell means no grant. The server rejects everything that is not listed here.
ACCESS: Mapping[str, Mapping[str, Access]] = {
    "researcher": {"researcher": "read_write", "shared": "read_write", "coordinator": "read"},
    "writer": {"writer": "read_write", "shared": "read_write", "coordinator": "read"},
    "qc": {"shared": "read", "coordinator": "read"},
    "orchestrator": {"researcher": "read", "writer": "read", "shared": "read_write", "coordinator": "read_write"},
}


@dataclass(frozen=True)
class Team:
    """The names of the namespaces, and a client with its own key for each role."""

    names: Mapping[str, str]
    clients: Mapping[str, DakeraClient]


def grants_of(role: str, names: Mapping[str, str]) -> dict[str, Access]:
    """The grants of a role, by the names that the namespaces have on the server."""
    return {names[place]: access for place, access in ACCESS[role].items()}


@contextmanager
def open_team(admin: DakeraClient, url: str, name: str, *, clean: bool) -> Iterator[Team]:
    """Create the namespaces and the keys; at the end, delete the keys, and with `clean` the namespaces."""
    names = {place: f"{name}-{place}" for place in PLACES}
    keys: dict[str, tuple[str, str]] = {}
    made: list[str] = []
    try:
        for namespace in names.values():
            if not admin.create_namespace(namespace).created:
                raise SystemExit(f"The namespace {namespace} exists already. Choose another --team.")
            made.append(namespace)
        for role in ACCESS:
            created = admin.create_key(f"{name}-{role}", grants_of(role, names), expires_in_days=1)
            keys[role] = created.id, created.key
        yield Team(names, {role: DakeraClient(base_url=url, api_key=secret) for role, (_, secret) in keys.items()})
    finally:
        for key_id, _ in keys.values():
            admin.delete_key(key_id)
        for namespace in made if clean else []:
            admin.delete_namespace(namespace)
