# @generated from packages/protocol by packages/codegen; do not edit.
"""How each printed operation is written in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _fields(value: dict[str, Any] | None) -> dict[str, Any]:
    """The namespace is called agent_id, as on the wire."""
    return {"agent_id" if name == "namespace" else name: field for name, field in (value or {}).items()}


PRINTED_CALLS: dict[str, Callable[..., Any]] = {
    "namespaces.create": lambda c, a: c.create_namespace(a["name"], **_fields(a.get("settings"))),
    "namespaces.upsert": lambda c, a: c.upsert_namespace(a["name"], **_fields(a.get("settings"))),
    "namespaces.list": lambda c, a: c.list_namespaces(**_fields(a)),
    "namespaces.get": lambda c, a: c.get_namespace(a["name"]),
    "namespaces.delete": lambda c, a: c.delete_namespace(a["name"]),
    "keys.create": lambda c, a: c.create_key(**_fields(a.get("key"))),
    "keys.list": lambda c, a: c.list_keys(**_fields(a)),
    "keys.get": lambda c, a: c.get_key(a["id"]),
    "keys.update": lambda c, a: c.update_key(a["id"], **_fields(a.get("changes"))),
    "keys.rotate": lambda c, a: c.rotate_key(a["id"], **_fields(a.get("how"))),
    "keys.deactivate": lambda c, a: c.deactivate_key(a["id"]),
    "keys.delete": lambda c, a: c.delete_key(a["id"]),
    "keys.usage": lambda c, a: c.key_usage(a["id"]),
    "keys.whoami": lambda c, a: c.whoami(),
    "namespaceKeys.create": lambda c, a: c.create_namespace_key(a["namespace"], **_fields(a.get("key"))),
    "namespaceKeys.list": lambda c, a: c.list_namespace_keys(a["namespace"]),
    "namespaceKeys.delete": lambda c, a: c.delete_namespace_key(a["namespace"], a["id"]),
    "namespaceKeys.usage": lambda c, a: c.namespace_key_usage(a["namespace"], a["id"]),
    "memories.get": lambda c, a: c.get_memory(a["id"], agent_id=a.get("namespace")),
    "sessions.start": lambda c, a: c.start_session(a["namespace"], **_fields(a.get("session"))),
    "sessions.end": lambda c, a: c.end_session(a["id"], agent_id=a.get("namespace"), **_fields(a.get("how"))),
    "sessions.get": lambda c, a: c.get_session(a["id"], agent_id=a.get("namespace")),
    "sessions.list": lambda c, a: c.list_sessions(**_fields(a)),
    "sessions.memories": lambda c, a: c.session_memories(
        a["id"], agent_id=a.get("namespace"), **_fields(a.get("options"))
    ),
    "agents.list": lambda c, a: c.list_agents(),
    "agents.stats": lambda c, a: c.agent_stats(a["namespace"]),
    "agents.memories": lambda c, a: c.agent_memories(a["namespace"], **_fields(a.get("options"))),
}
