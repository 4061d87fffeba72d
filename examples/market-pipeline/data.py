"""The Data agent: from raw quotes to a clean snapshot."""

from statistics import median

from market import Market
from team import Agent


def work(agent: Agent, market: Market) -> str:
    """Fetch, clean, publish."""
    day = agent.next_task()
    quotes = market.feed(day)
    prices = {symbol: median(q.price for q in quotes if q.symbol == symbol) for symbol in market.prices[day]}
    odd = [quote for quote in quotes if quote.price != prices[quote.symbol]]

    agent.note(
        day,
        f"Raw quotes of {day}: {', '.join(f'{q.exchange} {q.symbol} {q.price:.2f}' for q in quotes)}",
        f"Left out on {day}: {', '.join(f'{q.symbol} of {q.exchange}' for q in odd) or 'nothing'}",
    )
    listed = ", ".join(f"{symbol} {price:.2f}" for symbol, price in prices.items())
    agent.publish("clean_data_snapshot", day, f"Market prices on {day}: {listed}.", prices=prices)
    agent.publish(
        "data_quality", day, f"{len(odd)} of {len(quotes)} quotes left out on {day}.", quotes=len(quotes), odd=len(odd)
    )
    return f"{len(quotes)} quotes, {len(odd)} left out"
