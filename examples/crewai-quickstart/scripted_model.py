"""A stand-in for a language model, so that the crew works offline and always in the same way."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from crewai.llms.base_llm import BaseLLM
from pydantic import PrivateAttr

Step = tuple[str, str] | str | Callable[[str], tuple[str, str] | str]
"""A tool and its argument; or a final answer; or a function that makes either from the results of the tools."""


class ScriptedModel(BaseLLM):
    """Takes one step of its script per call, in the form CrewAI expects from a model that has no tool calls."""

    _steps: Sequence[Step] = PrivateAttr()

    def __init__(self, *steps: Step) -> None:
        super().__init__(model="scripted")
        self._steps = steps

    def call(self, messages: Any, *_: Any, **__: Any) -> str:
        """Answer. The conversation shows how far the script has come, as with any model."""
        said = [message["content"] for message in messages if message["role"] == "assistant"]
        step = self._steps[len(said)]
        action = step("\n".join(said)) if callable(step) else step
        if isinstance(action, str):
            return f"Thought: That is all.\nFinal Answer: {action}"
        tool, words = action
        argument = "query" if tool.startswith("read_") else "content"
        return f"Thought: Next.\nAction: {tool}\nAction Input: {json.dumps({argument: words})}"

    def get_context_window_size(self) -> int:
        """Large enough for any conversation."""
        return 1_000_000

    def get_input_tokens_count(self, *_: Any, **__: Any) -> int:
        """A script uses no tokens."""
        return 0
