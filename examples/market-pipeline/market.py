"""Invented prices: a seeded random walk, and a feed with the faults of real ones."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

MORNINGS = [date(2026, 1, 5) + timedelta(days=n) for n in range(30)]
CRASH = MORNINGS[16]
"""One bad morning, so that there is something to flag."""

_OPENING = {"OAK": 120.0, "PINE": 45.0, "ELM": 80.0, "ASH": 200.0}
_EXCHANGES = ("north", "south", "west")


@dataclass(frozen=True)
class Quote:
    """The price of a share at one exchange."""

    exchange: str
    symbol: str
    price: float


class Market:
    """The same seed gives the same month."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - must be repeatable
        self.prices: dict[date, dict[str, float]] = {}
        now = dict(_OPENING)
        for day in MORNINGS:
            drift, spread = (-0.08, 0.01) if day == CRASH else (0.002, 0.012)
            now = {symbol: round(price * (1 + self._random.gauss(drift, spread)), 2) for symbol, price in now.items()}
            self.prices[day] = now

    def feed(self, day: date) -> list[Quote]:
        """Every exchange's prices of a morning. Now and then a decimal point of one of the three is misplaced."""
        quotes: list[Quote] = []
        for symbol, price in self.prices[day].items():
            faulty = self._random.choice(_EXCHANGES) if self._random.random() < 0.25 else None
            quotes += [Quote(name, symbol, price * 10 if name == faulty else price) for name in _EXCHANGES]
        return quotes
