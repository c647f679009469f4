"""Lookup tables that turn uniform 16-bit draws into the shapes of a market.

One draw of `rng.integers` fills a whole block with uniform numbers; a table lookup gives each its
distribution. That is several times faster than asking NumPy for every distribution, and every
decision stays an integer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DRAWS = 65_536
"""Size of every table: one entry for each 16-bit draw."""

Table = NDArray[np.int64]


def shares(weights: list[tuple[int, float]]) -> Table:
    """A table whose values appear in the given proportions (weights need not sum to one)."""
    values = np.array([value for value, _ in weights], dtype=np.int64)
    cumulative = np.cumsum([weight for _, weight in weights])
    upper = np.round(cumulative / cumulative[-1] * DRAWS).astype(np.int64)
    return np.repeat(values, np.diff(upper, prepend=0))


def zipf(count: int, exponent: float) -> Table:
    """Indices 0 to count-1; index k appears in proportion to 1 / (k + 1) ** exponent."""
    return shares([(k, (k + 1) ** -exponent) for k in range(count)])


def power_law(smallest: int, largest: int, exponent: float) -> Table:
    """Whole numbers whose tail falls as (smallest / x) ** exponent, cut at `largest`."""
    uniform = (np.arange(DRAWS) + 0.5) / DRAWS
    values = np.floor(smallest * uniform ** (-1.0 / exponent) + 1e-9)
    return np.minimum(values, largest).astype(np.int64)


def order_sizes() -> Table:
    """Order sizes in shares: two thirds round lots, mostly one to three; one third odd lots."""
    round_lots = 100 * power_law(1, 20, 1.6)
    odd_lots = np.arange(DRAWS) * 997 % 99 + 1
    return np.where(np.arange(DRAWS) % 3 == 0, odd_lots, round_lots)
