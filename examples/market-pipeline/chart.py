"""A chart for the terminal."""

from collections.abc import Sequence

HEIGHT = 9


def draw(values: Sequence[float], marks: Sequence[bool]) -> str:
    """One column per value, and an exclamation mark under those that are marked."""
    low, high = min(values), max(values)
    step = (high - low) / (HEIGHT - 1) or 1
    heights = [round((value - low) / step) for value in values]
    rows = [
        f"{low + row * step:8.1f} |{''.join(' * ' if height == row else '   ' for height in heights)}".rstrip()
        for row in reversed(range(HEIGHT))
    ]
    risks = "".join(" ! " if mark else "   " for mark in marks)
    return "\n".join([*rows, f"{'':8} +{'-' * 3 * len(values)}", f"{'risk':>8}  {risks}".rstrip()])
