"""The Risk agent: the warnings that should be read first."""

from datetime import timedelta
from statistics import pstdev

from team import Agent

FALL, SWING, BELOW = -0.03, 0.015, -0.04


def work(agent: Agent) -> str:
    """Recall the analysis, run the models, publish the flags, also if there are none, so that nobody has to guess."""
    day = agent.next_task()
    (analysis,) = agent.of_today(f"market analysis on {day}", day, by="analysis")
    earlier = agent.earlier("analysis_summary", by="analysis", since=day - timedelta(days=10), before=day)

    change, basket, average = (float(analysis.metadata[name]) for name in ("change", "basket", "average"))
    swing = pstdev([float(memory.metadata["change"]) for memory in earlier] + [change])
    models = {
        f"the basket fell {-change:.1%} in a day": change <= FALL,
        f"it swings {swing:.1%} a day": swing >= SWING,
        f"it stands {1 - basket / average:.1%} below its week": basket / average - 1 <= BELOW,
    }
    flags = [flag for flag, is_raised in models.items() if is_raised]

    agent.note(day, f"Models on {day}: change {change:+.4f}, swing {swing:.4f}, to average {basket / average - 1:+.4f}")
    text = f"{len(flags)} raised: {'; '.join(flags)}" if flags else "none raised"
    agent.publish("risk_flags", day, f"Market risk flags on {day}: {text}.", flags=flags)
    return f"{len(flags)} flags"
