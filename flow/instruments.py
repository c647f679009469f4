"""The instruments of the generated market: names and prices that look like a stock exchange."""

from __future__ import annotations

from dataclasses import dataclass

TICK = 100
"""One cent, in 10^-4 of the currency unit."""

# First mids in cents.
_KNOWN = [
    ("AAPL", 18_995), ("MSFT", 41_532), ("NVDA", 12_140), ("AMZN", 18_366), ("GOOG", 17_633),
    ("META", 50_125), ("TSLA", 21_210), ("AMD", 15_677), ("INTC", 3_105), ("CSCO", 4_622),
    ("NFLX", 64_048), ("ORCL", 13_990), ("PYPL", 6_241), ("UBER", 7_018), ("KO", 6_302),
    ("PFE", 2_874), ("F", 1_236), ("T", 1_781), ("XOM", 11_359), ("JPM", 19_844),
]  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """An instrument of the generated market; `price` is its first mid in ticks."""

    number: int
    symbol: str
    price: int

    @property
    def max_price(self) -> int:
        """Highest limit price accepted, in ticks: eight times the first mid."""
        return 8 * self.price


def listings(count: int) -> list[Listing]:
    """The first `count` instruments, numbered from 1; beyond the known names, ZAAA, ZAAB, …"""
    extra = [(_letters(k), 1_000 + 7_919 * k % 40_000) for k in range(count - len(_KNOWN))]
    rows = (_KNOWN + extra)[:count]
    return [Listing(k, symbol, price) for k, (symbol, price) in enumerate(rows, start=1)]


def _letters(k: int) -> str:
    digits = []
    for _ in range(4):
        k, digit = divmod(k, 26)
        digits.append(chr(ord("A") + digit))
    return "Z" + "".join(reversed(digits))
