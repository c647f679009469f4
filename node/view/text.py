"""Numbers as people read them."""

from __future__ import annotations

from collections.abc import Iterable

from lmax.schema import PRICE_SCALE

EIGHTHS = " ▏▎▍▌▋▊▉█"
HEIGHTS = "▁▂▃▄▅▆▇█"


def duration(ns: int) -> str:
    """Nanoseconds as people say them: 850 ns, 110 µs, 3.2 ms, 1.5 s."""
    if ns < 1_000:
        return f"{ns} ns"
    for unit, size in (("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)):
        value = ns / size
        if value < 9.95:
            return f"{value:.1f} {unit}"
        if value < 999.5 or unit == "s":
            break
    return f"{value:.0f} {unit}"


def money(amount: int) -> str:
    """10^-4 of the currency unit as a decimal, without zeros that say nothing beyond cents."""
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    whole, part = divmod(amount, 10**PRICE_SCALE)
    decimals = f"{part:0{PRICE_SCALE}}"
    return f"{sign}{whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def bar(value: float, most: float, width: int) -> str:
    """A bar as long as value is of `most`, in eighths of a character; `width` characters."""
    eighths = round(8 * width * min(value / most, 1.0)) if most > 0 else 0
    whole, part = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[part] if part else "")).ljust(width)


def sparkline(values: Iterable[float], width: int) -> str:
    """The last `width` values as columns, the highest of them full."""
    last = list(values)[-width:]
    most = max(last, default=0)
    if most <= 0:
        return ""
    return "".join(HEIGHTS[round(value / most * (len(HEIGHTS) - 1))] for value in last)
