"""Events of the past, worked out again from the journal.

Events are not stored: they are a function of the commands. Who was left behind by the
output ring, or starts after the others, gets them by replaying the journal in an engine of his own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from journal.keys import Keys
from journal.reader import Reader
from lmax._engine import Engine
from lmax.schema import COMMAND, EVENT

CHUNK = 8192


class History:
    """The events of a journal from any command on, in order.

    It keeps a second copy of the whole state, at the command it has come to.
    """

    def __init__(self, directory: Path, keys: Keys | None = None) -> None:
        self._directory = directory
        self._keys = keys
        self._begin()

    def _begin(self) -> None:
        self.engine = Engine()
        self._reader = Reader(self._directory, keys=self._keys)
        self._waiting = np.empty(0, COMMAND)

    def events_after(self, sequence: int, until: int) -> npt.NDArray[np.void]:
        """The next events of commands after `sequence` and not after `until`, whole commands.

        An empty array when there are none on the disk yet. Give what was returned last as the
        next `sequence`; an earlier one begins again from the start. Raises JournalCorrupt.
        """
        if sequence < self.engine.sequence:
            self.close()
            self._begin()
        while self.engine.sequence < until:
            if not len(self._waiting):
                self._waiting = self._reader.read(until)
                if not len(self._waiting):
                    break
            old = self._take(sequence - self.engine.sequence)
            self.engine.skim(old)
            new = self._take(until - self.engine.sequence)
            if len(new):
                return self.engine.apply(new)
        return np.empty(0, EVENT)

    def _take(self, count: int) -> npt.NDArray[np.void]:
        count = max(0, min(count, CHUNK, len(self._waiting)))
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def close(self) -> None:
        self._reader.close()


def replayed(directory: Path, until: int | None = None, *, keys: Keys | None = None) -> Engine:
    """An engine that has applied the journal, up to command `until` if that is given.

    Raises JournalCorrupt, JournalError.
    """
    engine = Engine()
    with Reader(directory, keys=keys) as reader:
        while len(commands := reader.read()):
            if until is not None:
                commands = commands[: max(0, until - engine.sequence)]
            engine.skim(commands)
            if until is not None and engine.sequence >= until:
                break
    return engine
