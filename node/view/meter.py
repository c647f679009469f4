"""Rates from positions: what was done in the last second, and in the seconds before."""

from __future__ import annotations

import time
from collections import deque

from node.system import Status, System


class Meter:
    """Looks at a system now and then. rate: commands applied a second, lately.

    rates: one for each look, oldest first, at most `kept` of them.
    """

    WINDOW_S = 1.0

    def __init__(self, system: System, kept: int = 240) -> None:
        self._system = system
        self._began = time.monotonic()
        self._seen: deque[tuple[float, int]] = deque([(self._began, system.core.business.applied)])
        self.rates: deque[float] = deque(maxlen=kept)
        self.rate = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the meter was made."""
        return time.monotonic() - self._began

    def look(self) -> Status:
        """Where everything stands now."""
        status = self._system.status()
        now = time.monotonic()
        last_time, last = self._seen[-1]
        self.rates.append((status.applied - last) / max(now - last_time, 1e-3))
        self._seen.append((now, status.applied))
        while now - self._seen[0][0] > self.WINDOW_S and len(self._seen) > 2:
            self._seen.popleft()
        first_time, first = self._seen[0]
        self.rate = (status.applied - first) / max(now - first_time, 1e-3)
        return status
