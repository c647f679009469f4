"""Not more than so many a second."""

from __future__ import annotations

from replicator.common import MS, Clock

BURST = 5 * MS


class Pace:
    """rate: a second. After a rest no more comes at once than in five milliseconds."""

    def __init__(self, rate: int, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._due = 0

    @property
    def open(self) -> bool:
        """Whether something may go now."""
        return self._clock() >= self._due

    def spend(self, count: int) -> None:
        """So many went."""
        begun = max(self._due, self._clock() - BURST)
        self._due = begun + count * 1_000_000_000 // self._rate
