"""The tools of one agent, bound to its client and to fixed namespaces, for any framework."""

from ._arguments import InputSchema
from ._refusals import Answer
from ._table import REFUSALS, TASKS_NAMESPACE, TOOLS
from ._tools import AgentTool, SharedKeyWarning, agent_tools

__all__ = [
    "REFUSALS",
    "TASKS_NAMESPACE",
    "TOOLS",
    "AgentTool",
    "Answer",
    "InputSchema",
    "SharedKeyWarning",
    "agent_tools",
]
