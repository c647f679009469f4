"""A history of events in memory, followed like the node's."""

import threading

import numpy as np

from lmax.schema import EventFlag


class MemoryFollower:
    """Hands out whole commands of ``events``, up to ``shown`` of them, from any sequence."""

    def __init__(self, events: np.ndarray) -> None:
        self.events = events
        self.shown = len(events)
        self.restarts: list[int] = []
        self._at = 0
        self._ends = np.flatnonzero(events["flags"] & EventFlag.LAST) + 1
        self._lock = threading.Lock()

    def poll(self, max_events: int) -> np.ndarray:
        with self._lock:
            limit = min(self.shown, self._at + max_events)
            ends = self._ends[(self._ends > self._at) & (self._ends <= limit)]
            begin = self._at
            self._at = int(ends[-1]) if len(ends) else begin
            return self.events[begin : self._at]

    def restart(self, from_sequence: int) -> None:
        with self._lock:
            self.restarts.append(from_sequence)
            self._at = int(np.searchsorted(self.events["sequence"], from_sequence, side="right"))
