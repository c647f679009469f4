"""Feeds the ledger of a cluster: who is primary does, and nobody else.

A feeder is for one core in one epoch. It goes on from the last command in the database, from the
journal until it has caught up and from the output ring then, with what is committed and nothing
else. Its epoch goes into the database before anything of it, so what a primary still sends that
does not know yet that it is none is refused there (docs/ledger.md).

All of it is in threads of the feeders. The control thread begins and ends them, and waits for none
but at the end of the node.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from journal.errors import JournalError
from ledger.consumer import Ledger
from ledger.errors import LedgerCorrupt, LedgerError, LedgerUnavailable
from ledger.tail import LedgerTail, TailState
from node.core import Core
from node.follower import NOTHING, AheadOfJournal, Follower
from node.observing import LedgerSeen, MemberLike

AT_ONCE = 16_384
"""Events in a transaction: few enough that the threads of clients get their turn in between."""

PAUSE_S = 2.0
"""The longest between two tries to reach PostgreSQL."""

DELAY_S = 0.5
"""Before a new primary begins: clients that look for it come first."""

SLOW_S = 10.0
"""After which an answer of PostgreSQL's is missed."""

DRAIN_S = 5.0
SILENT = "PostgreSQL does not answer, and has not refused either; look at it, or end its session"

Connect = Callable[[int], Ledger]
"""A connection in that epoch; see ledger.consumer.Ledger."""


class CoreFollower:
    """The events of a core for LedgerTail, made by the thread that uses it; see node.follower."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._follower: Follower | None = None

    def restart(self, from_sequence: int) -> None:
        """Raises LedgerCorrupt where the database knows more than the journal: it is another's."""
        self.close()
        try:
            # Opened anew, as what was read halfway may be what went wrong.
            self._follower = Follower(self._core, self._core.journal.directory, from_sequence)
        except AheadOfJournal as error:
            raise LedgerCorrupt(str(error)) from None
        except (JournalError, OSError) as error:
            raise unread(error) from None

    def poll(self, max_events: int) -> npt.NDArray[np.void]:
        """Raises LedgerUnavailable where the journal cannot be read as far back as that."""
        if self._follower is None:
            return NOTHING
        try:
            return self._follower.poll(max_events)
        except (JournalError, OSError) as error:
            raise unread(error) from None

    def close(self) -> None:
        follower, self._follower = self._follower, None
        if follower is not None:
            follower.close()


def unread(error: Exception) -> LedgerError:
    """Worth another try: what is missing in the journal's folder can be put there meanwhile."""
    return LedgerUnavailable(f"what the ledger lacks cannot be read: {error}")


class Feeder:
    """Feeds the ledger from one core, in the epoch that it leads in."""

    def __init__(self, core: Core, connect: Connect) -> None:
        self.core = core
        self.epoch = epoch = core.epoch
        follower = CoreFollower(core)
        self._tail = LedgerTail(
            follower,
            lambda: connect(epoch),
            newest=lambda: core.committed,
            batch_events=AT_ONCE,
            max_pause_s=PAUSE_S,
            ended=follower.close,
            delay_s=DELAY_S,
        )
        self._tail.start()

    def seen(self) -> LedgerSeen:
        tail = self._tail
        # Before the first answer nobody knows how far behind it is.
        known = tail.position > 0 or tail.state == TailState.LIVE
        problem = " ".join(tail.problem.split())
        return LedgerSeen(
            state=str(tail.state),
            epoch=self.epoch,
            position=tail.position,
            lag=tail.lag if known else None,
            rows=tail.rows,
            problem=problem or (SILENT if tail.waits_s > SLOW_S else ""),
        )

    def end(self) -> None:
        """At once, without a wait: another one leads, which writes all that this one lacks."""
        self._tail.interrupt()

    def finish(self) -> None:
        """With what is committed, where PostgreSQL takes it in time."""
        self._tail.stop(timeout=DRAIN_S)
        self._tail.interrupt()


class MemberLedger:
    """Has a feeder for as long as a member leads. told: takes lines about it."""

    def __init__(self, member: MemberLike, connect: Connect, told: Callable[[str], None]) -> None:
        self._member = member
        self._connect = connect
        self._told = told
        self._feeder: Feeder | None = None
        self._failed = LedgerSeen()
        self._again_at = 0.0
        self.changed()

    def changed(self) -> None:
        member, feeder = self._member, self._feeder
        leads = member.role.name == "PRIMARY"
        if feeder is not None:
            if leads and feeder.core is member.core and feeder.epoch == member.core.epoch:
                return
            self._told(f"feeds the ledger no more, in which is command {feeder.seen().position}")
            feeder.end()
            self._feeder = None
        if not leads:
            self._failed = LedgerSeen()
        elif time.monotonic() >= self._again_at:
            self._begin()

    def _begin(self) -> None:
        epoch = self._member.core.epoch
        try:
            self._feeder = Feeder(self._member.core, self._connect)
        except RuntimeError as error:  # no more threads: the node goes on without a ledger
            problem = f"the ledger cannot be fed, tries again: {error}"
            self._failed = LedgerSeen(str(TailState.DOWN), epoch, lag=None, problem=problem)
            self._again_at = time.monotonic() + PAUSE_S
        else:
            self._told(f"feeds the ledger, in epoch {epoch}")

    def seen(self) -> LedgerSeen:
        return self._feeder.seen() if self._feeder is not None else self._failed

    def close(self) -> None:
        feeder, self._feeder = self._feeder, None
        if feeder is not None:
            feeder.finish()
