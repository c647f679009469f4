"""The mids of all instruments: random walks with small jumps, calmer and wilder by turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flow import tables

STRETCH = 512
"""Arrivals over which the market is either calm or in a burst."""

BURST_SHARE = 11
"""One stretch in so many is a burst."""


def _steps(moves: float, jumps: float) -> tables.Table:
    """Ticks of one step: mostly none, sometimes one, rarely a jump of 5 to 40 ticks."""
    sizes = [(size * sign, jumps / 72) for size in range(5, 41) for sign in (-1, 1)]
    return tables.shares([(0, 1 - moves - jumps), (-1, moves / 2), (1, moves / 2), *sizes])


CALM = _steps(0.004, 0.00002)
BURST = _steps(0.020, 0.0002)


def bursts(rng: np.random.Generator, arrivals: int) -> NDArray[np.bool_]:
    """For each arrival of a block, whether it falls into a burst."""
    stretches = rng.integers(0, BURST_SHARE, size=arrivals // STRETCH) == 0
    return np.repeat(stretches, STRETCH)


class Mids:
    """The current mid of each instrument, in ticks."""

    def __init__(self, start: NDArray[np.int64]) -> None:
        self._mid = start.astype(np.int64)
        self._lowest = np.maximum(start // 4, 2)
        self._highest = start * 4

    def walk(
        self,
        rng: np.random.Generator,
        instrument: NDArray[np.int64],
        burst: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """Moves the mids, one step an arrival, and returns the mid that each arrival sees.

        Args:
            instrument: index of the instrument of each arrival.
            burst: whether the arrival falls into a burst.
        """
        draw = rng.integers(0, tables.DRAWS, size=len(instrument), dtype=np.uint16)
        step = np.where(burst, BURST[draw], CALM[draw])
        by_instrument = np.argsort(instrument.astype(np.uint16), kind="stable")
        walked = np.cumsum(step[by_instrument])
        counts = np.bincount(instrument, minlength=len(self._mid))
        ends = np.cumsum(counts)
        before = np.concatenate([[0], walked])[ends - counts]
        seen = np.empty_like(walked)
        seen[by_instrument] = walked
        seen += (self._mid - before)[instrument]
        total = np.concatenate([[0], walked])[ends] - before
        self._mid = np.clip(self._mid + total, self._lowest, self._highest)
        return np.clip(seen, self._lowest[instrument], self._highest[instrument])
