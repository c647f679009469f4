"""When a market is busy: calm most of the time, bursts in between."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WINDOW_S = 0.01
"""The intensity changes at most this often."""

CALM_S, BURST_S = 1.0, 0.1
"""Mean lengths of a calm and of a burst."""

BURST = 5.0
CALM = (1.0 - BURST * BURST_S / (CALM_S + BURST_S)) * (CALM_S + BURST_S) / CALM_S
"""Intensities, so that the mean over a long time is 1."""

_STRETCHES = 64


class Bursts:
    """The intensity of a seeded market over time; how it is asked changes nothing."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 1])
        self._windows: NDArray[np.float64] = np.zeros(0)

    def factor(self, seconds: float) -> float:
        """By how much to multiply the mean rate at a time since the start, in seconds.

        0.6 when the market is calm, 5 in a burst, 1 in the mean. Times may be asked in any order.
        """
        window = int(seconds / WINDOW_S)
        while window >= len(self._windows):
            self._extend()
        return float(self._windows[window])

    def _extend(self) -> None:
        lengths = np.column_stack(
            [
                self._rng.geometric(WINDOW_S / CALM_S, _STRETCHES),
                self._rng.geometric(WINDOW_S / BURST_S, _STRETCHES),
            ]
        )
        levels = np.tile([CALM, BURST], _STRETCHES)
        self._windows = np.concatenate([self._windows, np.repeat(levels, lengths.ravel())])
