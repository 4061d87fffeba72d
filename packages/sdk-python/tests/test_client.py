"""What the package shows, and that its two clients are one."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
from pathlib import Path
from typing import Any, get_type_hints
from unittest.mock import create_autospec

import pytest

import dakera
from dakera import AsyncDakeraClient, DakeraClient

ROOT = Path(__file__).parents[1]
RESOURCES = ["memories", "namespaces", "keys", "namespace_keys", "sessions", "agents", "health"]
FLAT = {
    "memories": (
        "store_memory store_memories recall search_memories get_memory update_memory set_importance forget "
        "batch_forget list_memories"
    ),
    "namespaces": "create_namespace upsert_namespace list_namespaces get_namespace delete_namespace",
    "keys": "create_key list_keys get_key update_key rotate_key deactivate_key delete_key key_usage whoami",
    "namespace_keys": "create_namespace_key list_namespace_keys delete_namespace_key namespace_key_usage",
    "sessions": "start_session end_session get_session list_sessions session_memories",
    "agents": "list_agents agent_stats agent_memories",
}


def methods(of: Any) -> dict[str, inspect.Signature]:
    return {name: inspect.signature(method) for name, method in inspect.getmembers(of, callable) if name[0] != "_"}


def shape(signature: inspect.Signature) -> list[tuple[str, Any, Any]]:
    return [(one.name, one.kind, one.default) for one in signature.parameters.values()]


def test_the_package_exports_what_it_lists() -> None:
    assert sorted(dakera.__all__) == dakera.__all__
    shown = {name for name, value in vars(dakera).items() if name[0] != "_" and not inspect.ismodule(value)}
    assert shown == set(dakera.__all__) - {"__version__"}


def test_every_flat_name_is_there_and_nothing_else() -> None:
    names = {name for line in FLAT.values() for name in line.split()} | set(RESOURCES) | {"close"}
    for client in (DakeraClient(api_key="k"), AsyncDakeraClient(api_key="k")):
        assert {name for name in dir(client) if name[0] != "_"} == names


def test_both_clients_have_the_same_methods_with_the_same_arguments() -> None:
    one, other = DakeraClient(api_key="k"), AsyncDakeraClient(api_key="k")
    pairs = [(one, other), *((getattr(one, name), getattr(other, name)) for name in RESOURCES)]
    for sync, asynchronous in pairs:
        assert methods(sync).keys() == methods(asynchronous).keys()
        for name, signature in methods(sync).items():
            assert shape(signature) == shape(methods(asynchronous)[name]), name
    assert shape(inspect.signature(DakeraClient)) == shape(inspect.signature(AsyncDakeraClient))


def test_a_flat_name_takes_what_its_resource_takes() -> None:
    client = DakeraClient(api_key="k")
    for resource, line in FLAT.items():
        own = methods(getattr(client, resource))
        flat = [shape(inspect.signature(getattr(client, name))) for name in line.split()]
        assert sorted(map(str, flat)) == sorted(str(shape(signature)) for signature in own.values())


def test_positions_are_those_of_the_product() -> None:
    names = list(inspect.signature(DakeraClient.store_memory).parameters)[1:10]
    assert names == (
        [
            "agent_id",
            "content",
            "memory_type",
            "importance",
            "metadata",
            "session_id",
            "tags",
            "ttl_seconds",
            "expires_at",
        ]
    )
    assert list(inspect.signature(DakeraClient.recall).parameters)[1:4] == ["agent_id", "query", "top_k"]
    assert list(inspect.signature(DakeraClient).parameters)[:2] == ["base_url", "api_key"]


def test_the_client_can_be_mocked_with_its_signatures() -> None:
    mock = create_autospec(DakeraClient, instance=True)
    mock.recall("n", "q", top_k=3)
    with pytest.raises(TypeError):
        mock.recall("n")


def test_everything_public_has_a_sentence() -> None:
    for client in (DakeraClient, AsyncDakeraClient):
        for name, method in inspect.getmembers(client, callable):
            assert name[0] == "_" or method.__doc__, name
    for name in dakera.__all__:
        value = getattr(dakera, name)
        assert not inspect.isclass(value) or value.__doc__, name


def test_hints_can_be_read_at_run_time() -> None:
    """Frameworks that make tools of functions do so."""
    for client in (DakeraClient(api_key="k"), AsyncDakeraClient(api_key="k")):
        for one in [client, *(getattr(client, name) for name in RESOURCES)]:
            for name, method in inspect.getmembers(one, inspect.ismethod):
                assert name[0] == "_" or get_type_hints(method), name


def test_no_file_is_long_unless_it_is_generated() -> None:
    for path in [*ROOT.glob("src/**/*.py"), *ROOT.glob("scripts/*.ts")]:
        text = path.read_text("utf-8")
        assert text.startswith("# @generated") or text.count("\n") <= 300, path
        if path.suffix == ".py":
            ast.parse(text, feature_version=(3, 10))


def test_what_is_printed_is_as_the_contract_says() -> None:
    node = os.environ.get("DAKERA_TEST_NODE", "node")
    subprocess.run([node, ROOT.parent / "codegen" / "src" / "main.ts", "python", "--check"], check=True)
