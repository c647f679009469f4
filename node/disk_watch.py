"""Whether a node's own disk keeps up: what a primary gives its lead away for.

A write to a disk that stalls may hold up the thread that writes, so it is looked at from another
one, the member's. What is measured is time in which somebody looked: a process that was
stopped finds no stall when it goes on.
"""

from __future__ import annotations

from enum import StrEnum

from node.core import Core

COOL_DOWN = 30
"""So many times the limit a node is not given the lead by another one, after its disk was ill."""


class Ill(StrEnum):
    """What is wrong with a disk."""

    NOT = ""
    STALL = "disk-stall"
    FULL = "disk-full"


class Patience:
    """For how long one and the same thing has been waited for. limit: nanoseconds."""

    def __init__(self, limit: int) -> None:
        self._gap = limit // 4
        self._what: object = None
        self._looked = self._waited = 0

    def look(self, what: object, now: int) -> int:
        """Nanoseconds; 0 for what is new, and for nothing (0, False, None).

        Of a long time in which nobody looked only a part counts.
        """
        if not what or what != self._what:
            self._waited = 0
        else:
            self._waited += min(now - self._looked, self._gap)
        self._what, self._looked = what, now
        return self._waited


class DiskWatch:
    """Looks at one node's disk. limit: nanoseconds until it is ill; 0: it never is."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.problem = ""
        self._write, self._room = Patience(limit), Patience(limit)
        self._waited = 0
        self._unfit_until = 0
        self.unfit = False
        """Whether another node had better not hand its lead over to this one."""

    def look(self, core: Core, now: int) -> Ill:
        """What is wrong, once it has been for longer than the limit."""
        if not self.limit:
            return Ill.NOT
        self._waited = self._write.look(core.journaler.outstanding, now)
        full = self._room.look(core.entrance.refuses_orders, now)
        # A second disk that stalls is known to before the first one's patience is over.
        troubled = self._waited > self.limit // 2 or bool(core.journal.problem)
        self.unfit = troubled or now < self._unfit_until
        if self._waited > self.limit:
            self.problem = f"its disk has not answered for more than {self.limit // 1_000_000} ms"
            return Ill.STALL
        if full > self.limit:
            self.problem = "its disk is full, so it takes no orders"
            return Ill.FULL
        self.problem = ""
        return Ill.NOT

    @property
    def waited_ns(self) -> int:
        """How long the oldest write has been under way."""
        return self._waited

    def cool_down(self, now: int) -> None:
        """The lead was given away: it does not come back as soon as the next disk is ill."""
        self._unfit_until = now + COOL_DOWN * self.limit
