"""Following the events of a core: from the ring while that keeps up, else from the disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from journal.folder import Folder
from journal.history import CHUNK, History
from lmax._tail import RingTail
from lmax.records import joined
from lmax.schema import COMMAND, EVENT, EventFlag
from node.core import Core

Events = npt.NDArray[np.void]
NOTHING = np.empty(0, EVENT)


class AheadOfJournal(RuntimeError):
    """A consumer has seen commands that this journal does not hold."""


class Follower:
    """All events after some command, each exactly once and in order, whatever the pace.

    It reads the output ring. When it falls behind by the ring's length the logic goes on
    without it; then it works the missed events out from the journal (journal.history) and
    joins the ring again. `live` tells which of the two it does. Use it from one thread.

    after: the command that was seen last; chunk: how many come from the journal at a time. Raises
    AheadOfJournal.
    """

    def __init__(
        self, core: Core, directory: Path | Folder, after: int = 0, *, chunk: int = CHUNK
    ) -> None:
        self._core = core
        self._chunk = chunk
        self._carry: list[Events] = []
        self.restart(after)
        self._history = History(directory, core.journal.keys, chunk)
        self._tail = RingTail(core.output)

    def restart(self, from_sequence: int) -> None:
        """Go on with the command after `from_sequence`. Raises AheadOfJournal."""
        if from_sequence > self._core.synced.value:
            raise AheadOfJournal(
                f"command {from_sequence} was seen before, but the journal in"
                f" {self._core.journal.directory} ends with {self._core.synced.value}:"
                " this is another journal's consumer. Give the folder or the database that"
                " belongs to it, or a new one."
            )
        self.position = from_sequence
        self.live = False
        self._carry = []

    def skip(self) -> bool:
        """Leave out what was applied up to now, and follow the ring; False if not at once."""
        if not (self._tail.attached or self._tail.attach()):
            return False
        self.position, self.live, self._carry = self._core.business.applied, True, []
        return True

    def poll(self, max_events: int = 16384) -> Events:
        """The next events, whole commands, about `max_events` at most; empty when none."""
        return self._from_ring(max_events) if self.live else self._from_history()

    def _from_history(self) -> Events:
        near = self._core.committed - self.position <= self._chunk
        joined = near and (self._tail.attached or self._tail.attach())
        # What was published before we joined the ring is on the disk by now. Once that is seen,
        # the rest is in the ring, or will be: also under a load that never pauses.
        # What a standby lacks yet is on the disk, too, and is nothing that happened.
        until = self._core.committed
        events = self._delivered(self._history.events_after(self.position, until))
        self.live = joined and self.position >= until
        self._carry = []
        return events

    def _from_ring(self, max_events: int) -> Events:
        new = self._tail.read(max_events)
        if new is None:
            self.live = False
            return NOTHING
        events = joined([*self._carry, new]) if self._carry else new
        events = events[events["sequence"] > self.position]
        self._carry = []
        if not len(events):
            return events
        first = events[0]
        if first["sequence"] != self.position + 1 or first["index"] != 0:
            self.live = False
            return NOTHING
        ends = np.flatnonzero(events["flags"] & EventFlag.LAST)
        whole = int(ends[-1]) + 1 if len(ends) else 0
        if whole < len(events):
            self._carry = [events[whole:]]
        return self._delivered(events[:whole])

    def commands(self, events: Events) -> Events | None:
        """The commands whose events `poll` returned last, copied; None if that is too late.

        They are looked up in the input ring, whose slots are soon used again. After None go back
        with `restart`: with events from the journal come their commands.
        """
        if not len(events):
            return np.empty(0, COMMAND)
        first, last = int(events[0]["sequence"]), int(events[-1]["sequence"])
        found = self._history.commands
        if len(found) and found[0]["sequence"] == first and found[-1]["sequence"] == last:
            return found.copy()
        ring = self._core.input
        # Who publishes may be writing behind the cursor; it is a quarter of the ring at most.
        room = ring.capacity - ring.capacity // 4
        if last - first >= room:
            return None
        commands = ring.read(first, last)
        if ring.cursor >= first + room:
            return None
        return commands

    def _delivered(self, events: Events) -> Events:
        if len(events):
            self.position = int(events[-1]["sequence"])
        return events

    def close(self) -> None:
        """Give the place in the ring free."""
        self._tail.close()
        self._history.close()
