"""The Report agent: writes a page every morning, and a trend of the month at the end."""

from datetime import date

from chart import draw
from team import Agent


def work(agent: Agent) -> str:
    """Recall what the three others published this morning, and report it in that order."""
    day = agent.next_task()
    found = agent.of_today(f"market risk on {day}", day)
    facts = {memory.metadata["type"]: memory.metadata for memory in found}
    basket, flags = facts["analysis_summary"]["basket"], facts["risk_flags"]["flags"]

    agent.note(day, f"Draft for {day}: open with {'the risks' if flags else 'the calm'}, then prices. Too long?")
    agent.publish(
        "daily_report",
        day,
        "\n".join([f"Daily report of {day}", *(f"- {memory.content}" for memory in found)]),
        basket=basket,
        flags=len(flags),
        order=[memory.metadata["type"] for memory in found],
        sources=[memory.id for memory in found],
    )
    return f"{len(found)} sources, {found[0].metadata['type']} first"


def trend(agent: Agent, last: date) -> str:
    """Summarise the daily reports of the month. This time the agent's own reports are wanted."""
    reports = agent.earlier("daily_report", by="report", since=date.min, before=date.max)
    days = [date.fromisoformat(report.metadata["date"]) for report in reports]
    baskets = [float(report.metadata["basket"]) for report in reports]
    flagged = [report.metadata["flags"] > 0 for report in reports]
    worst = min(range(1, len(baskets)), key=lambda i: baskets[i] / baskets[i - 1])
    summary = (
        f"Trend of {len(reports)} reports from {days[0]} to {days[-1]}: the basket went from {baskets[0]:.2f} "
        f"to {baskets[-1]:.2f} ({baskets[-1] / baskets[0] - 1:+.1%}), its worst morning was {days[worst]} "
        f"({baskets[worst] / baskets[worst - 1] - 1:+.1%}), and {sum(flagged)} mornings had risk flags."
    )
    agent.publish("trend_report", last, summary, baskets=baskets, worst=days[worst].isoformat())
    return f"{draw(baskets, flagged)}\n\n{summary}"
