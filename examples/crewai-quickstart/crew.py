"""The three agents: their tools, their tasks, and the script that each follows without a model."""

import os
import re

from crewai import LLM, Agent, Crew, Task
from dakera import DakeraClient

from scripted_model import ScriptedModel, Step
from team import Team
from tools import Access, Recall, Store, Used

TASKS = {
    "researcher": "Research how HNSW scales at 10M vectors: keep doubts private, publish what is verified.",
    "writer": "Write an article on HNSW at scale from the verified findings of the team.",
    "qc": "Say whether the article holds to the verified findings.",
}

SCRIPTS: dict[str, list[Step]] = {
    "researcher": [
        ("read_tasks", "tasks assigned to the researcher"),
        ("take_note", "Paper #2 claims 8 ms at 10M vectors, on other hardware. Cross-check before anybody cites it."),
        ("publish_finding", "HNSW answers in 5 ms (P50) at 10M vectors with ef=200 and M=32, as three sources say."),
        ("publish_finding", "An HNSW index takes about 1.2 GB of memory per million vectors of 768 dimensions."),
        ("report_status", "Research is complete."),  # the coordinator's namespace is read-only
        "Two findings are published.",
    ],
    "writer": [
        ("read_tasks", "tasks assigned to the writer"),
        ("read_researcher_notes", "doubts about HNSW latency"),  # not the writer's business
        ("read_findings", "HNSW latency and memory at scale"),
        ("take_note", "Open with the 5 ms, or is that too bold? Ask the researcher."),
        lambda said: ("publish_article", f"HNSW at scale. {' '.join(_findings(said))}"),
        lambda said: f"HNSW at scale. {' '.join(_findings(said))}",
    ],
    "qc": [
        ("read_findings", "HNSW at scale: article and findings"),
        lambda said: _verdict(said),
    ],
}


def run_crew(team: Team) -> tuple[str, list[Used]]:
    """Run the tasks; return the answer of the last agent and every call of a tool."""
    log: list[Used] = []
    agents = {role: _agent(team, role, log) for role in TASKS}
    tasks = [
        # No context: everything that one agent knows of another's work comes from Dakera.
        Task(description=text, expected_output="One paragraph.", agent=agents[role], context=[])
        for role, text in TASKS.items()
    ]
    crew = Crew(agents=list(agents.values()), tasks=tasks, tracing=False)
    return str(crew.kickoff()), log


def model_name() -> str:
    """The name of the model."""
    return (os.environ.get("DAKERA_EXAMPLE_MODEL") or "gpt-4.1-mini") if os.environ.get("OPENAI_API_KEY") else ""


def _agent(team: Team, role: str, log: list[Used]) -> Agent:
    goals = {
        "researcher": "Find out what is true. First read_tasks; take_note of doubts; publish_finding what is verified.",
        "writer": "Write what the team knows. First read_tasks and read_findings; then publish_article.",
        "qc": "Check the published article: read_findings, then say whether every sentence has a finding.",
    }
    return Agent(
        role=role,
        goal=goals[role],
        backstory=f"You are the {role} of a small team that shares only verified findings.",
        tools=_tools(role, team.clients[role], team, log),
        llm=LLM(model=model_name()) if model_name() else ScriptedModel(*SCRIPTS[role]),
    )


def _tools(role: str, client: DakeraClient, team: Team, log: list[Used]) -> list[Store | Recall]:
    """Each tool has the agent's own client and one namespace. Two are wired wrongly: the server rejects them."""

    def on(place: str) -> Access:
        return Access(role, client, team.names[place], log)

    read_tasks = Recall(on("coordinator"), "read_tasks", "What the team is to do.", ["task", f"assigned:{role}"])
    read_findings = Recall(on("shared"), "read_findings", "What the team has verified and published.")
    if role == "researcher":
        return [
            read_tasks,
            Store(on("researcher"), "take_note", "Keep a thought; nobody else reads it.", 0.3, ["internal-note"]),
            Store(on("shared"), "publish_finding", "Publish a verified finding.", 0.85, ["finding", "verified"]),
            Store(on("coordinator"), "report_status", "Tell the coordinator.", 0.7, ["status-update"]),
        ]
    if role == "writer":
        return [
            read_tasks,
            read_findings,
            Recall(on("researcher"), "read_researcher_notes", "The researcher's private notes."),
            Store(on("writer"), "take_note", "Keep a draft; nobody else reads it.", 0.25, ["draft"]),
            Store(on("shared"), "publish_article", "Publish an article.", 0.9, ["article", "status:complete"]),
        ]
    return [read_findings]


def _findings(said: str) -> list[str]:
    """The results of the recalls in the conversation so far."""
    return re.findall(r"^- \[0\.85\] (.+) \(researcher\)$", said, re.MULTILINE)


def _verdict(said: str) -> str:
    article = re.search(r"^- \[0\.90\] HNSW at scale\. (.+) \(writer\)$", said, re.MULTILINE)
    findings = _findings(said)
    left = article[1] if article else "There is no article."
    for finding in findings:
        left = left.replace(finding, "").strip()
    return f"Not verified: {left}" if left else f"Each of the {len(findings)} sentences of the article is verified."
