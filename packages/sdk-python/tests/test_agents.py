"""The tools of agents, by the scenarios that every language plays: packages/protocol/conformance/tools.

`DAKERA_LIVE_URL` names a server that was started with --demo; without one only what needs no server is tested.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dakera import DakeraClient
from dakera.agents import TOOLS, AgentTool, SharedKeyWarning, agent_tools

from .conformance import FOLDER, fill_in

URL = os.environ.get("DAKERA_LIVE_URL")
AGENTS: dict[str, Any] = json.loads((FOLDER / "tools" / "agents.json").read_text("utf-8"))
SCENARIOS: list[dict[str, Any]] = json.loads((FOLDER / "tools" / "scenarios.json").read_text("utf-8"))

live = pytest.mark.skipif(not URL, reason="DAKERA_LIVE_URL names no server")


def tools_of(name: str, max_retries: int = 0) -> dict[str, AgentTool]:
    agent = AGENTS[name]
    client = DakeraClient(agent.get("url") or URL or "http://127.0.0.1:9", agent["key"], max_retries=max_retries)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SharedKeyWarning)
        return {tool.name: tool for tool in agent_tools(client, **agent["bounds"])}


def neutral(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d", "DAY", re.sub(r"mem_\w+", "ID", text))


@pytest.mark.parametrize("name", AGENTS)
def test_the_tools_of_an_agent_and_which_of_their_arguments_must_be_said(name: str) -> None:
    shown = {
        tool.name: {argument: argument in tool.input_schema["required"] for argument in tool.input_schema["properties"]}
        for tool in tools_of(name).values()
    }
    assert shown == AGENTS[name]["tools"]


@live
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[one["name"] for one in SCENARIOS])
def test_tool_scenario(scenario: dict[str, Any]) -> None:
    kept: dict[str, Any] = {"run": f"run{secrets.token_hex(4)}", "long": "x" * 10_001}
    for template in scenario["steps"]:
        step = fill_in(template, kept)
        if "store" in step:
            with DakeraClient(URL, "dk-coordinator-key") as coordinator:
                coordinator.store_memory("coordinator", **step["store"])
            continue
        answer = tools_of(step["agent"])[step["tool"]].run(step["arguments"])
        if "begins" in step:
            assert neutral(answer.text).startswith(step["begins"])
        else:
            assert neutral(answer.text) == step["text"]
        assert (answer.is_refused, answer.code) == ("code" in step, step.get("code"))
        if "keep" in step:
            kept[step["keep"]] = re.search(r"mem_\w+", answer.text)[0]  # type: ignore[index]


@live
def test_100_calls_from_threads_are_100_answers() -> None:
    tools = [tools_of(name, max_retries=5)["search_memory"] for name in ("researcher", "writer")]
    word = f"word{secrets.token_hex(4)}"
    for name in ("researcher", "writer"):
        tools_of(name)["note"](content=f"{word} of {name}")
    with ThreadPoolExecutor(100) as threads:
        answers = list(threads.map(lambda i: tools[i % 2](query=word), range(100)))
    for i, answer in enumerate(answers):
        assert f"{word} of {('researcher', 'writer')[i % 2]}" in answer
        assert f"{word} of {('writer', 'researcher')[i % 2]}" not in answer


def test_two_agents_with_one_key_are_warned_of_and_the_same_agent_built_again_is_not() -> None:
    def build(note: str) -> None:
        agent_tools(DakeraClient("http://127.0.0.1:9", "dk-shared-by-two"), note=note)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build("one")
        build("one")
    with pytest.warns(SharedKeyWarning, match="same API key") as seen:
        build("two")
    assert "dk-shared" not in str(seen[0].message)
    assert seen[0].filename == __file__


def test_what_a_call_is_given_cannot_make_it_raise() -> None:
    tools = agent_tools(DakeraClient("http://127.0.0.1:9", max_retries=0), read="x")
    for odd in ([], "text", 1, object(), {"query": float("nan")}, {1: 2}, {"query": b"bytes"}, {"query": "\ud800"}):
        assert tools[0].run(odd).is_refused


def test_descriptions_and_names_fit_every_client() -> None:
    for name, tool in TOOLS.items():
        assert re.fullmatch(r"[a-z][a-z_]{0,23}", name)
        assert len(tool["description"]) <= 300
        for schema in tool["properties"].values():
            assert schema["type"] in ("string", "number", "integer", "array")
            assert schema["description"]
            assert not {"$schema", "$ref", "anyOf", "oneOf", "allOf", "additionalProperties", "default"} & set(schema)
