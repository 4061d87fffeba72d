"""The Analysis agent: compares the prices of a morning with those of the week before."""

from datetime import timedelta
from statistics import mean

from team import Agent


def work(agent: Agent) -> str:
    """Recall the snapshot, compare, publish a summary."""
    day = agent.next_task()
    (snapshot,) = agent.of_today(f"market prices on {day}", day, by="data")
    week = agent.earlier("clean_data_snapshot", by="data", since=day - timedelta(days=7), before=day)

    prices: dict[str, float] = snapshot.metadata["prices"]
    basket = round(sum(prices.values()), 2)
    baskets = [sum(earlier.metadata["prices"].values()) for earlier in week] or [basket]
    before: dict[str, float] = week[-1].metadata["prices"] if week else prices
    moves = {symbol: price / before[symbol] - 1 for symbol, price in prices.items()}
    change, average = basket / baskets[-1] - 1, mean(baskets)
    mover = max(moves, key=lambda symbol: abs(moves[symbol]))

    agent.note(
        day,
        f"Moves on {day}: {', '.join(f'{symbol} {move:+.2%}' for symbol, move in moves.items())}",
        f"Average basket of {len(baskets)} mornings before {day}: {average:.2f}",
    )
    agent.publish(
        "analysis_summary",
        day,
        f"Market analysis on {day}: the basket stands at {basket:.2f}, {change:+.2%}; {mover} moved most.",
        basket=basket,
        change=change,
        average=average,
        mover=mover,
    )
    return f"basket {basket:.2f} ({change:+.2%})"
