"""Reading the events of an embedded engine: each exactly once, one by one or many at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from lmax.schema import EVENT, EventFlag
from node.follower import Follower

Events = npt.NDArray[np.void]
Row = tuple[Any, ...]
AT_ONCE = 16384
DECODED = 256
NAMES = list(EVENT.names or ())
SEQUENCE, FLAGS = NAMES.index("sequence"), NAMES.index("flags")


class EventReader:
    """Events that nobody has taken yet, in order. Any thread may take; each gets others.

    follower: where they come from; step: called before looking for new ones (the invoker layout).
    """

    def __init__(self, follower: Follower, step: Callable[[], object] | None = None) -> None:
        self._follower = follower
        self._step = step
        self._waiting: deque[Events] = deque()
        self._rows: deque[Row] = deque()  # the first ones that wait, decoded
        self._taken = follower.position
        self._turn = threading.Lock()
        self._closed = False

    @property
    def position(self) -> int:
        """Sequence of the last command that `take` has given whole."""
        return self._taken

    @property
    def seen(self) -> int:
        """Sequence of the last command whose events have come, taken or not."""
        return self._follower.position

    def take(self, most: int = AT_ONCE) -> Events:
        """The next events, at most `most`; an empty array when there are none now."""
        with self._turn:
            self._encode()
            taken = self._first(most)
            if len(taken):
                whole = bool(taken[-1]["flags"] & EventFlag.LAST)
                self._taken = int(taken[-1]["sequence"]) - (not whole)
            return taken

    def take_row(self) -> Row | None:
        """The next event as a tuple in the order of EVENT; None when there is none now."""
        with self._turn:
            if not self._rows:
                self._rows.extend(self._first(DECODED).tolist())
            if not self._rows:
                return None
            row = self._rows.popleft()
            self._taken = row[SEQUENCE] - (not row[FLAGS] & EventFlag.LAST)
            return row

    def _first(self, most: int) -> Events:
        """Up to `most` of the first that wait, or of those that come now."""
        if not self._waiting and not self._fetch():
            return np.empty(0, EVENT)
        first = self._waiting.popleft()
        if len(first) > most:
            self._waiting.appendleft(first[most:])
        return first[:most]

    def _encode(self) -> None:
        """Put decoded rows back as an array, for those who take arrays."""
        if self._rows:
            self._waiting.appendleft(np.array(list(self._rows), EVENT))
            self._rows.clear()

    def take_command(self, sequence: int) -> Events:
        """All events of one command; those before it stay to be taken.

        An empty array while they are not there yet. Raises ValueError when any was taken.
        """
        with self._turn:
            self._encode()
            while self._follower.position < sequence:
                if not self._fetch():
                    return np.empty(0, EVENT)
            found = self._cut_out(sequence)
            if not len(found) or found[0]["index"] != 0:
                raise ValueError(f"the events of command {sequence} were read before")
            return found

    def _fetch(self) -> int:
        if self._closed:  # by another thread, since the caller looked
            return 0
        if self._step is not None:
            self._step()
        events = self._follower.poll(AT_ONCE)
        if len(events):
            self._waiting.append(events)
        return len(events)

    def _cut_out(self, sequence: int) -> Events:
        """Take the events of that command from wherever they wait."""
        for place, events in enumerate(self._waiting):
            if events[-1]["sequence"] < sequence:
                continue
            start, end = np.searchsorted(events["sequence"], [sequence, sequence + 1])
            found = events[start:end]
            if not len(found) or found[0]["index"] != 0:
                break
            del self._waiting[place]
            for part in (events[end:], events[:start]):
                if len(part):
                    self._waiting.insert(place, part)
            return found
        return np.empty(0, EVENT)

    def close(self) -> None:
        """Give up what was not taken."""
        with self._turn:
            self._closed = True
            self._waiting.clear()
            self._rows.clear()
            self._follower.close()
